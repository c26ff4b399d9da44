-- case_events_followed_by_operators serves instead.
DROP INDEX CONCURRENTLY IF EXISTS case_events_operators;
