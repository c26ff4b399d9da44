DROP TABLE field_changes;
