ALTER TABLE member_invitations DROP COLUMN silent, DROP COLUMN delivery;
