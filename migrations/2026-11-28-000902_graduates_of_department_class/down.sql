DROP INDEX CONCURRENTLY IF EXISTS graduates_department_class;
