-- Keys of registrations are pruned by their age.
CREATE INDEX CONCURRENTLY IF NOT EXISTS registration_keys_age ON registration_keys (created_at);
