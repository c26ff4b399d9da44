DELETE FROM school_review_routes WHERE workflow = 'OTHER_DESTINATION';
ALTER TABLE school_review_routes
    DROP CONSTRAINT school_review_routes_workflow_check,
    ADD CONSTRAINT school_review_routes_workflow_check CHECK (workflow IN ('ONLINE_SIGNING', 'ONLINE_TERMINATION',
        'OFFLINE_SIGNING', 'AGREEMENT_REGISTRATION', 'OFFLINE_TERMINATION'));
