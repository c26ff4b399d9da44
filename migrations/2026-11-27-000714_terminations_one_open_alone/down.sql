CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS terminations_one_per_agreement ON terminations (agreement_id)
    WHERE status IN ('REQUESTED', 'TERMINATION_REVIEW', 'TERMINATED');
