-- By themselves, so that no step waits for a lock that this transaction already holds; validated later. Who waits for a long
-- reader gives up and is run again, rather than have everybody wait behind it.
SET LOCAL lock_timeout = '5s';
-- Files for cases. Who announced one is not referred to by a key: a reference would lock the other table, and an upload is
-- pruned within days.
ALTER TABLE uploads
    -- Its owner: an account, or the agreement whose secret link was used by somebody without one.
    ADD COLUMN account_id uuid,
    ADD COLUMN agreement_id uuid,
    ADD COLUMN file_name text,
    ADD COLUMN state text,
    ADD COLUMN refusal text,
    -- When its owner said that the bytes are there: since then its check is owed.
    ADD COLUMN handed_in_at timestamptz,
    -- When it became a file of a case; once.
    ADD COLUMN attached_at timestamptz,
    -- The clean copy, where no link reaches it. Noted before it is stored, so that what was stored is never forgotten.
    ADD COLUMN clean_key text,
    ADD COLUMN clean_content_type text,
    ADD COLUMN clean_byte_size integer,
    ADD COLUMN clean_sha256 bytea,
    ADD COLUMN thumbnail_key text,
    ADD COLUMN width integer,
    ADD COLUMN height integer,
    ADD COLUMN pages integer,
    DROP CONSTRAINT uploads_purpose_check,
    ADD CONSTRAINT uploads_purpose_check CHECK (purpose IN ('BUSINESS_LICENCE', 'ROSTER', 'CASE_FILE')) NOT VALID,
    ADD CONSTRAINT uploads_owner CHECK (
        num_nonnulls(account_id, agreement_id) = CASE WHEN purpose = 'CASE_FILE' THEN 1 ELSE 0 END) NOT VALID,
    ADD CONSTRAINT uploads_of_case CHECK (
        (purpose = 'CASE_FILE') = (state IS NOT NULL) AND (purpose = 'CASE_FILE') = (file_name IS NOT NULL)) NOT VALID,
    ADD CONSTRAINT uploads_file_name CHECK (
        length(file_name) BETWEEN 1 AND 100 AND file_name !~ '[[:cntrl:]/\\]') NOT VALID,
    ADD CONSTRAINT uploads_state CHECK (state IN ('ANNOUNCED', 'CHECKING', 'READY', 'REFUSED')) NOT VALID,
    ADD CONSTRAINT uploads_refusal CHECK ((refusal IS NOT NULL) = (state IS NOT DISTINCT FROM 'REFUSED')) NOT VALID,
    ADD CONSTRAINT uploads_handed_in CHECK (state NOT IN ('CHECKING', 'READY') OR handed_in_at IS NOT NULL) NOT VALID,
    ADD CONSTRAINT uploads_attached CHECK (attached_at IS NULL OR state IS NOT DISTINCT FROM 'READY') NOT VALID,
    ADD CONSTRAINT uploads_clean CHECK (
        num_nonnulls(clean_key, clean_content_type, clean_byte_size, clean_sha256) IN (0, 4)
        AND (clean_key IS NOT NULL OR num_nonnulls(thumbnail_key, width, height, pages) = 0)
        AND (clean_key IS NULL OR sha256 IS NOT NULL)
        AND (state IS DISTINCT FROM 'READY' OR clean_key IS NOT NULL)) NOT VALID,
    ADD CONSTRAINT uploads_clean_facts CHECK (
        clean_byte_size > 0 AND length(clean_sha256) = 32 AND width > 0 AND height > 0 AND pages > 0) NOT VALID;
