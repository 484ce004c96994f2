-- Only the loans asked for: what secures the others need not be looked up.
CREATE OR REPLACE TEMP VIEW secured_loan AS
SELECT loan_id, contract_no, guarantee_type FROM judged_loan WHERE loan_id IN (SELECT loan_id FROM request);
