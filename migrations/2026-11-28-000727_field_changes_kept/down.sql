SET LOCAL lock_timeout = '5s';
DROP TRIGGER field_changes_append_only ON field_changes;
DROP FUNCTION refuse_change_of_field_changes();
