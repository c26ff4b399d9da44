ALTER TABLE terminations
    VALIDATE CONSTRAINT terminations_status_check,
    VALIDATE CONSTRAINT terminations_answered,
    VALIDATE CONSTRAINT terminations_submitted,
    VALIDATE CONSTRAINT terminations_reasons;
ALTER TABLE school_review_routes VALIDATE CONSTRAINT school_review_routes_workflow_check;
