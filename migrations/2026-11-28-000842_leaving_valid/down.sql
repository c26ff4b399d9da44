-- What was validated may stay so: the constraint itself is that of the migration before.
SELECT 1;
