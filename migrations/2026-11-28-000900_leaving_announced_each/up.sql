SET LOCAL lock_timeout = '5s';
-- Who was told of a period is seen by his message: so those who join the class later are told as well.
ALTER TABLE leaving_periods DROP COLUMN announced_for;
