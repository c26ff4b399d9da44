-- The trails of schools go.
ALTER TABLE case_events DISABLE TRIGGER case_events_append_only;
DELETE FROM messages WHERE event_id IN (SELECT id FROM case_events WHERE case_kind = 'SCHOOL');
DELETE FROM case_events WHERE case_kind = 'SCHOOL';
ALTER TABLE case_events ENABLE TRIGGER case_events_append_only;
ALTER TABLE case_events
    DROP CONSTRAINT case_events_concerned,
    ADD CONSTRAINT case_events_concerned CHECK (CASE case_kind
        WHEN 'EMPLOYER' THEN num_nulls(graduate_id, school_id, department_id) = 3 AND employer_id IS NOT NULL
        ELSE num_nulls(graduate_id, school_id, department_id) = 0
    END),
    DROP CONSTRAINT case_events_case_kind_check,
    ADD CONSTRAINT case_events_case_kind_check CHECK (case_kind IN ('AGREEMENT', 'GRADUATE', 'EMPLOYER'));

ALTER TABLE schools DROP COLUMN version, DROP COLUMN event_count, DROP COLUMN event_hash;
