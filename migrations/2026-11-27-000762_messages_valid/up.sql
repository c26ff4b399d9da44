ALTER TABLE messages VALIDATE CONSTRAINT messages_owed_by;
