-- By themselves, so that no step waits for a lock that this transaction already holds; validated later. Who waits for a long
-- reader gives up and is run again, rather than have everybody wait behind it.
SET LOCAL lock_timeout = '5s';
ALTER TABLE agreements
    DROP CONSTRAINT agreements_status_check,
    ADD CONSTRAINT agreements_status_check CHECK (status IN ('INVITED', 'CANCELLED', 'DECLINED', 'EXPIRED', 'SIGNING_REVIEW',
        'SIGNED', 'SIGNING_REJECTED', 'TERMINATED')) NOT VALID,
    DROP CONSTRAINT agreements_check2,
    ADD CONSTRAINT agreements_signed_at CHECK ((status IN ('SIGNED', 'TERMINATED')) = (signed_at IS NOT NULL)) NOT VALID,
    DROP CONSTRAINT agreements_check4,
    ADD CONSTRAINT agreements_submitted CHECK (status NOT IN ('SIGNING_REVIEW', 'SIGNED', 'SIGNING_REJECTED', 'TERMINATED')
        OR (accepted_at IS NOT NULL AND review_route IS NOT NULL AND submitted_by IS NOT NULL)) NOT VALID;
