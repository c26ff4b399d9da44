-- Confirmations go with their trails.
ALTER TABLE case_events DISABLE TRIGGER case_events_append_only;
DELETE FROM messages WHERE template = 'LEAVING_OPENED';
DELETE FROM messages WHERE event_id IN (SELECT id FROM case_events WHERE case_kind = 'LEAVING');
DELETE FROM case_events WHERE case_kind = 'LEAVING';
DELETE FROM destination_sheets;
DELETE FROM leaving_confirmations;
ALTER TABLE case_events ENABLE TRIGGER case_events_append_only;
ALTER TABLE case_events
    DROP CONSTRAINT case_events_case_kind_check,
    ADD CONSTRAINT case_events_case_kind_check
        CHECK (case_kind IN ('AGREEMENT', 'TERMINATION', 'DESTINATION', 'GRADUATE', 'EMPLOYER', 'SCHOOL'));
