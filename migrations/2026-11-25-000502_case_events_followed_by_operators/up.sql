-- What operators follow: registrations of employers, and schools.
CREATE INDEX CONCURRENTLY IF NOT EXISTS case_events_followed_by_operators ON case_events (txid, id)
    WHERE case_kind IN ('EMPLOYER', 'SCHOOL');
