-- Who waits for a long writer gives up and is run again, rather than have everybody wait behind it.
SET LOCAL lock_timeout = '5s';
-- W6, other destinations: what a graduate registers who goes somewhere without an agreement.
CREATE TABLE destinations (
    id uuid PRIMARY KEY,
    status text NOT NULL CHECK (status IN ('DRAFT', 'REGISTRATION_REVIEW', 'RETURNED', 'REJECTED', 'REGISTERED', 'VOIDING_REVIEW',
        'VOIDED', 'DISCARDED')),
    graduate_id uuid NOT NULL REFERENCES graduates,
    school_id uuid NOT NULL REFERENCES schools,
    -- Follows the graduate as long as it may still come to something.
    department_id uuid NOT NULL REFERENCES departments,
    -- What the graduate has filled in, unchecked.
    draft jsonb NOT NULL,
    -- What he handed in, with what a reviewer has changed of it; and what of it is worth a second look.
    form jsonb,
    warnings jsonb NOT NULL DEFAULT '[]',
    -- Of what was handed in; before, of what is filled in.
    destination_type text NOT NULL GENERATED ALWAYS AS (coalesce(form, draft) -> 'details' ->> 'type') STORED,
    -- A draft that was never handed in: nobody but the graduate knows of it, and it has no event.
    private boolean NOT NULL DEFAULT false,
    -- The school's; some types are approved by both levels whatever it is.
    review_route text CHECK (review_route IN ('DEPARTMENT_ONLY', 'SCHOOL_ONLY', 'DEPARTMENT_THEN_SCHOOL')),
    awaiting_review text CHECK (awaiting_review IN ('DEPARTMENT', 'SCHOOL')),
    waiting_since timestamptz,
    submitted_by uuid REFERENCES accounts,
    reason text,
    version integer NOT NULL DEFAULT 1,
    event_count integer NOT NULL DEFAULT 0,
    event_hash bytea NOT NULL DEFAULT decode(repeat('00', 32), 'hex') CHECK (length(event_hash) = 32),
    submitted_at timestamptz,
    department_approved_at timestamptz,
    school_approved_at timestamptz,
    registered_at timestamptz,
    voided_at timestamptz,
    updated_at timestamptz NOT NULL,
    CONSTRAINT destinations_reviewed CHECK (
        (status IN ('REGISTRATION_REVIEW', 'VOIDING_REVIEW')) = (awaiting_review IS NOT NULL)),
    CONSTRAINT destinations_waiting CHECK ((awaiting_review IS NULL) = (waiting_since IS NULL)),
    CONSTRAINT destinations_private CHECK (NOT private OR status = 'DRAFT'),
    CONSTRAINT destinations_submitted CHECK (
        private = (form IS NULL) AND private = (submitted_at IS NULL) AND private = (review_route IS NULL)
        AND private = (submitted_by IS NULL) AND private = (event_count = 0)),
    CONSTRAINT destinations_registered CHECK (
        (status IN ('REGISTERED', 'VOIDING_REVIEW', 'VOIDED')) = (registered_at IS NOT NULL)),
    CONSTRAINT destinations_voided CHECK ((status = 'VOIDED') = (voided_at IS NOT NULL)),
    CONSTRAINT destinations_reasons CHECK (status NOT IN ('REJECTED', 'RETURNED') OR reason IS NOT NULL)
);
-- At most one of a graduate that holds him: the table of engagements says so of all kinds of cases, and this of its own rows.
CREATE UNIQUE INDEX destinations_one_per_graduate ON destinations (graduate_id)
    WHERE NOT private AND status IN ('DRAFT', 'REGISTRATION_REVIEW', 'RETURNED', 'REGISTERED', 'VOIDING_REVIEW');
CREATE INDEX destinations_graduate ON destinations (graduate_id, id DESC);
CREATE INDEX destinations_department ON destinations (department_id, id DESC) WHERE NOT private;
CREATE INDEX destinations_school ON destinations (school_id, id DESC) WHERE NOT private;
CREATE INDEX destinations_department_queue ON destinations (department_id, waiting_since, id)
    WHERE awaiting_review = 'DEPARTMENT';
CREATE INDEX destinations_school_queue ON destinations (school_id, waiting_since, id) WHERE awaiting_review = 'SCHOOL';
