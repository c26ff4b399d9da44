-- Apart from the trails: a step reads the routes first and writes its event afterwards.
SET LOCAL lock_timeout = '5s';
ALTER TABLE school_review_routes
    DROP CONSTRAINT school_review_routes_workflow_check,
    ADD CONSTRAINT school_review_routes_workflow_check CHECK (workflow IN ('ONLINE_SIGNING', 'ONLINE_TERMINATION')) NOT VALID;
