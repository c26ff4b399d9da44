-- An agreement has one paper that counts: whoever brings the next supersedes it first.
CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS documents_one_current ON documents (agreement_id) WHERE superseded_at IS NULL;
