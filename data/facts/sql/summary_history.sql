-- Every snapshot up to the day by class and arrears, as its own registers gave it, whether its facts stand or not.
-- A loan without a status runs while it owes, as in the facts.
SELECT s.snapshot_date AS as_of, coalesce(l.currency, getvariable('home_currency')) AS currency, l.branch_id, s.classification, {late} AS late,
    count(*) AS loans, count(s.balance) AS valued, coalesce(sum(s.balance), 0) AS balance
FROM snapshots s
JOIN loans l ON l.loan_id = s.loan_id AND l.row_valid_from <= s.snapshot_date
    AND (l.row_valid_to IS NULL OR s.snapshot_date < l.row_valid_to)
LEFT JOIN codes c ON c.list = 'loan_status' AND c.code = l.status
WHERE list_contains($days, s.snapshot_date)
    AND s.row_valid_from <= s.snapshot_date AND (s.row_valid_to IS NULL OR s.snapshot_date < s.row_valid_to)
    AND CASE WHEN l.status IS NULL THEN s.balance > 0 ELSE c.attr = 'running' END
GROUP BY ALL
