SET LOCAL lock_timeout = '5s';
ALTER TABLE case_events
    DROP CONSTRAINT case_events_case_kind_check,
    ADD CONSTRAINT case_events_case_kind_check
        CHECK (case_kind IN ('AGREEMENT', 'TERMINATION', 'GRADUATE', 'EMPLOYER', 'SCHOOL')) NOT VALID;
ALTER TABLE school_review_routes
    DROP CONSTRAINT school_review_routes_workflow_check,
    ADD CONSTRAINT school_review_routes_workflow_check CHECK (workflow IN ('ONLINE_SIGNING', 'ONLINE_TERMINATION')) NOT VALID;
