-- The reference to accounts waits for long writers: whoever waits too long gives up and is run again.
SET LOCAL lock_timeout = '5s';
-- 消息偏好: which kinds of messages a person does not want through which channel. What is not here is sent; the inbox has everything.
CREATE TABLE message_opt_outs (
    account_id uuid NOT NULL REFERENCES accounts,
    message_group text NOT NULL,
    channel text NOT NULL CHECK (channel IN ('EMAIL', 'WECHAT')),
    created_at timestamptz NOT NULL,
    PRIMARY KEY (account_id, message_group, channel)
);
