CREATE INDEX CONCURRENTLY IF NOT EXISTS reviewers_of_school ON reviewers (school_id, account_id);
