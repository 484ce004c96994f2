-- One row per document of a loan, or of a borrower without a loan named, in the snapshot.
WITH repeated AS (
    SELECT sha256, count(*) AS uses FROM current_documents WHERE sha256 IS NOT NULL GROUP BY sha256 HAVING count(*) > 1
), copies AS (
    SELECT d.sha256, coalesce(d.loan_id, d.borrower_id) AS holder, any_value(r.uses) - count(*) AS elsewhere
    FROM current_documents d JOIN repeated r ON r.sha256 = d.sha256
    GROUP BY ALL
), held AS (
    SELECT d.* EXCLUDE (borrower_id), coalesce(d.borrower_id, l.borrower_id) AS borrower_id,
        coalesce(d.loan_id, d.borrower_id) AS holder, l.branch_id, l.officer_id, l.balance
    FROM current_documents d JOIN judged_loan l ON l.loan_id = d.loan_id
    UNION ALL BY NAME
    SELECT d.*, d.borrower_id AS holder, b.branch_id, b.officer_id, b.balance
    FROM current_documents d
    JOIN facts_borrower b ON b.as_of = getvariable('as_of') AND b.borrower_id = d.borrower_id
    WHERE d.loan_id IS NULL
)
SELECT h.*, getvariable('as_of') AS as_of,
    CASE WHEN h.sha256 IS NOT NULL THEN coalesce(c.elsewhere, 0) END AS uses_elsewhere
FROM held h LEFT JOIN copies c ON c.sha256 = h.sha256 AND c.holder = h.holder
