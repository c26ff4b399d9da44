-- Open invitations that were not reminded of, found without reading those that were.
CREATE INDEX CONCURRENTLY IF NOT EXISTS agreements_unreminded ON agreements (response_deadline, id) WHERE status = 'INVITED' AND reminded_at IS NULL;
