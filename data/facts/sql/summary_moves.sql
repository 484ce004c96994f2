-- From an opening snapshot to this one: each running loan of either, by where it stood and where it stands.
-- origin: running or new. fate: running, what its status says, or gone, where this snapshot does not have it.
WITH before AS (
    SELECT s.loan_id, coalesce(l.currency, getvariable('home_currency')) AS currency, l.branch_id, s.balance, s.classification, {late} AS late
    FROM snapshots s
    JOIN loans l ON l.loan_id = s.loan_id AND l.row_valid_from <= $opening
        AND (l.row_valid_to IS NULL OR $opening < l.row_valid_to)
    LEFT JOIN codes c ON c.list = 'loan_status' AND c.code = l.status
    WHERE s.snapshot_date = $opening AND s.row_valid_from <= $opening
        AND (s.row_valid_to IS NULL OR $opening < s.row_valid_to)
        AND CASE WHEN l.status IS NULL THEN s.balance > 0 ELSE c.attr = 'running' END
), now AS (
    SELECT s.loan_id, s.currency, s.branch_id, s.balance, s.classification, s.status, s.is_running,
        {late} AS late
    FROM judged_loan s
)
SELECT getvariable('as_of') AS as_of, $opening AS opening,
    CASE WHEN b.loan_id IS NULL THEN n.currency ELSE b.currency END AS currency,
    CASE WHEN b.loan_id IS NULL THEN n.branch_id ELSE b.branch_id END AS branch_id,
    CASE WHEN b.loan_id IS NULL THEN 'new' ELSE 'running' END AS origin,
    CASE WHEN n.loan_id IS NULL THEN 'gone' WHEN n.is_running THEN 'running' ELSE coalesce(n.status, 'settled') END
        AS fate,
    b.classification AS class_before, CASE WHEN n.is_running THEN n.classification END AS class_after,
    b.late AS late_before, CASE WHEN n.is_running THEN n.late END AS late_after,
    count(*) AS loans, coalesce(sum(b.balance), 0) AS balance_before,
    coalesce(sum(n.balance) FILTER (n.is_running), 0) AS balance_after
FROM before b
FULL JOIN now n ON n.loan_id = b.loan_id
WHERE b.loan_id IS NOT NULL OR n.is_running
GROUP BY ALL
