-- Who waits for a long writer gives up and is run again, rather than have everybody wait behind it.
SET LOCAL lock_timeout = '5s';
-- What was handed in with a case. Kept with their hashes for three years at least, so that nothing changes or deletes a row: a
-- file that is kept in a later submission is written again under its number.
CREATE TABLE case_files (
    id uuid PRIMARY KEY,
    case_kind text NOT NULL CHECK (case_kind IN ('AGREEMENT', 'TERMINATION', 'DESTINATION')),
    case_id uuid NOT NULL,
    -- The number of the case's event with which it was handed in.
    sequence integer NOT NULL CHECK (sequence > 0),
    position smallint NOT NULL CHECK (position >= 0),
    file_name text NOT NULL CHECK (length(file_name) BETWEEN 1 AND 100),
    content_type text NOT NULL,
    byte_size integer NOT NULL CHECK (byte_size > 0),
    -- Of the clean copy, which is what is shown, and of what somebody handed in.
    sha256 bytea NOT NULL CHECK (length(sha256) = 32),
    original_sha256 bytea NOT NULL CHECK (length(original_sha256) = 32),
    object_key text NOT NULL,
    thumbnail_key text,
    width integer CHECK (width > 0),
    height integer CHECK (height > 0),
    pages integer CHECK (pages > 0),
    -- None for whoever handed it in through a secret link.
    uploaded_by uuid REFERENCES accounts,
    created_at timestamptz NOT NULL,
    UNIQUE (case_id, sequence, position)
);
-- For the warning that one proof is used by several people.
CREATE INDEX case_files_original ON case_files (original_sha256);

CREATE FUNCTION refuse_change_of_case_files() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'case_files is append-only';
END
$$;
CREATE TRIGGER case_files_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON case_files
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change_of_case_files();
