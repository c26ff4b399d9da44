-- What was validated may stay so: the constraints themselves are those of the migrations before.
SELECT 1;
