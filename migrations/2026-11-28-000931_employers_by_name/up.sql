-- Employers by a part of their name, as a graduate looks for his.
CREATE INDEX CONCURRENTLY IF NOT EXISTS employers_name_pairs ON employers USING gin (name_pairs(name));
