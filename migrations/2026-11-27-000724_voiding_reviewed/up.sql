SET LOCAL lock_timeout = '5s';
-- Whether the school reviews what its graduates make void of their registered destinations.
ALTER TABLE schools ADD COLUMN voiding_reviewed boolean NOT NULL DEFAULT false;
