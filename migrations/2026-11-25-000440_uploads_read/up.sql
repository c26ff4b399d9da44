-- Of the file as it was first read: only this one is stored elsewhere and counts, whatever the link puts later.
ALTER TABLE uploads ADD COLUMN sha256 bytea CHECK (length(sha256) = 32);
