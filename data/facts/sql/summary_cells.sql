-- The running loans of the snapshot, counted once by everything that the health page groups or filters by.
SELECT getvariable('as_of') AS as_of, currency, branch_id, {dimensions},
    count(*) AS loans, count(balance) AS valued, coalesce(sum(balance), 0) AS balance,
    coalesce(sum(balance) FILTER (classification IN (
        SELECT code FROM codes WHERE list = 'classification' AND attr = 'npl')), 0) AS npl_balance,
    coalesce(sum(balance) FILTER (classification IS NOT NULL), 0) AS classified_balance
FROM judged_loan
WHERE is_running
GROUP BY ALL
