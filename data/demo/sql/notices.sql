-- A notice to borrower and guarantor before each maturity, and demands after a missed due day.
WITH maturity AS (
    SELECT n, h, loan_id, security, disbursed_on AS after, original_maturity AS maturity, closed_on, 0 AS seq
    FROM loan_plan
    UNION ALL
    SELECT x.n, x.h, x.loan_id, x.security, x.maturity_before, x.new_maturity, l.closed_on, x.seq
    FROM extension_plan x JOIN loan_plan l ON l.n = x.n
), told AS (
    SELECT *, CASE WHEN has_at('notice_late', h, seq) THEN maturity - pick_at('told late', h, seq, 1, 6)
        WHEN seq > 0 THEN greatest(workday(maturity - pick_at('told', h, seq, 33, 45)), after)
        ELSE workday(maturity - pick_at('told', h, seq, 33, 45)) END AS day
    FROM maturity
    WHERE NOT has_at('notice_missing', h, seq)
), demand AS (
    SELECT *, due_day + 1 + CASE WHEN has('collection_late', h) THEN pick('demand', h, 20, 60)
        ELSE pick('demand', h, 0, 4) END + CAST(turn * 60 AS INTEGER) AS day
    FROM (SELECT *, unnest(range(3)) AS turn FROM loan_plan WHERE due_day IS NOT NULL)
), notice AS (
    SELECT loan_id, h, security, 'maturity' AS kind, day FROM told
    WHERE day >= getvariable('first_day') - 60 AND day <= getvariable('last_day') AND day >= after
        AND (closed_on IS NULL OR day <= closed_on)
    UNION ALL
    SELECT loan_id, h, security, 'collection' AS kind, day FROM demand
    WHERE day <= least(coalesce(cured_day, DATE '9999-12-31'), coalesce(closed_on, DATE '9999-12-31'),
        getvariable('last_day'))
), addressed AS (
    SELECT *, unnest(CASE WHEN security = 'credit' THEN ['borrower'] ELSE ['borrower', 'guarantor'] END) AS party
    FROM notice
)
SELECT loan_id, kind, day AS notice_date, party,
    CASE WHEN slot('receipt', h) < 950 THEN least(day + pick('receipt day', h, 0, 3), getvariable('last_day')) END
        AS receipt_date,
    slot('copy', h) < 970 AS copy_kept, seen(day) AS row_valid_from, CAST(NULL AS DATE) AS row_valid_to
FROM addressed
