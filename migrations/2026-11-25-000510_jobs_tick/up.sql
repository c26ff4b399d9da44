-- One job for each tick of a recurring job, in the whole cluster: the key holds as long as the row is kept, done or not.
CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS jobs_tick ON jobs (unique_key) WHERE unique_key LIKE 'cron:%';
