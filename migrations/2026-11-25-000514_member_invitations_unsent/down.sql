DROP INDEX CONCURRENTLY IF EXISTS member_invitations_unsent;
