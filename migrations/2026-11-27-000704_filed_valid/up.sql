ALTER TABLE agreements
    VALIDATE CONSTRAINT agreements_channel_check,
    VALIDATE CONSTRAINT agreements_status_check,
    VALIDATE CONSTRAINT agreements_reviewed,
    VALIDATE CONSTRAINT agreements_number,
    VALIDATE CONSTRAINT agreements_submitted,
    VALIDATE CONSTRAINT agreements_parties,
    VALIDATE CONSTRAINT agreements_private;
ALTER TABLE case_events
    VALIDATE CONSTRAINT case_events_actor_role_check,
    VALIDATE CONSTRAINT case_events_check;
ALTER TABLE school_review_routes VALIDATE CONSTRAINT school_review_routes_workflow_check;
