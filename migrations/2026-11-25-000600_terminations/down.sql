-- Terminations go, and what they ended has been signed again.
ALTER TABLE case_events DISABLE TRIGGER case_events_append_only;
DELETE FROM messages WHERE event_id IN (SELECT id FROM case_events WHERE case_kind = 'TERMINATION');
DELETE FROM case_events WHERE case_kind = 'TERMINATION';
ALTER TABLE case_events ENABLE TRIGGER case_events_append_only;
ALTER TABLE case_events
    DROP CONSTRAINT case_events_case_kind_check,
    ADD CONSTRAINT case_events_case_kind_check CHECK (case_kind IN ('AGREEMENT', 'GRADUATE', 'EMPLOYER', 'SCHOOL'));
DELETE FROM school_review_routes WHERE workflow = 'ONLINE_TERMINATION';
ALTER TABLE school_review_routes
    DROP CONSTRAINT school_review_routes_workflow_check,
    ADD CONSTRAINT school_review_routes_workflow_check CHECK (workflow IN ('ONLINE_SIGNING'));
UPDATE agreements SET status = 'SIGNED' WHERE status = 'TERMINATED';
ALTER TABLE agreements
    DROP CONSTRAINT agreements_status_check,
    ADD CONSTRAINT agreements_status_check CHECK (status IN
        ('INVITED', 'CANCELLED', 'DECLINED', 'EXPIRED', 'SIGNING_REVIEW', 'SIGNED', 'SIGNING_REJECTED')),
    DROP CONSTRAINT agreements_signed_at,
    ADD CONSTRAINT agreements_check2 CHECK ((status = 'SIGNED') = (signed_at IS NOT NULL));
DROP TABLE terminations;
