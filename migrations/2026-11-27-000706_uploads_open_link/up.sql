-- The files that came through the link of an agreement and are not attached to anything, to be counted when another is announced.
CREATE INDEX CONCURRENTLY IF NOT EXISTS uploads_open_link ON uploads (agreement_id) WHERE agreement_id IS NOT NULL AND attached_at IS NULL;
