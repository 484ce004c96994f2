-- Sessions six weeks apart: four out of five account managers go, and to a later course only after its prerequisite.
WITH officer AS (
    SELECT branch_no, CAST(unnest(range(1, officers + 1)) AS INTEGER) AS serial FROM branch
    UNION ALL
    SELECT branch_no, 9001 AS serial FROM branch
), course AS (
    SELECT *, CAST(seq AS INTEGER) AS place, getvariable('first_day') + CAST(seq AS INTEGER) * 45 AS near
    FROM demo_courses
), invited AS (
    -- On a Saturday, when nobody visits customers; the quiz on a working day.
    SELECT o.*, c.*, CASE WHEN kind = 'quiz' THEN workday(near) ELSE near + 6 - CAST(isodow(near) AS INTEGER) END AS day, staff_no(branch_no, serial) AS staff_id,
        parts(md5_number_lower('training/' || branch_no || '/' || serial || '/' || place)) AS h,
        parts(md5_number_lower('trainee/' || branch_no || '/' || serial)) AS own
    FROM officer o CROSS JOIN course c
), attended AS (
    SELECT *, slot('first course', own) < 800 AS took_first FROM invited
    WHERE CASE
        WHEN serial = 9001 THEN place = 3 AND slot('head attends', h) < 150
        WHEN place = 1 THEN slot('first course', own) < 800
        WHEN prerequisite <> ''
            THEN (slot('first course', own) < 800 OR has('prerequisite_skipped', h)) AND slot('attends', h) < 850
        ELSE slot('attends', h) < 700 END
)
SELECT 'PX' || staff_id || place AS training_id, staff_id,
    CASE WHEN slot('need', h) < 930 AND place < 5 THEN 'XQ' || staff_id || place
        WHEN slot('need', h) < 930 THEN 'XQ' || staff_id || '1' END AS need_id,
    CASE WHEN has('course_misnamed', h) THEN course || '（补课）' ELSE course END AS course,
    CASE WHEN has('topic_misfiled', h) THEN 'OTHER' ELSE clause_group END AS clause_group, day AS date,
    CASE WHEN has('method_unrecognised', h) THEN 'self_study' WHEN branch_no % 10 = 0 THEN 'lecture' ELSE method END AS method,
    CASE WHEN has('outside_lecturer', h) OR branch_no % 10 = 0 THEN 'training_firm' ELSE trainer_type END AS trainer_type,
    CASE WHEN has('plan_approved_late', h) THEN 'JH2026B' WHEN slot('plan', h) < 950 THEN 'JH2026' END AS plan_id,
    pick('before', h, 45, 80) AS pre_score,
    CASE WHEN has('not_assessed', h) THEN NULL
        ELSE pick('before', h, 45, 80)
            + CASE WHEN has('score_fell', h) THEN -4 ELSE pick('gain', h, 0, 18) END END AS post_score,
    CASE WHEN NOT has('not_assessed', h) THEN day + 3 END AS assess_date,
    CASE WHEN has('feedback_late', h) THEN day + 40 WHEN slot('feedback', h) < 950 THEN day + 5 END AS feedback_date,
    CASE WHEN slot('feedback', h) < 950 THEN pick('liked', h, 3, 5) END AS feedback_score,
    kind AS session_kind,
    CASE WHEN has('session_shortened', h) THEN 1 WHEN has('session_prolonged', h) THEN 6 ELSE CAST(days AS INTEGER) END AS days,
    CASE WHEN NOT has('organiser_missing', h) THEN '信贷管理部' END AS organiser,
    CASE WHEN trainer_type = 'internal' THEN staff_no(0, 9002) END AS trainer_id,
    CASE WHEN kind = 'quiz' THEN CAST(pick('team', own, 1, 5) AS VARCHAR) END AS group_no,
    CASE WHEN kind = 'quiz' THEN pick('team', own, 1, 5) END AS team_rank,
    CASE WHEN kind = 'quiz' AND pick('team', own, 1, 5) <= 3 AND NOT has('reward_missing', h) THEN '奖状' END AS reward,
    CASE WHEN law <> '' AND has('law_repealed', h) THEN 'contract_law' ELSE nullif(law, '') END AS law,
    seen(day) AS row_valid_from, CAST(NULL AS DATE) AS row_valid_to
FROM attended
