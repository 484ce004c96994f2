-- One row per group of connected borrowers in the register with a loan in the snapshot.
WITH member AS (
    SELECT group_id, borrower_id, branch_id, officer_id, controller, balance, running_loans, npl_balance, circle_members
    FROM facts_borrower
    WHERE as_of = getvariable('as_of') AND group_id IS NOT NULL
), largest AS (
    SELECT group_id, branch_id, officer_id FROM member
    QUALIFY row_number() OVER (PARTITION BY group_id ORDER BY balance DESC NULLS LAST, borrower_id) = 1
), total AS (
    SELECT group_id, count(*) AS members,
        CASE WHEN count(*) = count(balance) THEN sum(balance) END AS balance,
        CASE WHEN count(*) = count(running_loans) THEN sum(running_loans) END AS running_loans,
        CASE WHEN count(*) = count(npl_balance) THEN sum(npl_balance) END AS npl_balance,
        count(DISTINCT controller) AS controllers,
        CASE WHEN count(*) = count(circle_members) THEN count(*) FILTER (len(circle_members) > 0) END
            AS members_in_circles
    FROM member
    GROUP BY group_id
)
SELECT getvariable('as_of') AS as_of, CAST(NULL AS VARCHAR) AS loan_id, CAST(NULL AS VARCHAR) AS borrower_id,
    p.branch_id, p.officer_id, t.*, g.name AS group_name, g.credit_limit, b.net_capital, b.tier1_capital
FROM total t
JOIN largest p USING (group_id)
LEFT JOIN current_groups g USING (group_id)
CROSS JOIN parameters b
