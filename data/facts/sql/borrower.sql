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
), loaded AS (
    SELECT EXISTS (FROM current_documents WHERE doc_type = 'financials' AND period_end IS NOT NULL) AS statements,
        EXISTS (FROM current_borrowers WHERE curr_assets IS NOT NULL AND inventory IS NOT NULL
            AND curr_liab IS NOT NULL) AS ratios,
        EXISTS (FROM current_borrowers WHERE industry_code IS NOT NULL) AS industries,
        EXISTS (FROM current_borrowers WHERE employees IS NOT NULL) AS employees,
        EXISTS (FROM current_borrowers WHERE customer_class IS NOT NULL) AS classes
), prior AS (
    -- As the register stood before its current row.
    SELECT borrower_id, arg_max_null(total_assets, row_valid_from) AS total_assets,
        arg_max_null(total_liab, row_valid_from) AS total_liab,
        arg_max_null(annual_income, row_valid_from) AS annual_income
    FROM borrowers
    WHERE row_valid_to <= getvariable('as_of') AND row_valid_from < row_valid_to
    GROUP BY borrower_id
), statement AS (
    SELECT coalesce(d.borrower_id, l.borrower_id) AS borrower_id, count(*) AS received, max(d.period_end) AS last_end
    FROM current_documents d LEFT JOIN judged_loan l ON l.loan_id = d.loan_id
    WHERE d.doc_type = 'financials' AND d.period_end IS NOT NULL AND d.provider_id IS NULL
        AND coalesce(d.received_date, getvariable('as_of')) <= getvariable('as_of')
    GROUP BY 1
)
SELECT getvariable('as_of') AS as_of, CAST(NULL AS VARCHAR) AS loan_id, p.borrower_id, p.branch_id, p.officer_id,
    b.* EXCLUDE (borrower_id), t.* EXCLUDE (borrower_id), v.attested_kept, v.attested_broken, x.* EXCLUDE (borrower_id),
    CASE WHEN EXISTS (FROM current_guarantees) THEN coalesce(r.size, 0) END AS guarantee_circle,
    CASE WHEN EXISTS (FROM current_guarantees) THEN coalesce(r.members, []) END AS circle_members,
    bank.net_capital, bank.tier1_capital,
    o.total_assets AS prior_total_assets, o.total_liab AS prior_total_liab, o.annual_income AS prior_annual_income,
    CASE WHEN loaded.statements THEN coalesce(s.received, 0) END AS statements_received,
    s.last_end AS last_statement_end,
    CASE WHEN loaded.ratios THEN b.total_assets > 0 AND b.total_liab IS NOT NULL AND b.curr_assets IS NOT NULL
        AND b.inventory IS NOT NULL AND b.curr_liab IS NOT NULL END AS ratios_known,
    CASE WHEN loaded.industries THEN b.industry_code IS NOT NULL END AS industry_stated,
    CASE WHEN loaded.employees THEN b.employees IS NOT NULL END AS employees_stated,
    CASE WHEN loaded.classes THEN b.customer_class IS NOT NULL END AS class_stated
FROM largest p
CROSS JOIN loaded
JOIN totals t ON t.borrower_id = p.borrower_id
LEFT JOIN current_borrowers b ON b.borrower_id = p.borrower_id
LEFT JOIN prior o ON o.borrower_id = p.borrower_id
LEFT JOIN statement s ON s.borrower_id = p.borrower_id
LEFT JOIN attested v ON v.subject = 'borrower' AND v.id = p.borrower_id
LEFT JOIN exposure x ON x.borrower_id = p.borrower_id
LEFT JOIN circle r ON r.borrower_id = p.borrower_id
CROSS JOIN parameters bank
