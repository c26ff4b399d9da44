CREATE INDEX CONCURRENTLY IF NOT EXISTS case_events_operators ON case_events (txid, id) WHERE case_kind = 'EMPLOYER';
