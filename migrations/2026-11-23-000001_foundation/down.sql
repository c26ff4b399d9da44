DROP TABLE idempotency_keys, jobs, messages, case_events, documents, agreement_serials, engagements, agreements,
    operators, reviewers, employer_members, employers, graduates, sessions, accounts, departments,
    school_review_routes, schools;
DROP FUNCTION refuse_change_of_history;
