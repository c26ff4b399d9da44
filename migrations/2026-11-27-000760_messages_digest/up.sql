-- A message is owed by an event, or by the digest of a day (DOMAIN.md, Messages): a reviewer's daily digest is no step of a case. By
-- itself, so that no step waits for a lock that this transaction already holds; validated later. Who waits for a long reader gives
-- up and is run again, rather than have everybody wait behind it.
SET LOCAL lock_timeout = '5s';
ALTER TABLE messages
    ALTER COLUMN event_id DROP NOT NULL,
    -- The day in Asia/Shanghai.
    ADD COLUMN digest_on date,
    ADD CONSTRAINT messages_owed_by CHECK (num_nonnulls(event_id, digest_on) = 1) NOT VALID;
