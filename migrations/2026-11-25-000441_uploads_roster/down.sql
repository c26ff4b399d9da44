DELETE FROM uploads WHERE purpose = 'ROSTER';
ALTER TABLE uploads
    DROP CONSTRAINT uploads_purpose_check,
    ADD CONSTRAINT uploads_purpose_check CHECK (purpose IN ('BUSINESS_LICENCE'));
