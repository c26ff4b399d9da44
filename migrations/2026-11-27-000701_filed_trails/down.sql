ALTER TABLE case_events
    DROP CONSTRAINT case_events_check,
    ADD CONSTRAINT case_events_check CHECK ((actor_role = 'WORKER') = (actor_account_id IS NULL)),
    DROP CONSTRAINT case_events_actor_role_check,
    ADD CONSTRAINT case_events_actor_role_check CHECK (actor_role IN
        ('GRADUATE', 'EMPLOYER', 'DEPARTMENT_REVIEWER', 'SCHOOL_REVIEWER', 'OPERATOR', 'WORKER'));
