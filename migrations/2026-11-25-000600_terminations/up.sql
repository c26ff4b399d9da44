-- Who waits for a long writer gives up and is run again, rather than have everybody wait behind it.
SET LOCAL lock_timeout = '5s';
-- W2, online termination: one side of a signed agreement asks to end it, the other one answers, the school reviews.
CREATE TABLE terminations (
    id uuid PRIMARY KEY,
    agreement_id uuid NOT NULL REFERENCES agreements,
    status text NOT NULL CHECK (status IN
        ('REQUESTED', 'WITHDRAWN', 'REFUSED', 'TERMINATION_REVIEW', 'TERMINATED', 'REJECTED')),
    requested_by text NOT NULL CHECK (requested_by IN ('GRADUATE', 'EMPLOYER')),
    reason_code text NOT NULL,
    explanation text NOT NULL,
    -- As in the agreement; the department follows the graduate.
    graduate_id uuid NOT NULL REFERENCES graduates,
    employer_id uuid NOT NULL REFERENCES employers,
    school_id uuid NOT NULL REFERENCES schools,
    department_id uuid NOT NULL REFERENCES departments,
    review_route text CHECK (review_route IN ('DEPARTMENT_ONLY', 'SCHOOL_ONLY', 'DEPARTMENT_THEN_SCHOOL')),
    awaiting_review text CHECK (awaiting_review IN ('DEPARTMENT', 'SCHOOL')),
    waiting_since timestamptz,
    submitted_by uuid REFERENCES accounts,
    reason text,
    version integer NOT NULL DEFAULT 1,
    event_count integer NOT NULL DEFAULT 0,
    event_hash bytea NOT NULL DEFAULT decode(repeat('00', 32), 'hex') CHECK (length(event_hash) = 32),
    requested_at timestamptz NOT NULL,
    answered_at timestamptz,
    department_approved_at timestamptz,
    school_approved_at timestamptz,
    terminated_at timestamptz,
    updated_at timestamptz NOT NULL,
    CHECK ((status = 'TERMINATION_REVIEW') = (awaiting_review IS NOT NULL)),
    CHECK ((awaiting_review IS NULL) = (waiting_since IS NULL)),
    CHECK ((status = 'TERMINATED') = (terminated_at IS NOT NULL)),
    CHECK ((status IN ('REQUESTED', 'WITHDRAWN')) = (answered_at IS NULL)),
    CHECK (status NOT IN ('TERMINATION_REVIEW', 'TERMINATED', 'REJECTED')
        OR (review_route IS NOT NULL AND submitted_by IS NOT NULL)),
    CHECK (status <> 'REJECTED' OR reason IS NOT NULL)
);
-- At most one that is not decided, and nothing after the end.
CREATE UNIQUE INDEX terminations_one_per_agreement ON terminations (agreement_id)
    WHERE status IN ('REQUESTED', 'TERMINATION_REVIEW', 'TERMINATED');
-- The last one of an agreement.
CREATE INDEX terminations_agreement ON terminations (agreement_id, id DESC);
CREATE INDEX terminations_graduate ON terminations (graduate_id, id DESC);
CREATE INDEX terminations_employer ON terminations (employer_id, id DESC);
CREATE INDEX terminations_department ON terminations (department_id, id DESC);
CREATE INDEX terminations_school ON terminations (school_id, id DESC);
CREATE INDEX terminations_department_queue ON terminations (department_id, waiting_since, id)
    WHERE awaiting_review = 'DEPARTMENT';
CREATE INDEX terminations_school_queue ON terminations (school_id, waiting_since, id) WHERE awaiting_review = 'SCHOOL';
