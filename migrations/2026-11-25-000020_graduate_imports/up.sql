-- Rosters that a school hands in, and what was wrong with their rows.
CREATE TABLE graduate_imports (
    id uuid PRIMARY KEY,
    school_id uuid NOT NULL REFERENCES schools,
    created_by uuid NOT NULL REFERENCES accounts,
    file_name text NOT NULL,
    file_format text NOT NULL CHECK (file_format IN ('XLSX', 'CSV')),
    byte_size integer NOT NULL CHECK (byte_size BETWEEN 1 AND 52428800),
    object_key text NOT NULL UNIQUE,
    -- Of the file as it was first read: a run that goes on after a break goes on with the same file or not at all.
    sha256 bytea CHECK (length(sha256) = 32),
    status text NOT NULL CHECK (status IN ('AWAITING_UPLOAD', 'QUEUED', 'RUNNING', 'DONE', 'FAILED')),
    failure text,
    -- The headings that a failure is about; words of the template, nothing from the rows.
    failure_headings jsonb NOT NULL DEFAULT '[]',
    ignored_headings jsonb NOT NULL DEFAULT '[]',
    rows_total integer,
    rows_done integer NOT NULL DEFAULT 0,
    rows_created integer NOT NULL DEFAULT 0,
    rows_updated integer NOT NULL DEFAULT 0,
    rows_unchanged integer NOT NULL DEFAULT 0,
    rows_failed integer NOT NULL DEFAULT 0,
    created_at timestamptz NOT NULL,
    upload_until timestamptz NOT NULL,
    progressed_at timestamptz NOT NULL,
    finished_at timestamptz,
    CHECK ((status = 'FAILED') = (failure IS NOT NULL)),
    CHECK ((status IN ('DONE', 'FAILED')) = (finished_at IS NOT NULL)),
    CHECK (rows_done = rows_created + rows_updated + rows_unchanged + rows_failed),
    CHECK (rows_total >= rows_done)
);
CREATE INDEX graduate_imports_school ON graduate_imports (school_id, id DESC);
-- A school has one roster worked on at a time: two with the same people would wait for each other's rows.
CREATE UNIQUE INDEX graduate_imports_one_at_work ON graduate_imports (school_id) WHERE status IN ('QUEUED', 'RUNNING');
-- What stuck work is found by.
CREATE INDEX graduate_imports_at_work ON graduate_imports (progressed_at, id) WHERE status IN ('QUEUED', 'RUNNING');

CREATE TABLE graduate_import_problems (
    import_id uuid NOT NULL REFERENCES graduate_imports,
    row_number integer NOT NULL,
    -- The how-manieth of the row, from 1.
    position smallint NOT NULL,
    field text NOT NULL,
    code text NOT NULL,
    other_row integer,
    PRIMARY KEY (import_id, row_number, position)
);
