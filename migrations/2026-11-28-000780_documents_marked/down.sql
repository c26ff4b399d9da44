ALTER TABLE documents DROP COLUMN marked_key;
