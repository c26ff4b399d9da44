-- To an agreement that the graduate filled in himself no employer is a party on the platform.
SET LOCAL lock_timeout = '5s';
ALTER TABLE terminations ALTER COLUMN employer_id DROP NOT NULL;
