ALTER TABLE employers ADD CONSTRAINT employers_credit_code_key UNIQUE (credit_code);
