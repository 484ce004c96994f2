-- One analysis a year for every account manager and topic; a few have none.
WITH officer AS (
    SELECT branch_no, CAST(unnest(range(1, officers + 1)) AS INTEGER) AS serial FROM branch
), asked AS (
    SELECT o.*, c.clause_group, c.course, CAST(c.seq AS INTEGER) AS place,
        parts(md5_number_lower('need/' || branch_no || '/' || serial || '/' || c.seq)) AS h,
        parts(md5_number_lower('trainee/' || branch_no || '/' || serial)) AS own
    FROM officer o CROSS JOIN demo_courses c
    WHERE c.clause_group <> 'OTHER' AND c.kind = 'course'
)
SELECT 'XQ' || staff_no(branch_no, serial) || place AS need_id, staff_no(branch_no, serial) AS staff_id,
    clause_group AS topic, course AS skill, pick('level', h, 40, 78) AS current_level, 75 AS required_level,
    CASE WHEN slot('source', h) < 500 THEN '违规记录' ELSE '考核' END AS source,
    getvariable('first_day') + pick('analysed', own, 5, 25) AS found_on,
    seen(getvariable('first_day') + 25) AS row_valid_from, CAST(NULL AS DATE) AS row_valid_to
FROM asked
WHERE NOT has('needs_missing', own)
