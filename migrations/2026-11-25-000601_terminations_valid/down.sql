-- What was validated may stay so: the constraints themselves are the ones of the migration before.
SELECT 1;
