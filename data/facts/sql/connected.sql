-- Borrowers who guarantee one another in a circle, with the length of the shortest one and who stands on such a one.
-- Only those who both give and enjoy a guarantee can; circles of more than six are not looked for.
CREATE OR REPLACE TEMP TABLE circle AS
WITH RECURSIVE pledge AS (
    SELECT DISTINCT g.provider_id AS giver, l.borrower_id AS taker
    FROM live_guarantee g JOIN judged_loan l ON l.loan_id = g.loan_id
    WHERE g.kind = 'guarantee' AND l.is_running AND g.provider_id <> l.borrower_id
), once AS (
    FROM pledge WHERE giver IN (SELECT taker FROM pledge) AND taker IN (SELECT giver FROM pledge)
), twice AS (
    FROM once WHERE giver IN (SELECT taker FROM once) AND taker IN (SELECT giver FROM once)
), edge AS MATERIALIZED (
    FROM twice WHERE giver IN (SELECT taker FROM twice) AND taker IN (SELECT giver FROM twice)
), reach(start, node, hops) AS (
    SELECT giver, taker, 1 FROM edge
    UNION
    SELECT r.start, e.taker, r.hops + 1
    FROM reach r JOIN edge e ON e.giver = r.node
    WHERE r.hops < 6 AND r.node <> r.start
), distance AS MATERIALIZED (
    SELECT start, node, min(hops) AS hops FROM reach GROUP BY start, node
), round AS (
    SELECT start, hops AS size FROM distance WHERE start = node
)
SELECT r.start AS borrower_id, r.size, list(there.node ORDER BY there.node) AS members
FROM round r
JOIN distance there ON there.start = r.start AND there.node <> r.start
JOIN distance back ON back.start = there.node AND back.node = r.start AND there.hops + back.hops = r.size
GROUP BY r.start, r.size;

-- What a borrower's running loans come to, and who else is controlled by the same hand outside the group; without a
-- group each stands alone.
CREATE OR REPLACE TEMP TABLE exposure AS
WITH owed AS (
    SELECT l.borrower_id,
        CASE WHEN bool_and(l.classification IS NOT NULL)
            THEN coalesce(sum(l.balance) FILTER (c.attr = 'npl'), 0) END AS npl_balance,
        count(*) FILTER (c.attr IS DISTINCT FROM 'npl') AS performing_loans,
        -- A year's interest above the cost of funds, less provisions.
        CASE WHEN bool_and(l.balance IS NOT NULL AND l.annual_rate_pct IS NOT NULL AND l.provision IS NOT NULL)
            THEN sum(l.balance * (l.annual_rate_pct - p.funding_cost_pct) * CAST(0.01 AS DECIMAL(3, 2)) - l.provision) END
            AS risk_adjusted_margin
    FROM judged_loan l
    CROSS JOIN parameters p
    LEFT JOIN codes c ON c.list = 'classification' AND c.code = l.classification
    WHERE l.is_running AND l.borrower_id IS NOT NULL
    GROUP BY l.borrower_id
), controlled AS (
    SELECT b.controller, b.group_id, count(*) AS borrowers
    FROM current_borrowers b JOIN owed o USING (borrower_id)
    WHERE b.controller IS NOT NULL
    GROUP BY b.controller, b.group_id
), hand AS (
    SELECT controller, sum(borrowers) AS borrowers FROM controlled GROUP BY controller
)
SELECT o.*,
    CASE WHEN b.controller IS NOT NULL THEN h.borrowers - coalesce(g.borrowers, 1) END AS ungrouped_connected
FROM owed o
LEFT JOIN current_borrowers b USING (borrower_id)
LEFT JOIN hand h ON h.controller = b.controller
LEFT JOIN controlled g ON g.controller = b.controller AND g.group_id = b.group_id;
