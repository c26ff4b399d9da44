ALTER TABLE schools DROP COLUMN voiding_reviewed;
