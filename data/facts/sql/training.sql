-- One row per attendance: one person in one session, with what plan, course, need and the day's other work say of it.
WITH loaded AS (
    SELECT EXISTS (FROM current_training_plans) AS plans, EXISTS (FROM current_training_plan_topics) AS topics,
        EXISTS (FROM current_courses) AS courses, EXISTS (FROM current_inspections) AS inspections,
        EXISTS (FROM current_training_needs) AS needs
), first_taken AS (
    SELECT staff_id, course, min(date) AS day FROM current_training GROUP BY staff_id, course
), followed AS (
    -- A course that stands several times in a plan follows all it names; the last of them to be taken decides.
    SELECT plan_id, course, max(prerequisite) AS prerequisite
    FROM current_training_plan_topics
    WHERE course IS NOT NULL
    GROUP BY plan_id, course
), inspected AS (
    SELECT t.training_id, count(*) AS inspections
    FROM current_training t
    JOIN current_inspections i ON i.inspector_id = t.staff_id AND i.inspection_date >= t.date
        AND i.inspection_date < t.date + CAST(ceil(coalesce(t.days, 1)) AS INTEGER)
    GROUP BY t.training_id
)
SELECT getvariable('as_of') AS as_of, CAST(NULL AS VARCHAR) AS loan_id, CAST(NULL AS VARCHAR) AS borrower_id,
    s.branch_id, t.staff_id AS officer_id, CAST(NULL AS DECIMAL(18, 2)) AS balance, t.*,
    t.date AS held_on, s.role AS staff_role, s.hire_date,
    p.approved_date AS plan_approved_date, p.approved_by AS plan_approved_by,
    CASE WHEN loaded.topics AND t.plan_id IS NOT NULL AND t.course IS NOT NULL THEN f.plan_id IS NOT NULL END
        AS in_plan,
    CASE WHEN loaded.topics THEN f.prerequisite IS NOT NULL END AS has_prerequisite,
    f.prerequisite, before.day AS prerequisite_date,
    CASE WHEN loaded.courses AND t.course IS NOT NULL THEN c.course IS NOT NULL END AS in_catalogue,
    c.days AS course_days, c.topic AS course_topic, c.target_role AS course_role,
    CASE WHEN loaded.needs AND t.need_id IS NOT NULL THEN n.need_id IS NOT NULL END AS need_found,
    n.required_level - n.current_level AS need_gap,
    CASE WHEN loaded.inspections THEN coalesce(i.inspections, 0) END AS inspections_that_day
FROM current_training t
CROSS JOIN loaded
LEFT JOIN current_staff s ON s.staff_id = t.staff_id
LEFT JOIN current_training_plans p ON p.plan_id = t.plan_id
LEFT JOIN followed f ON f.plan_id = t.plan_id AND f.course = t.course
LEFT JOIN first_taken before ON before.staff_id = t.staff_id AND before.course = f.prerequisite
LEFT JOIN current_courses c ON c.course = t.course
LEFT JOIN current_training_needs n ON n.need_id = t.need_id
LEFT JOIN inspected i ON i.training_id = t.training_id
