-- Loans 0 … loans - 1 stand at the last month-end; the past ones after them were repaid within the window.
CREATE OR REPLACE TEMP TABLE loan_owner AS
WITH loan AS (
    SELECT n, parts(md5_number_lower('loan/' || n)) AS h, n >= getvariable('loans') AS is_past
    FROM range(getvariable('loans') + getvariable('loans') * getvariable('past_permille') // 1000) r(n)
)
SELECT n, h, is_past,
    CASE
        WHEN NOT is_past THEN borrower_of(n)
        WHEN draw('known customer', h) % 2 = 0 THEN borrower_of(draw('which customer', h) % getvariable('loans'))
        ELSE borrower_of(n + 20)
    END AS b
FROM loan;

CREATE OR REPLACE TEMP TABLE borrower_plan AS
WITH borrower AS (
    SELECT b, parts(md5_number_lower('borrower/' || b)) AS h FROM (SELECT DISTINCT b FROM loan_owner)
)
SELECT p.b, p.h, t.borrower_type, t.credit_max, t.committee_above, r.branch_no, x.region_code,
    x.branch_id, x.name AS branch_name,
    pick('officer', p.h, 1, r.officers) AS officer_serial,
    CASE WHEN t.borrower_type <> 'P' AND has('restricted_industry', p.h) THEN 'C3110' ELSE s.industry_code END
        AS industry_code
FROM borrower p
JOIN borrower_type_slot t ON t.slot = slot('borrower type', p.h)
JOIN branch_slot r ON r.slot = slot('branch', p.h)
JOIN branch x ON x.branch_no = r.branch_no
JOIN industry_slot s ON s.borrower_type = t.borrower_type AND s.slot = slot('industry', p.h);
