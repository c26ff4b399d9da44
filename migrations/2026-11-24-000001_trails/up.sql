-- Graduates' data and employers' registrations have a trail like that of a case: who did what, chained by hash, live,
-- and the source of the messages about it.

ALTER TABLE case_events
    ALTER COLUMN graduate_id DROP NOT NULL,
    ALTER COLUMN school_id DROP NOT NULL,
    ALTER COLUMN department_id DROP NOT NULL,
    DROP CONSTRAINT case_events_case_kind_check,
    ADD CONSTRAINT case_events_case_kind_check CHECK (case_kind IN ('AGREEMENT', 'GRADUATE', 'EMPLOYER')),
    DROP CONSTRAINT case_events_actor_role_check,
    ADD CONSTRAINT case_events_actor_role_check CHECK (actor_role IN
        ('GRADUATE', 'EMPLOYER', 'DEPARTMENT_REVIEWER', 'SCHOOL_REVIEWER', 'OPERATOR', 'WORKER')),
    -- Whom an event concerns follows from the kind of its case.
    ADD CONSTRAINT case_events_concerned CHECK (CASE case_kind
        WHEN 'EMPLOYER' THEN num_nulls(graduate_id, school_id, department_id) = 3 AND employer_id IS NOT NULL
        ELSE num_nulls(graduate_id, school_id, department_id) = 0
    END);
-- What operators follow: there are few of these among many.
CREATE INDEX case_events_operators ON case_events (txid, id) WHERE case_kind = 'EMPLOYER';

ALTER TABLE graduates
    ADD COLUMN event_count integer NOT NULL DEFAULT 0,
    ADD COLUMN event_hash bytea NOT NULL DEFAULT decode(repeat('00', 32), 'hex') CHECK (length(event_hash) = 32);

ALTER TABLE employers
    ADD COLUMN version integer NOT NULL DEFAULT 1,
    ADD COLUMN event_count integer NOT NULL DEFAULT 0,
    ADD COLUMN event_hash bytea NOT NULL DEFAULT decode(repeat('00', 32), 'hex') CHECK (length(event_hash) = 32);
