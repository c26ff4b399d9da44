SET LOCAL lock_timeout = '5s';
ALTER TABLE school_review_routes
    DROP CONSTRAINT school_review_routes_workflow_check,
    ADD CONSTRAINT school_review_routes_workflow_check CHECK (workflow IN ('ONLINE_SIGNING', 'ONLINE_TERMINATION',
        'OFFLINE_SIGNING', 'AGREEMENT_REGISTRATION', 'OFFLINE_TERMINATION', 'OTHER_DESTINATION')) NOT VALID;
