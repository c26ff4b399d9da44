ALTER TABLE employer_members DROP COLUMN role, DROP COLUMN contact_mobile;
ALTER TABLE employers DROP COLUMN submitted_at;
DROP TABLE registration_keys;
DROP TABLE employer_licences;
DROP TABLE uploads;

DELETE FROM passcodes WHERE purpose = 'REGISTRATION';
ALTER TABLE passcodes
    DROP CONSTRAINT passcodes_purpose_check,
    ADD CONSTRAINT passcodes_purpose_check CHECK (purpose IN ('PASSWORD_RESET', 'CONTACT_CHANGE'));
