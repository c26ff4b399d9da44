-- Superseded papers whose marked copy should have been made, found without reading the others. Of one that is not rendered yet nothing
-- is marked before it is.
CREATE INDEX CONCURRENTLY IF NOT EXISTS documents_unmarked ON documents (superseded_at, id)
    WHERE superseded_at IS NOT NULL AND marked_key IS NULL AND ready_at IS NOT NULL;
