-- Invitations whose mail is owed, for stuck work.
CREATE INDEX CONCURRENTLY IF NOT EXISTS member_invitations_unsent ON member_invitations (created_at, id) WHERE delivery <> 'SENT';
