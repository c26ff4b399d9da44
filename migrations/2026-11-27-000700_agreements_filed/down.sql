-- What graduates filled in themselves cannot become invitations.
DO $$
BEGIN
    IF EXISTS (SELECT FROM agreements WHERE channel <> 'ONLINE') THEN
        RAISE EXCEPTION 'there are agreements that graduates filled in: this cannot be undone';
    END IF;
END $$;
ALTER TABLE agreements
    DROP CONSTRAINT agreements_private,
    DROP CONSTRAINT agreements_parties,
    DROP CONSTRAINT agreements_submitted,
    ADD CONSTRAINT agreements_submitted CHECK (status NOT IN ('SIGNING_REVIEW', 'SIGNED', 'SIGNING_REJECTED', 'TERMINATED')
        OR (accepted_at IS NOT NULL AND review_route IS NOT NULL AND submitted_by IS NOT NULL)),
    DROP CONSTRAINT agreements_number,
    ADD CONSTRAINT agreements_check3 CHECK ((signed_at IS NULL) = (agreement_number IS NULL)),
    DROP CONSTRAINT agreements_reviewed,
    ADD CONSTRAINT agreements_check CHECK ((status = 'SIGNING_REVIEW') = (awaiting_review IS NOT NULL)),
    DROP CONSTRAINT agreements_status_check,
    ADD CONSTRAINT agreements_status_check CHECK (status IN ('INVITED', 'CANCELLED', 'DECLINED', 'EXPIRED', 'SIGNING_REVIEW',
        'SIGNED', 'SIGNING_REJECTED', 'TERMINATED')),
    DROP CONSTRAINT agreements_channel_check,
    ADD CONSTRAINT agreements_channel_check CHECK (channel IN ('ONLINE')),
    DROP COLUMN submitted_at,
    DROP COLUMN private,
    DROP COLUMN draft,
    ALTER COLUMN employer_id SET NOT NULL,
    ALTER COLUMN terms SET NOT NULL,
    ALTER COLUMN response_deadline SET NOT NULL,
    ALTER COLUMN invited_at SET NOT NULL;
