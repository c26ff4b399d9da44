DROP TABLE account_notices;

DELETE FROM passcodes WHERE purpose = 'CONTACT_CHANGE';
ALTER TABLE passcodes
    DROP CONSTRAINT passcodes_purpose_check,
    ADD CONSTRAINT passcodes_purpose_check CHECK (purpose IN ('PASSWORD_RESET'));
