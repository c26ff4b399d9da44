-- At most one that is not decided, and nothing after the end. In place of `terminations_one_per_agreement`, which did not know drafts and
-- returned ones.
CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS terminations_one_open ON terminations (agreement_id)
    WHERE status IN ('REQUESTED', 'DRAFT', 'TERMINATION_REVIEW', 'RETURNED', 'TERMINATED');
