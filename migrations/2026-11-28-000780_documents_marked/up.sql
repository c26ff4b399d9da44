SET LOCAL lock_timeout = '5s';
-- Where the copy of a superseded paper is that says so across its pages. What was signed stays as it is, under its own key.
ALTER TABLE documents ADD COLUMN marked_key text;
