ALTER TABLE login_throttles DROP COLUMN counted_since;
