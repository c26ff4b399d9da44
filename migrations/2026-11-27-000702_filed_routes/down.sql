DELETE FROM school_review_routes WHERE workflow NOT IN ('ONLINE_SIGNING', 'ONLINE_TERMINATION');
ALTER TABLE school_review_routes
    DROP CONSTRAINT school_review_routes_workflow_check,
    ADD CONSTRAINT school_review_routes_workflow_check CHECK (workflow IN ('ONLINE_SIGNING', 'ONLINE_TERMINATION'));
