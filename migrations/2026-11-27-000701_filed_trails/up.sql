-- The employer's contact who hands in the stamped copy has no account.
SET LOCAL lock_timeout = '5s';
ALTER TABLE case_events
    DROP CONSTRAINT case_events_actor_role_check,
    ADD CONSTRAINT case_events_actor_role_check CHECK (actor_role IN ('GRADUATE', 'EMPLOYER', 'DEPARTMENT_REVIEWER',
        'SCHOOL_REVIEWER', 'OPERATOR', 'EMPLOYER_CONTACT', 'WORKER')) NOT VALID,
    DROP CONSTRAINT case_events_check,
    ADD CONSTRAINT case_events_check CHECK (
        (actor_role IN ('WORKER', 'EMPLOYER_CONTACT')) = (actor_account_id IS NULL)) NOT VALID;
