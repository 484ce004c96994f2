-- Set every quarter: capital in proportion to the loans, but so that in a small book no more than a few borrowers are
-- too large for it.
WITH owed AS (
    SELECT s.i, s.day, l.b, sum(s.balance) AS balance
    FROM loan_state s JOIN loan_plan l ON l.n = s.n
    WHERE month(s.day) % 3 = 0 OR s.i = 0
    GROUP BY ALL
), quarter AS (
    SELECT day, sum(balance) AS loans, list_min(max(balance, 3)) AS third_largest FROM owed GROUP BY day
), capital AS (
    SELECT day, loans, greatest(loans * 5 // 100, third_largest * 95 // 10) // 10000 * 10000 AS net FROM quarter
), figure AS (
    SELECT day, 'net_capital' AS parameter, net AS amount, NULL AS rate, NULL AS grade FROM capital
    UNION ALL
    SELECT day, 'tier1_capital', net * 72 // 100, NULL, NULL FROM capital
    UNION ALL
    SELECT day, 'loan_loss_provision', loans * 72 // 1000, NULL, NULL FROM capital
    UNION ALL
    SELECT getvariable('first_day'), parameter, NULL, rate, grade
    FROM (VALUES ('funding_cost', 2.05, NULL), ('lpr_1y', 3.0, NULL), ('lpr_5y', 3.5, NULL),
        ('bank_tier', NULL, 'county_rural')) fixed(parameter, rate, grade)
)
SELECT parameter, day AS effective_date, amount, rate, grade, day AS row_valid_from, CAST(NULL AS DATE) AS row_valid_to
FROM figure
