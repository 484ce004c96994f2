SELECT plan_id, title, '信贷管理部' AS department, staff_no(0, 9004) AS approved_by,
    getvariable('first_day') + approved_after AS approved_date,
    seen(getvariable('first_day') + approved_after) AS row_valid_from,
    CAST(NULL AS DATE) AS row_valid_to
FROM (VALUES ('JH2026', '年度客户经理培训计划', 20), ('JH2026B', '补充培训计划', 330)) plan(plan_id, title, approved_after)
