-- Files whose check is owed, for stuck work.
CREATE INDEX CONCURRENTLY IF NOT EXISTS uploads_checking ON uploads (handed_in_at, id) WHERE state = 'CHECKING';
