SET LOCAL lock_timeout = '5s';
DELETE FROM school_review_routes WHERE workflow = 'OFFLINE_TERMINATION';
ALTER TABLE school_review_routes
    DROP CONSTRAINT school_review_routes_workflow_check,
    ADD CONSTRAINT school_review_routes_workflow_check CHECK (workflow IN ('ONLINE_SIGNING', 'ONLINE_TERMINATION',
        'OFFLINE_SIGNING', 'AGREEMENT_REGISTRATION')) NOT VALID;
