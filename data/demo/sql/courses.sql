SELECT course, clause_group AS topic, CAST(days AS INTEGER) AS days, nullif(target_role, '') AS target_role,
    getvariable('first_day') AS as_of,
    CAST(NULL AS DATE) AS until
FROM demo_courses
WHERE kind <> 'outdoor'
