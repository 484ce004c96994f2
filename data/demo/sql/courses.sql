SELECT course, clause_group AS topic, CAST(days AS INTEGER) AS days, nullif(target_role, '') AS target_role,
    getvariable('first_day') AS row_valid_from,
    CAST(NULL AS DATE) AS row_valid_to
FROM demo_courses
WHERE kind <> 'outdoor'
