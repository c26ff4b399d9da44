-- What has ended cannot be made signed again: the graduate may have signed elsewhere since.
DO $$
BEGIN
    IF EXISTS (SELECT FROM agreements WHERE status = 'TERMINATED') THEN
        RAISE EXCEPTION 'agreements have been terminated: this cannot be undone';
    END IF;
END $$;
-- Other terminations go with their trails.
ALTER TABLE case_events DISABLE TRIGGER case_events_append_only;
DELETE FROM messages WHERE event_id IN (SELECT id FROM case_events WHERE case_kind = 'TERMINATION');
DELETE FROM case_events WHERE case_kind = 'TERMINATION';
DELETE FROM terminations;
ALTER TABLE case_events ENABLE TRIGGER case_events_append_only;
ALTER TABLE case_events
    DROP CONSTRAINT case_events_case_kind_check,
    ADD CONSTRAINT case_events_case_kind_check CHECK (case_kind IN ('AGREEMENT', 'GRADUATE', 'EMPLOYER', 'SCHOOL'));
