-- Colleagues whom an administrator of an employer has invited by mail and who have not joined yet. The token is never here:
-- the worker makes it when it sends it, and keeps its hash.
CREATE TABLE member_invitations (
    id uuid PRIMARY KEY,
    employer_id uuid NOT NULL REFERENCES employers,
    email text NOT NULL CHECK (email = lower(email)),
    name text NOT NULL,
    role text NOT NULL CHECK (role IN ('ADMINISTRATOR', 'MEMBER')),
    token_hash bytea UNIQUE CHECK (length(token_hash) = 32),
    created_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    UNIQUE (employer_id, email)
);
CREATE INDEX member_invitations_age ON member_invitations (expires_at);
