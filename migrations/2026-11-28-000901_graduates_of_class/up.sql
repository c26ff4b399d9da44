-- A class of a school, in the order of its lists, and of those whom its confirmation period is announced to.
CREATE INDEX CONCURRENTLY IF NOT EXISTS graduates_class ON graduates (school_id, class_year, id);
