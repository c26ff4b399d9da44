SET LOCAL lock_timeout = '5s';
ALTER TABLE engagements
    DROP CONSTRAINT engagements_case_kind_check,
    ADD CONSTRAINT engagements_case_kind_check CHECK (case_kind IN ('AGREEMENT', 'DESTINATION')) NOT VALID;
