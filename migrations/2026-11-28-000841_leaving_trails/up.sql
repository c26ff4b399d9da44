SET LOCAL lock_timeout = '5s';
ALTER TABLE case_events
    DROP CONSTRAINT case_events_case_kind_check,
    ADD CONSTRAINT case_events_case_kind_check
        CHECK (case_kind IN ('AGREEMENT', 'TERMINATION', 'DESTINATION', 'LEAVING', 'GRADUATE', 'EMPLOYER', 'SCHOOL')) NOT VALID;
