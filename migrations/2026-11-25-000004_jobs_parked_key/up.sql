-- The parked job of an agreement, a document or a message.
CREATE INDEX CONCURRENTLY IF NOT EXISTS jobs_parked_key ON jobs (queue, unique_key, id) WHERE state = 'PARKED';
