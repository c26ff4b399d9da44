-- The reference to accounts waits for long writers: whoever waits too long gives up and is run again.
SET LOCAL lock_timeout = '5s';
-- 导出日志: who asked for an export and who was given a link to one, when and of what. It outlives the exports, so it refers to none;
-- nothing changes or deletes a row.
CREATE TABLE record_export_log (
    id uuid PRIMARY KEY,
    export_id uuid NOT NULL,
    number text NOT NULL,
    action text NOT NULL CHECK (action IN ('REQUESTED', 'LINK_GIVEN')),
    occurred_at timestamptz NOT NULL,
    account_id uuid NOT NULL REFERENCES accounts,
    -- His name at that time.
    account_name text NOT NULL,
    school_id uuid NOT NULL,
    department_id uuid,
    subject text NOT NULL CHECK (subject IN ('GRADUATES', 'CASES')),
    file_format text NOT NULL CHECK (file_format IN ('XLSX', 'CSV')),
    class_year smallint NOT NULL,
    personal_data boolean NOT NULL,
    -- How many rows the file has; none before it is made.
    row_count integer CHECK (row_count >= 0),
    CONSTRAINT record_export_log_rows CHECK ((action = 'LINK_GIVEN') = (row_count IS NOT NULL))
);
CREATE INDEX record_export_log_school ON record_export_log (school_id, id DESC);

CREATE FUNCTION refuse_change_of_record_export_log() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'record_export_log is append-only';
END
$$;
CREATE TRIGGER record_export_log_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON record_export_log
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change_of_record_export_log();
