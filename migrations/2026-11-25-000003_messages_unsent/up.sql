-- Messages that should have been sent, found without reading those that were.
CREATE INDEX CONCURRENTLY IF NOT EXISTS messages_unsent ON messages (created_at, id) WHERE status IN ('PENDING', 'PARKED');
