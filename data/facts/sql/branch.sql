-- One row per branch with a running loan in the snapshot.
SELECT getvariable('as_of') AS as_of, CAST(NULL AS VARCHAR) AS loan_id, CAST(NULL AS VARCHAR) AS borrower_id,
    s.branch_id, CAST(NULL AS VARCHAR) AS officer_id, s.* EXCLUDE (branch_id, is_bank),
    p.* EXCLUDE (branch_id, is_bank), o.* EXCLUDE (branch_id, is_bank), t.* EXCLUDE (branch_id, is_bank),
    CASE WHEN s.loans_without_provision = 0 THEN s.provision_in_loans END AS provision_held
FROM stock s
LEFT JOIN spread p ON p.branch_id = s.branch_id AND NOT p.is_bank
LEFT JOIN (SELECT o.* FROM opening o WHERE EXISTS (FROM recent_day WHERE turn = 2)) o
    ON o.branch_id = s.branch_id AND NOT o.is_bank
LEFT JOIN trained t ON t.branch_id = s.branch_id AND NOT t.is_bank
WHERE NOT s.is_bank AND s.branch_id IS NOT NULL
