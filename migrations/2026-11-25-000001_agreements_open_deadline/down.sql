DROP INDEX CONCURRENTLY IF EXISTS agreements_open_deadline;
