-- Papers that should have been rendered, found without reading those that were.
CREATE INDEX CONCURRENTLY IF NOT EXISTS documents_unready ON documents (created_at, id) WHERE ready_at IS NULL;
