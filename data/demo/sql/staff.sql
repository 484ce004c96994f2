WITH post AS (
    SELECT branch_no, branch_id, CAST(unnest(range(1, officers + 1)) AS INTEGER) AS serial, '客户经理' AS role,
        CAST(NULL AS BIGINT) AS authority
    FROM branch
    UNION ALL
    SELECT b.branch_no, b.branch_id, d.serial, d.zh, d.authority FROM branch b JOIN desk d ON d.place = 'branch'
    UNION ALL
    SELECT 0, left(b.branch_id, 4) || '000', d.serial, d.zh, d.authority
    FROM desk d JOIN branch b ON b.branch_no = 1 WHERE d.place = 'head_office'
), person AS (
    SELECT *, parts(md5_number_lower('staff/' || branch_no || '/' || serial)) AS h FROM post
)
SELECT staff_no(branch_no, serial) AS staff_id, person_name(h, 0) AS name, branch_id, role,
    getvariable('first_day') - pick('hired', h, 100, 9000) AS hire_date,
    CASE WHEN serial < 9000 AND slot('left', h) < getvariable('retirement_permille')
        THEN getvariable('first_day') + pick('left on', h, 20, 340) END AS left_date,
    authority AS authority_amount, getvariable('first_day') AS row_valid_from, CAST(NULL AS DATE) AS row_valid_to
FROM person
