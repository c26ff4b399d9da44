-- The first of the failed attempts that count together: they age out a day after it, also where a log-in does not begin the
-- count anew. The release before writes none; its rows age from their last attempt.
ALTER TABLE login_throttles ADD COLUMN counted_since timestamptz;
