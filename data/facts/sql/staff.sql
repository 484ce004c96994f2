-- One row per member of staff in the register: loans looked after, steps done twice on one loan, training, needs.
WITH loaded AS (
    SELECT EXISTS (FROM current_events) AS events, EXISTS (FROM current_training) AS training,
        EXISTS (FROM current_training_needs) AS needs
), managed AS (
    SELECT officer_id, count(*) AS loans, coalesce(sum(balance), 0) AS balance,
        coalesce(sum(balance) FILTER (days_past_due > 0), 0) AS overdue_balance,
        count(*) FILTER (approver_id = officer_id) AS own_approvals
    FROM judged_loan
    WHERE is_running AND officer_id IS NOT NULL
    GROUP BY officer_id
), twice AS (
    SELECT investigator_id AS staff_id, count(*) AS loans
    FROM judged_loan
    WHERE is_running AND investigator_id IN (reviewer_id, approver_id)
    GROUP BY investigator_id
), approved AS (
    SELECT approver_id AS staff_id, count(*) AS loans,
        CASE WHEN count(*) = count(approved_amount <= approver_authority)
            THEN count(*) FILTER (approved_amount > approver_authority) END AS beyond
    FROM judged_loan
    WHERE is_running AND approver_id IS NOT NULL
    GROUP BY approver_id
), trained AS (
    SELECT staff_id, count(*) FILTER (date > getvariable('as_of') - INTERVAL 1 YEAR) AS sessions,
        max(date) AS last_session_date, string_agg(clause_group, chr(31)) AS topics
    FROM current_training
    WHERE date <= getvariable('as_of')
    GROUP BY staff_id
), needed AS (
    SELECT staff_id, max(found_on) AS last_need_date, count(*) FILTER (required_level > current_level) AS gaps
    FROM current_training_needs
    WHERE found_on <= getvariable('as_of')
    GROUP BY staff_id
)
SELECT getvariable('as_of') AS as_of, CAST(NULL AS VARCHAR) AS loan_id, CAST(NULL AS VARCHAR) AS borrower_id,
    s.staff_id AS officer_id, s.*,
    coalesce(s.hire_date <= getvariable('as_of'), true)
        AND coalesce(s.left_date > getvariable('as_of'), true) AS is_employed,
    coalesce(m.balance, 0) AS balance, coalesce(m.loans, 0) AS managed_loans,
    coalesce(m.overdue_balance, 0) AS overdue_balance,
    CASE WHEN loaded.events THEN coalesce(m.own_approvals, 0) END AS own_approvals,
    CASE WHEN loaded.events THEN coalesce(t.loans, 0) END AS mixed_duties,
    CASE WHEN loaded.events THEN coalesce(a.loans, 0) END AS approvals,
    CASE WHEN NOT loaded.events THEN NULL WHEN a.staff_id IS NULL THEN 0 ELSE a.beyond END AS approvals_beyond_authority,
    CASE WHEN loaded.training THEN coalesce(e.sessions, 0) END AS sessions_in_a_year,
    e.last_session_date,
    CASE
        WHEN e.topics IS NOT NULL THEN list_sort(list_distinct(string_split(e.topics, chr(31))))
        WHEN loaded.training THEN []
    END AS topics_taken,
    n.last_need_date,
    CASE WHEN loaded.needs THEN coalesce(n.gaps, 0) END AS need_gaps,
    CASE WHEN loaded.needs THEN n.staff_id IS NOT NULL END AS has_needs,
    v.attested_kept, v.attested_broken
FROM current_staff s
CROSS JOIN loaded
LEFT JOIN managed m ON m.officer_id = s.staff_id
LEFT JOIN twice t ON t.staff_id = s.staff_id
LEFT JOIN approved a ON a.staff_id = s.staff_id
LEFT JOIN trained e ON e.staff_id = s.staff_id
LEFT JOIN needed n ON n.staff_id = s.staff_id
LEFT JOIN attested v ON v.subject = 'staff' AND v.id = s.staff_id
