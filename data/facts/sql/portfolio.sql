-- The whole bank in one row, with its own figures from the dated register.
WITH connected AS (
    SELECT max(balance) AS largest_group_balance
    FROM facts_group
    WHERE as_of = getvariable('as_of')
), party AS (
    SELECT CASE WHEN bool_or(related_party IS NOT NULL) THEN coalesce(sum(balance) FILTER (related_party), 0) END
            AS related_party_balance
    FROM facts_borrower
    WHERE as_of = getvariable('as_of')
)
SELECT getvariable('as_of') AS as_of, 'bank' AS portfolio_id, CAST(NULL AS VARCHAR) AS loan_id,
    CAST(NULL AS VARCHAR) AS borrower_id, CAST(NULL AS VARCHAR) AS branch_id, CAST(NULL AS VARCHAR) AS officer_id,
    s.* EXCLUDE (branch_id, is_bank), p.* EXCLUDE (branch_id, is_bank), o.* EXCLUDE (branch_id, is_bank),
    t.* EXCLUDE (branch_id, is_bank), b.* EXCLUDE (loan_loss_provision), g.largest_group_balance,
    r.related_party_balance,
    coalesce(b.loan_loss_provision, CASE WHEN s.loans_without_provision = 0 THEN s.provision_in_loans END)
        AS provision_held
FROM stock s
CROSS JOIN parameters b
CROSS JOIN connected g
CROSS JOIN party r
LEFT JOIN spread p ON p.is_bank
LEFT JOIN (SELECT o.* FROM opening o WHERE EXISTS (FROM recent_day WHERE turn = 2)) o ON o.is_bank
LEFT JOIN trained t ON t.is_bank
WHERE s.is_bank
