-- Whoever was refused stands in nobody's way: the credit code may have been another's. One that waits or is verified does, see
-- employers_one_live_per_credit_code.
ALTER TABLE employers DROP CONSTRAINT employers_credit_code_key;
