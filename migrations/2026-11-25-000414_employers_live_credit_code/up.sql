CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS employers_one_live_per_credit_code ON employers (credit_code)
    WHERE verification <> 'REFUSED';
