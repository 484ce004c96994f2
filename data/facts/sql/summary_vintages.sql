-- What was lent in each quarter, and how much of it has ever been over 90 days late or non-performing up to the day.
-- A loan counts with what it owed when that was first seen, and never leaves again. One of which neither class nor
-- arrears were ever stated is in no cohort: nobody knows whether it is bad.
WITH lent AS (
    SELECT loan_id, arg_max(currency, row_valid_from) AS currency, arg_max(branch_id, row_valid_from) AS branch_id,
        arg_max(principal, row_valid_from) AS principal, arg_max(disbursed_on, row_valid_from) AS disbursed_on
    FROM loans
    WHERE row_valid_from <= getvariable('as_of') AND (row_valid_to IS NULL OR row_valid_to > row_valid_from)
    GROUP BY loan_id
), told AS (
    SELECT s.loan_id, bool_or(s.days_past_due > 90 OR c.attr = 'npl') AS bad,
        arg_min(s.balance, s.snapshot_date) FILTER (s.days_past_due > 90 OR c.attr = 'npl') AS amount
    FROM current_snapshots s
    LEFT JOIN codes c ON c.list = 'classification' AND c.code = s.classification
    WHERE s.snapshot_date <= getvariable('as_of') AND (s.days_past_due IS NOT NULL OR s.classification IS NOT NULL)
    GROUP BY s.loan_id
)
SELECT getvariable('as_of') AS as_of, coalesce(l.currency, getvariable('home_currency')) AS currency, l.branch_id,
    CAST(date_trunc('quarter', l.disbursed_on) AS DATE) AS cohort,
    count(*) AS loans, coalesce(sum(l.principal), 0) AS principal,
    coalesce(sum(least(t.amount, l.principal)) FILTER (t.bad), 0) AS bad
FROM lent l
JOIN told t ON t.loan_id = l.loan_id
WHERE l.disbursed_on <= getvariable('as_of') AND l.principal > 0
GROUP BY ALL
