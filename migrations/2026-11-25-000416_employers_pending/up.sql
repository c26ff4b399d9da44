CREATE INDEX CONCURRENTLY IF NOT EXISTS employers_pending ON employers (submitted_at, id) WHERE verification = 'PENDING';
