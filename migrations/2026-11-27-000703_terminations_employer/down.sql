ALTER TABLE terminations ALTER COLUMN employer_id SET NOT NULL;
