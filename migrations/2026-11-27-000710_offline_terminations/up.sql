-- W4, offline termination: the graduate hands in materials, and nobody answers. Validated later. Who waits for a long reader gives up
-- and is run again, rather than have everybody wait behind it.
SET LOCAL lock_timeout = '5s';
ALTER TABLE terminations
    DROP CONSTRAINT terminations_status_check,
    -- An employer of the platform is a party to the termination of an online agreement, and to no other.
    ADD CONSTRAINT terminations_status_check CHECK (CASE
        WHEN employer_id IS NOT NULL
            THEN status IN ('REQUESTED', 'WITHDRAWN', 'REFUSED', 'TERMINATION_REVIEW', 'TERMINATED', 'REJECTED')
        ELSE requested_by = 'GRADUATE'
            AND status IN ('DRAFT', 'WITHDRAWN', 'TERMINATION_REVIEW', 'RETURNED', 'TERMINATED', 'REJECTED')
        END) NOT VALID,
    DROP CONSTRAINT terminations_check3,
    ADD CONSTRAINT terminations_answered CHECK (
        (employer_id IS NULL OR status IN ('REQUESTED', 'WITHDRAWN')) = (answered_at IS NULL)) NOT VALID,
    DROP CONSTRAINT terminations_check4,
    ADD CONSTRAINT terminations_submitted CHECK (status NOT IN ('TERMINATION_REVIEW', 'RETURNED', 'TERMINATED', 'REJECTED')
        OR (review_route IS NOT NULL AND submitted_by IS NOT NULL)) NOT VALID,
    DROP CONSTRAINT terminations_check5,
    ADD CONSTRAINT terminations_reasons CHECK (status NOT IN ('REJECTED', 'RETURNED') OR reason IS NOT NULL) NOT VALID;
