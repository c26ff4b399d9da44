-- The file of a roster is an upload with the id of its import: whatever its link puts is pruned, also after the import's end.
ALTER TABLE uploads
    DROP CONSTRAINT uploads_purpose_check,
    ADD CONSTRAINT uploads_purpose_check CHECK (purpose IN ('BUSINESS_LICENCE', 'ROSTER'));
