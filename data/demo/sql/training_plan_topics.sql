SELECT plan_id, CAST(seq AS INTEGER) AS seq, course, nullif(prerequisite, '') AS prerequisite,
    getvariable('first_day') AS row_valid_from,
    CAST(NULL AS DATE) AS row_valid_to
FROM demo_courses
CROSS JOIN (VALUES ('JH2026'), ('JH2026B')) plan(plan_id)
