-- Codes of six digits that prove that somebody reads the mail or SMS of an address. The code itself is never here: the
-- worker makes it when it sends it, and keeps its argon2id hash.
CREATE TABLE passcodes (
    id uuid PRIMARY KEY,
    purpose text NOT NULL CHECK (purpose IN ('PASSWORD_RESET')),
    -- SHA-256 of what it was asked for: one code for each, so that a new one replaces the old. A row is made whether or not
    -- anybody bears the identifier, so that both cost the same.
    subject_hash bytea NOT NULL CHECK (length(subject_hash) = 32),
    -- Whose it is; nobody's code is never sent.
    account_id uuid REFERENCES accounts,
    channel text NOT NULL CHECK (channel IN ('SMS', 'EMAIL')),
    -- Where it goes, when that is not the account's own address.
    address text,
    code_hash text,
    tries integer NOT NULL DEFAULT 0,
    requested_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    UNIQUE (purpose, subject_hash)
);
CREATE INDEX passcodes_age ON passcodes (expires_at);
CREATE INDEX passcodes_account ON passcodes (account_id) WHERE account_id IS NOT NULL;

-- How often something was asked for in a while, by the SHA-256 of what is counted.
CREATE TABLE request_throttles (
    bucket_hash bytea PRIMARY KEY CHECK (length(bucket_hash) = 32),
    requests integer NOT NULL CHECK (requests > 0),
    counted_since timestamptz NOT NULL,
    last_request_at timestamptz NOT NULL,
    forget_at timestamptz NOT NULL
);
CREATE INDEX request_throttles_age ON request_throttles (forget_at);
