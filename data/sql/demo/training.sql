WITH officer AS (
    SELECT branch_no, CAST(unnest(range(1, officers + 1)) AS INTEGER) AS serial FROM branch
), course AS (
    SELECT *, CAST(row_number() OVER (ORDER BY course) AS INTEGER) AS place FROM demo_courses
), attended AS (
    SELECT o.*, c.*, parts(md5_number_lower('training/' || branch_no || '/' || serial || '/' || place)) AS h
    FROM officer o CROSS JOIN course c
)
SELECT 'PX' || staff_no(branch_no, serial) || place AS training_id, staff_no(branch_no, serial) AS staff_id,
    CASE WHEN slot('need', h) < 800 THEN 'XQ' || place END AS need_id, course, clause_group,
    workday(getvariable('first_day') + place * 80) AS date, method, trainer_type,
    CASE WHEN slot('plan', h) < 900 THEN 'JH2026' END AS plan_id,
    pick('before', h, 45, 80) AS pre_score, pick('before', h, 45, 80) + pick('gain', h, 0, 18) AS post_score,
    CASE WHEN slot('feedback', h) < 850 THEN getvariable('first_day') + place * 80 + 5 END AS feedback_date,
    CASE WHEN slot('feedback', h) < 850 THEN pick('liked', h, 3, 5) END AS feedback_score,
    seen(workday(getvariable('first_day') + place * 80)) AS as_of, CAST(NULL AS DATE) AS until
FROM attended
WHERE slot('attends', h) < 600
