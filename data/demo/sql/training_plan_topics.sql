SELECT plan_id, CAST(seq AS INTEGER) AS seq, course, nullif(prerequisite, '') AS prerequisite,
    getvariable('first_day') AS as_of,
    CAST(NULL AS DATE) AS until
FROM demo_courses
CROSS JOIN (VALUES ('JH2026'), ('JH2026B')) plan(plan_id)
