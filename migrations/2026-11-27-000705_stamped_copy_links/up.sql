-- The reference to agreements waits for long writers: whoever waits too long gives up and is run again.
SET LOCAL lock_timeout = '5s';
-- 用人单位协助回传: the links by which an employer's contact hands the stamped copy in, the newest for each channel. The token is
-- never here: the worker makes it when it sends it, and keeps its hash.
CREATE TABLE stamped_copy_links (
    id uuid PRIMARY KEY,
    agreement_id uuid NOT NULL REFERENCES agreements,
    channel text NOT NULL CHECK (channel IN ('SMS', 'EMAIL')),
    token_hash bytea UNIQUE CHECK (length(token_hash) = 32),
    delivery text NOT NULL CHECK (delivery IN ('PENDING', 'SENT', 'FAILED')),
    created_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    UNIQUE (agreement_id, channel)
);
CREATE INDEX stamped_copy_links_age ON stamped_copy_links (expires_at);
-- Links that are owed, for stuck work.
CREATE INDEX stamped_copy_links_unsent ON stamped_copy_links (created_at, id) WHERE delivery <> 'SENT';
