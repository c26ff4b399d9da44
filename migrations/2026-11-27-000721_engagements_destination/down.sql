DELETE FROM engagements WHERE case_kind = 'DESTINATION';
ALTER TABLE engagements
    DROP CONSTRAINT engagements_case_kind_check,
    ADD CONSTRAINT engagements_case_kind_check CHECK (case_kind IN ('AGREEMENT'));
