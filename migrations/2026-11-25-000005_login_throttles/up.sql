-- Attempts to log in since the last one that succeeded. A row is there only while somebody fails, and goes a day after
-- the last attempt.
CREATE TABLE login_throttles (
    -- SHA-256 of the identifier as it was given, whether or not anybody bears it. Not of the account: then one identifier
    -- that is locked would tell which others are the same person's.
    identifier_hash bytea PRIMARY KEY CHECK (length(identifier_hash) = 32),
    attempts integer NOT NULL CHECK (attempts > 0),
    last_attempt_at timestamptz NOT NULL,
    locked_until timestamptz NOT NULL
);
CREATE INDEX login_throttles_age ON login_throttles (last_attempt_at);
