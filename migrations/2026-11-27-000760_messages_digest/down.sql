DELETE FROM messages WHERE digest_on IS NOT NULL;
ALTER TABLE messages
    DROP CONSTRAINT messages_owed_by,
    DROP COLUMN digest_on,
    ALTER COLUMN event_id SET NOT NULL;
