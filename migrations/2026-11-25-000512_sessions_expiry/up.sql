-- Sessions are pruned some time after the end of their lives.
CREATE INDEX CONCURRENTLY IF NOT EXISTS sessions_expiry ON sessions (expires_at);
