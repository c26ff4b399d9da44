DROP TABLE message_opt_outs;
