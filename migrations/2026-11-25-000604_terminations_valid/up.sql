ALTER TABLE agreements
    VALIDATE CONSTRAINT agreements_status_check,
    VALIDATE CONSTRAINT agreements_signed_at,
    VALIDATE CONSTRAINT agreements_submitted;
ALTER TABLE case_events VALIDATE CONSTRAINT case_events_case_kind_check;
ALTER TABLE school_review_routes VALIDATE CONSTRAINT school_review_routes_workflow_check;
