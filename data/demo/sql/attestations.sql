-- What only a person can judge: a third of the loans were looked at, on the day of the contract or of the investigation.
WITH asked(clause_id, about, words) AS (
    VALUES ('S5.5.2', 'loan', '合同打印,无涂改'), ('S5.2b.M13', 'loan', '其他资料已核对'),
        ('S5.3.2.1', 'borrower', '现场查看,经营正常'), ('S5.3.3.2', 'borrower', '已分析产品和市场前景'),
        ('S3.1.2', 'borrower', '综合收益较好'), ('S3.1.3', 'borrower', '无流失迹象'),
        ('S3.2.8', 'borrower', '无逃废债迹象'), ('S4.3', 'borrower', '按季回访')
), judged AS (
    SELECT a.*, l.h, l.n, l.loan_id, l.b, l.reviewer_id,
        workday(CASE WHEN a.about = 'loan' THEN l.contract_day ELSE l.investigation_day END) AS day, l.first_seen,
        has_at('attested_broken', l.h, ascii(right(a.clause_id, 1))) AS is_broken
    FROM loan_plan l CROSS JOIN asked a
    WHERE slot('attested', l.h) < 300
), trainee AS (
    SELECT staff_no(branch_no, serial) AS staff_id, staff_no(branch_no, 9001) AS judged_by, clause_id, words,
        parts(md5_number_lower('trainee/' || branch_no || '/' || serial || '/' || clause_id)) AS h
    FROM (SELECT branch_no, CAST(unnest(range(1, officers + 1)) AS INTEGER) AS serial FROM branch)
    CROSS JOIN (VALUES ('S2.2.5c', '培训成绩计入年度考核'), ('S3.4', '礼仪达标')) asked(clause_id, words)
    WHERE slot('attested', h) < 600
)
SELECT 'RD' || loan_id || '-' || clause_id AS attestation_id, clause_id,
    CASE WHEN about = 'loan' THEN loan_id END AS loan_id, CASE WHEN about = 'borrower' THEN borrower_no(b) END
        AS borrower_id,
    CAST(NULL AS VARCHAR) AS staff_id, reviewer_id AS judged_by, day AS judged_on, CASE WHEN is_broken THEN 'broken' ELSE 'kept' END AS outcome,
    CASE WHEN NOT is_broken THEN words END AS note, first_seen AS row_valid_from, CAST(NULL AS DATE) AS row_valid_to
FROM judged
UNION ALL
SELECT 'RD' || staff_id || '-' || clause_id AS attestation_id, clause_id, NULL AS loan_id, NULL AS borrower_id, staff_id,
    judged_by, judged_on, outcome, CASE WHEN outcome = 'kept' THEN words END AS note, seen(judged_on) AS row_valid_from,
    CAST(NULL AS DATE) AS row_valid_to
FROM (
    SELECT *, getvariable('first_day') + 320 AS judged_on,
        CASE WHEN has('attested_broken', h) THEN 'broken' ELSE 'kept' END AS outcome
    FROM trainee)
