ALTER TABLE case_events
    VALIDATE CONSTRAINT case_events_case_kind_check,
    VALIDATE CONSTRAINT case_events_concerned;
