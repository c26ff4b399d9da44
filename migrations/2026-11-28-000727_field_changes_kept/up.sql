-- What was changed stays on record, as the events that name it do.
SET LOCAL lock_timeout = '5s';
CREATE FUNCTION refuse_change_of_field_changes() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'field_changes is append-only';
END
$$;
CREATE TRIGGER field_changes_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON field_changes
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change_of_field_changes();
