-- How far the mail with the link got. Those of before, and those that the release before makes, count as sent: it notes nothing.
ALTER TABLE member_invitations
    ADD COLUMN delivery text NOT NULL DEFAULT 'SENT' CHECK (delivery IN ('PENDING', 'SENT', 'FAILED')),
    -- No mail goes, since the address has had enough; nothing shows that.
    ADD COLUMN silent boolean NOT NULL DEFAULT false;
