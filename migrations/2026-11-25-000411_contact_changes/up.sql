ALTER TABLE passcodes
    DROP CONSTRAINT passcodes_purpose_check,
    ADD CONSTRAINT passcodes_purpose_check CHECK (purpose IN ('PASSWORD_RESET', 'CONTACT_CHANGE'));

-- What an account is told at an address that need not be its own any more, for no step on a case. A row is there only until it
-- is sent, and the address with it.
CREATE TABLE account_notices (
    id uuid PRIMARY KEY,
    account_id uuid NOT NULL REFERENCES accounts,
    channel text NOT NULL CHECK (channel IN ('SMS', 'EMAIL')),
    address text NOT NULL,
    template text NOT NULL,
    params jsonb NOT NULL,
    created_at timestamptz NOT NULL
);
CREATE INDEX account_notices_unsent ON account_notices (created_at, id);
