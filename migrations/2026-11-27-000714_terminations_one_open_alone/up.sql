-- `terminations_one_open` says more.
DROP INDEX CONCURRENTLY IF EXISTS terminations_one_per_agreement;
