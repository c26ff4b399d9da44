-- W3 and W5: agreements that the graduate fills in himself, offline ones and registered ones. By itself, so that no step waits for
-- a lock that this transaction already holds; validated later. Who waits for a long reader gives up and is run again, rather than
-- have everybody wait behind it.
SET LOCAL lock_timeout = '5s';
ALTER TABLE agreements
    ALTER COLUMN employer_id DROP NOT NULL,
    ALTER COLUMN terms DROP NOT NULL,
    ALTER COLUMN response_deadline DROP NOT NULL,
    ALTER COLUMN invited_at DROP NOT NULL,
    -- What the graduate has filled in, unchecked; the terms are what he handed in.
    ADD COLUMN draft jsonb,
    -- A draft that was never handed in: nobody but the graduate knows of it, and it has no event.
    ADD COLUMN private boolean NOT NULL DEFAULT false,
    ADD COLUMN submitted_at timestamptz,
    DROP CONSTRAINT agreements_channel_check,
    ADD CONSTRAINT agreements_channel_check CHECK (channel IN ('ONLINE', 'OFFLINE', 'REGISTERED')) NOT VALID,
    DROP CONSTRAINT agreements_status_check,
    ADD CONSTRAINT agreements_status_check CHECK (CASE channel
        WHEN 'ONLINE' THEN status IN ('INVITED', 'CANCELLED', 'DECLINED', 'EXPIRED', 'SIGNING_REVIEW', 'SIGNED',
            'SIGNING_REJECTED', 'TERMINATED')
        WHEN 'OFFLINE' THEN status IN ('DRAFT', 'TERMS_REVIEW', 'TERMS_APPROVED', 'TERMS_RETURNED', 'TERMS_REJECTED',
            'SIGNING_REVIEW', 'STAMPED_COPY_RETURNED', 'SIGNED', 'SIGNING_REJECTED', 'DISCARDED', 'TERMINATED')
        ELSE status IN ('DRAFT', 'REGISTRATION_REVIEW', 'REGISTRATION_RETURNED', 'REGISTRATION_REJECTED', 'SIGNED', 'DISCARDED',
            'TERMINATED')
        END) NOT VALID,
    DROP CONSTRAINT agreements_check,
    ADD CONSTRAINT agreements_reviewed CHECK (
        (status IN ('SIGNING_REVIEW', 'TERMS_REVIEW', 'REGISTRATION_REVIEW')) = (awaiting_review IS NOT NULL)) NOT VALID,
    -- An offline agreement has its number when its paper can be printed; a registered one has none of ours.
    DROP CONSTRAINT agreements_check3,
    ADD CONSTRAINT agreements_number CHECK (CASE channel
        WHEN 'ONLINE' THEN (signed_at IS NULL) = (agreement_number IS NULL)
        WHEN 'OFFLINE' THEN status NOT IN ('TERMS_APPROVED', 'SIGNING_REVIEW', 'STAMPED_COPY_RETURNED', 'SIGNED', 'TERMINATED')
            OR agreement_number IS NOT NULL
        ELSE agreement_number IS NULL END) NOT VALID,
    DROP CONSTRAINT agreements_submitted,
    ADD CONSTRAINT agreements_submitted CHECK (CASE channel
        WHEN 'ONLINE' THEN status NOT IN ('SIGNING_REVIEW', 'SIGNED', 'SIGNING_REJECTED', 'TERMINATED')
            OR (accepted_at IS NOT NULL AND review_route IS NOT NULL AND submitted_by IS NOT NULL)
        ELSE private OR (submitted_at IS NOT NULL AND review_route IS NOT NULL AND terms IS NOT NULL) END) NOT VALID,
    ADD CONSTRAINT agreements_parties CHECK (CASE channel
        WHEN 'ONLINE' THEN employer_id IS NOT NULL AND terms IS NOT NULL AND response_deadline IS NOT NULL
            AND invited_at IS NOT NULL AND draft IS NULL
        ELSE employer_id IS NULL AND response_deadline IS NULL AND invited_at IS NULL AND draft IS NOT NULL END) NOT VALID,
    ADD CONSTRAINT agreements_private CHECK (NOT private OR status = 'DRAFT') NOT VALID;
