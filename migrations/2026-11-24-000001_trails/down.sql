-- The trails of graduates and employers go; those of agreements stay as they are.
ALTER TABLE employers DROP COLUMN version, DROP COLUMN event_count, DROP COLUMN event_hash;
ALTER TABLE graduates DROP COLUMN event_count, DROP COLUMN event_hash;

DROP INDEX case_events_operators;
ALTER TABLE case_events DISABLE TRIGGER case_events_append_only;
DELETE FROM messages WHERE event_id IN (SELECT id FROM case_events WHERE case_kind <> 'AGREEMENT');
DELETE FROM case_events WHERE case_kind <> 'AGREEMENT';
ALTER TABLE case_events ENABLE TRIGGER case_events_append_only;
ALTER TABLE case_events
    DROP CONSTRAINT case_events_concerned,
    DROP CONSTRAINT case_events_case_kind_check,
    ADD CONSTRAINT case_events_case_kind_check CHECK (case_kind IN ('AGREEMENT')),
    DROP CONSTRAINT case_events_actor_role_check,
    ADD CONSTRAINT case_events_actor_role_check CHECK (actor_role IN
        ('GRADUATE', 'EMPLOYER', 'DEPARTMENT_REVIEWER', 'SCHOOL_REVIEWER', 'WORKER')),
    ALTER COLUMN graduate_id SET NOT NULL,
    ALTER COLUMN school_id SET NOT NULL,
    ALTER COLUMN department_id SET NOT NULL;
