-- One row per borrower of a loan in the snapshot, with the register's row if there is one.
WITH largest AS (
    SELECT borrower_id, branch_id, officer_id
    FROM judged_loan
    WHERE borrower_id IS NOT NULL
    QUALIFY row_number() OVER (
        PARTITION BY borrower_id ORDER BY is_running DESC NULLS LAST, balance DESC NULLS LAST, loan_id) = 1
), totals AS (
    SELECT borrower_id, any_value(borrower_balance) AS balance,
        CASE WHEN bool_and(is_running IS NOT NULL) THEN count(*) FILTER (is_running) END AS running_loans,
        min(disbursed_on) AS first_disbursed_on, max(disbursed_on) AS last_disbursed_on
    FROM judged_loan
    GROUP BY borrower_id
)
SELECT getvariable('as_of') AS as_of, CAST(NULL AS VARCHAR) AS loan_id, p.borrower_id, p.branch_id, p.officer_id,
    b.* EXCLUDE (borrower_id), t.* EXCLUDE (borrower_id)
FROM largest p
JOIN totals t ON t.borrower_id = p.borrower_id
LEFT JOIN current_borrowers b ON b.borrower_id = p.borrower_id
