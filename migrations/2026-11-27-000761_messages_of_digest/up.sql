-- One message of a day's digest to a person through a channel, as UNIQUE (event_id, account_id, channel) says of an event.
CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS messages_of_digest ON messages (account_id, digest_on, channel) WHERE digest_on IS NOT NULL;
