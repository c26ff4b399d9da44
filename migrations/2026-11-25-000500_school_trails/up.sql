-- A school has a trail like that of an employer: who opened it, and who changed what of its data, its review routes, its
-- departments and its reviewers' accounts.
ALTER TABLE schools
    ADD COLUMN version integer NOT NULL DEFAULT 1,
    ADD COLUMN event_count integer NOT NULL DEFAULT 0,
    ADD COLUMN event_hash bytea NOT NULL DEFAULT decode(repeat('00', 32), 'hex') CHECK (length(event_hash) = 32);

-- Validated by the next migration, without a lock that steps wait for.
ALTER TABLE case_events
    DROP CONSTRAINT case_events_case_kind_check,
    ADD CONSTRAINT case_events_case_kind_check
        CHECK (case_kind IN ('AGREEMENT', 'GRADUATE', 'EMPLOYER', 'SCHOOL')) NOT VALID,
    DROP CONSTRAINT case_events_concerned,
    ADD CONSTRAINT case_events_concerned CHECK (CASE case_kind
        WHEN 'EMPLOYER' THEN num_nulls(graduate_id, school_id, department_id) = 3 AND employer_id IS NOT NULL
        WHEN 'SCHOOL' THEN num_nulls(graduate_id, employer_id, department_id) = 3 AND school_id IS NOT NULL
        ELSE num_nulls(graduate_id, school_id, department_id) = 0
    END) NOT VALID;
