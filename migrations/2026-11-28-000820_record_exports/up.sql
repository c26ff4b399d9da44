-- The reference to accounts waits for long writers: whoever waits too long gives up and is run again.
SET LOCAL lock_timeout = '5s';
-- 导出: graduates or cases of a school as a table, made by a job and kept for some days. School and department are not referred to by
-- keys, which would lock further tables: neither is ever deleted.
CREATE TABLE record_exports (
    id uuid PRIMARY KEY,
    -- 导出编号, as it stands in the file.
    number text NOT NULL UNIQUE,
    school_id uuid NOT NULL,
    -- Whose records alone are in it; none for those of the whole school.
    department_id uuid,
    created_by uuid NOT NULL REFERENCES accounts,
    subject text NOT NULL CHECK (subject IN ('GRADUATES', 'CASES')),
    file_format text NOT NULL CHECK (file_format IN ('XLSX', 'CSV')),
    class_year smallint NOT NULL CHECK (class_year BETWEEN 2000 AND 2100),
    -- Whether ID-card numbers, mobiles and e-mail addresses stand in it unmasked.
    personal_data boolean NOT NULL,
    status text NOT NULL CHECK (status IN ('QUEUED', 'RUNNING', 'READY', 'FAILED')),
    failure text,
    -- How often a worker has begun: each run stores under a key of its own, and only the last one counts.
    run integer NOT NULL DEFAULT 0 CHECK (run >= 0),
    rows_total integer,
    rows_done integer NOT NULL DEFAULT 0,
    byte_size bigint CHECK (byte_size > 0),
    sha256 bytea CHECK (length(sha256) = 32),
    created_at timestamptz NOT NULL,
    progressed_at timestamptz NOT NULL,
    finished_at timestamptz,
    -- From when on nobody is given it any more; soon after it is deleted.
    expires_at timestamptz,
    CONSTRAINT record_exports_failed CHECK ((status = 'FAILED') = (failure IS NOT NULL)),
    CONSTRAINT record_exports_finished CHECK (
        (status IN ('READY', 'FAILED')) = (finished_at IS NOT NULL) AND (finished_at IS NULL) = (expires_at IS NULL)),
    CONSTRAINT record_exports_stored CHECK (
        (status = 'READY') = (byte_size IS NOT NULL) AND (byte_size IS NULL) = (sha256 IS NULL)),
    CONSTRAINT record_exports_rows CHECK (rows_done >= 0 AND rows_total >= rows_done)
);
CREATE INDEX record_exports_creator ON record_exports (created_by, id DESC);
-- What stuck work is found by.
CREATE INDEX record_exports_at_work ON record_exports (progressed_at, id) WHERE status IN ('QUEUED', 'RUNNING');
-- What is swept.
CREATE INDEX record_exports_expiry ON record_exports (expires_at, id) WHERE expires_at IS NOT NULL;
