ALTER TABLE passcodes
    DROP CONSTRAINT passcodes_purpose_check,
    ADD CONSTRAINT passcodes_purpose_check CHECK (purpose IN ('PASSWORD_RESET', 'CONTACT_CHANGE', 'REGISTRATION'));

-- Files that somebody may put into the object store by a signed link, under uploads/<id>. The id is random: whoever knows it
-- may use the file. It counts only once a mutation has read it, and is stored elsewhere then.
CREATE TABLE uploads (
    id uuid PRIMARY KEY,
    purpose text NOT NULL CHECK (purpose IN ('BUSINESS_LICENCE')),
    content_type text NOT NULL,
    byte_size integer NOT NULL CHECK (byte_size > 0),
    created_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL
);
CREATE INDEX uploads_age ON uploads (expires_at);

-- 营业执照: each that was handed in, the newest one counts.
CREATE TABLE employer_licences (
    id uuid PRIMARY KEY,
    employer_id uuid NOT NULL REFERENCES employers,
    object_key text NOT NULL UNIQUE,
    content_type text NOT NULL,
    byte_size integer NOT NULL CHECK (byte_size > 0),
    sha256 bytea NOT NULL CHECK (length(sha256) = 32),
    stored_at timestamptz NOT NULL
);
CREATE INDEX employer_licences_employer ON employer_licences (employer_id, id DESC);

-- The caller's keys of registrations: nobody has an account before it.
CREATE TABLE registration_keys (
    key_hash bytea PRIMARY KEY CHECK (length(key_hash) = 32),
    request_hash bytea NOT NULL CHECK (length(request_hash) = 32),
    employer_id uuid NOT NULL REFERENCES employers,
    created_at timestamptz NOT NULL
);

-- Since when an employer waits to be verified.
ALTER TABLE employers ADD COLUMN submitted_at timestamptz NOT NULL DEFAULT now();

ALTER TABLE employer_members
    ADD COLUMN role text NOT NULL DEFAULT 'MEMBER' CHECK (role IN ('ADMINISTRATOR', 'MEMBER')),
    -- As he gave it, for the operator who verifies: not proved, and nothing to log in with.
    ADD COLUMN contact_mobile text;
-- The first member of each employer.
UPDATE employer_members SET role = 'ADMINISTRATOR' WHERE account_id IN (
    SELECT DISTINCT ON (employer_id) account_id FROM employer_members JOIN accounts ON accounts.id = account_id
    ORDER BY employer_id, accounts.created_at, account_id);
