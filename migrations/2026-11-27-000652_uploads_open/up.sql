-- The files of an account that are not attached to anything, to be counted when it announces another.
CREATE INDEX CONCURRENTLY IF NOT EXISTS uploads_open ON uploads (account_id) WHERE account_id IS NOT NULL AND attached_at IS NULL;
