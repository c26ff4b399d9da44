ALTER TABLE agreements
    DROP CONSTRAINT agreements_status_check,
    ADD CONSTRAINT agreements_status_check CHECK (status IN
        ('INVITED', 'CANCELLED', 'DECLINED', 'EXPIRED', 'SIGNING_REVIEW', 'SIGNED', 'SIGNING_REJECTED')),
    DROP CONSTRAINT agreements_signed_at,
    ADD CONSTRAINT agreements_check2 CHECK ((status = 'SIGNED') = (signed_at IS NOT NULL)),
    DROP CONSTRAINT agreements_submitted,
    ADD CONSTRAINT agreements_check4 CHECK (status NOT IN ('SIGNING_REVIEW', 'SIGNED', 'SIGNING_REJECTED')
        OR (accepted_at IS NOT NULL AND review_route IS NOT NULL AND submitted_by IS NOT NULL));
