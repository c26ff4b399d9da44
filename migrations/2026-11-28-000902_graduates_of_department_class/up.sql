-- A class of a department, in the order of its lists.
CREATE INDEX CONCURRENTLY IF NOT EXISTS graduates_department_class ON graduates (department_id, class_year, id);
