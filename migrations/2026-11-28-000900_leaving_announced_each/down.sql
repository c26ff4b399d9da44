SET LOCAL lock_timeout = '5s';
-- Nobody is told twice, although it is not known any more that all were.
ALTER TABLE leaving_periods ADD COLUMN announced_for date;
