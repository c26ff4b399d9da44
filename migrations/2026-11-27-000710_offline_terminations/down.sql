-- What nobody answers cannot become a request.
DO $$
BEGIN
    IF EXISTS (SELECT FROM terminations WHERE employer_id IS NULL) THEN
        RAISE EXCEPTION 'there are offline terminations: this cannot be undone';
    END IF;
END $$;
SET LOCAL lock_timeout = '5s';
ALTER TABLE terminations
    DROP CONSTRAINT terminations_status_check,
    DROP CONSTRAINT terminations_answered,
    DROP CONSTRAINT terminations_submitted,
    DROP CONSTRAINT terminations_reasons,
    ADD CONSTRAINT terminations_status_check CHECK (status IN
        ('REQUESTED', 'WITHDRAWN', 'REFUSED', 'TERMINATION_REVIEW', 'TERMINATED', 'REJECTED')),
    ADD CONSTRAINT terminations_check3 CHECK ((status IN ('REQUESTED', 'WITHDRAWN')) = (answered_at IS NULL)),
    ADD CONSTRAINT terminations_check4 CHECK (status NOT IN ('TERMINATION_REVIEW', 'TERMINATED', 'REJECTED')
        OR (review_route IS NOT NULL AND submitted_by IS NOT NULL)),
    ADD CONSTRAINT terminations_check5 CHECK (status <> 'REJECTED' OR reason IS NOT NULL);
