-- Invitations that are open after their deadline or not reminded of, found without reading what is answered.
CREATE INDEX CONCURRENTLY IF NOT EXISTS agreements_open_deadline ON agreements (response_deadline, id) WHERE status = 'INVITED';
