-- The first within days of the disbursement, regular ones after it, and one a month while a loan is below normal.
WITH loan AS (
    SELECT l.*, least(coalesce(l.closed_on, getvariable('last_day')), getvariable('last_day')) AS ends,
        workday(l.disbursed_on + CASE WHEN has('first_inspection_late', l.h) THEN pick('first', l.h, 25, 70)
            ELSE pick('first', l.h, 4, 14) END) AS first_day,
        CASE WHEN l.borrower_type = 'P' THEN pick('every', l.h, 150, 170) ELSE pick('every', l.h, 66, 80) END AS every,
        least(l.due_day + 1, l.watched_from, x.agreement_day) AS bad_from,
        coalesce(l.cured_day, DATE '9999-12-31') AS bad_to
    FROM loan_plan l
    LEFT JOIN (SELECT n, min(agreement_day) AS agreement_day FROM extension_plan GROUP BY n) x ON x.n = l.n
), anchored AS (
    SELECT *, CASE WHEN first_day >= getvariable('first_day') - every THEN first_day + every
        ELSE getvariable('first_day') - pick('phase', h, 0, every - 1) END AS anchor
    FROM loan
), visit AS (
    SELECT n, h, loan_id, officer_id, ends, 'first' AS kind, 0 AS turn, first_day AS day FROM anchored
    UNION ALL
    SELECT n, h, loan_id, officer_id, ends, 'routine' AS kind, turn,
        spread(anchor + CAST(turn * every AS INTEGER), h) AS day
    FROM (SELECT *, unnest(range(0, greatest(ends - anchor, -1) // every + 1)) AS turn FROM anchored
        WHERE NOT has('inspection_missing', h) AND anchor <= ends)
    UNION ALL
    SELECT n, h, loan_id, officer_id, ends, 'special' AS kind, turn, workday(start + CAST(turn * 27 AS INTEGER)) AS day
    FROM (SELECT *, unnest(range(0, (least(ends, bad_to) - start) // 27 + 1)) AS turn
        FROM (SELECT *, greatest(bad_from, getvariable('first_day') - pick('phase', h, 0, 26)) AS start FROM anchored)
        WHERE bad_from IS NOT NULL AND start <= least(ends, bad_to) AND NOT has('inspection_missing', h))
), written AS (
    SELECT n, h, loan_id, officer_id, kind, turn, day, last_day(months_after(day, -1)) AS report_period,
        least(day + pick_at('entered', h, turn, 0, 2), getvariable('last_day')) AS entered
    FROM visit
    WHERE day <= ends
    UNION ALL
    -- The June report written in March: dated a quarter after the day it was entered.
    SELECT n, h, loan_id, officer_id, 'routine' AS kind, 99 AS turn, entered + 85 AS day,
        last_day(entered + 85) AS report_period, entered
    FROM (SELECT *, greatest(disbursed_on + 20, getvariable('last_day') - pick('written', h, 20, 250)) AS entered
        FROM anchored WHERE has('inspection_predated', h))
    WHERE entered <= ends
)
SELECT 'J' || loan_id || '-' || kind[1] || turn AS inspection_id, loan_id, day AS inspection_date, report_period,
    CAST(entered AS TIMESTAMP) + INTERVAL 16 HOUR AS created_at, officer_id AS inspector_id, kind,
    CASE WHEN kind = 'first' THEN '用途;经营' WHEN has('items_short', h) THEN '经营;财务'
        ELSE '经营;财务;担保;重大变化;押品' END AS items,
    CASE WHEN kind = 'special' THEN '出现风险信号,持续跟踪' ELSE '经营正常' END AS finding,
    CASE WHEN has('inspection_copied', h) THEN md5('copied/' || officer_id)
        ELSE md5('text/' || n || '/' || kind || turn) END AS text_hash,
    seen(entered) AS row_valid_from, CAST(NULL AS DATE) AS row_valid_to
FROM written
