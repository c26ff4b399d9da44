-- The reference to accounts waits for long writers: whoever waits too long gives up and is run again.
SET LOCAL lock_timeout = '5s';
-- 审核认领: which reviewer has taken a case that waits, the last one for each case. It holds for as long as the case waits at that level
-- since that moment, so that no step has to end it; what is over is pruned. It blocks nobody, and is no part of a case's trail.
CREATE TABLE review_assignments (
    case_id uuid PRIMARY KEY,
    case_kind text NOT NULL CHECK (case_kind IN ('AGREEMENT', 'TERMINATION', 'DESTINATION')),
    level text NOT NULL CHECK (level IN ('DEPARTMENT', 'SCHOOL')),
    waiting_since timestamptz NOT NULL,
    account_id uuid NOT NULL REFERENCES accounts,
    assigned_at timestamptz NOT NULL
);
CREATE INDEX review_assignments_reviewer ON review_assignments (account_id);
CREATE INDEX review_assignments_age ON review_assignments (assigned_at);
