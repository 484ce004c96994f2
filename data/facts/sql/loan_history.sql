-- What earlier snapshots, the schedule and demands say of each loan in the snapshot.
-- recent_day: the last three snapshots up to as_of, the latest first.
CREATE OR REPLACE TEMP TABLE recent_day AS
SELECT snapshot_date AS day, row_number() OVER (ORDER BY snapshot_date DESC) AS turn
FROM (SELECT DISTINCT snapshot_date FROM current_snapshots WHERE snapshot_date <= getvariable('as_of'))
QUALIFY turn <= 3;

CREATE OR REPLACE TEMP TABLE loan_history AS
WITH recent AS (
    -- Late in how many of the three; a book of fewer snapshots cannot say.
    SELECT s.loan_id,
        CASE WHEN count(*) = count(s.days_past_due) AND (SELECT count(*) FROM recent_day) = 3
            THEN count(*) FILTER (s.days_past_due > 0) END AS late_periods,
        max(s.balance) FILTER (d.turn = 2) AS balance_before,
        max(s.days_past_due) FILTER (d.turn = 1) AS days_past_due,
        max(s.interest_overdue_on) FILTER (d.turn = 1) AS interest_on,
        max(s.interest_overdue_off) FILTER (d.turn = 1) AS interest_off
    FROM current_snapshots s JOIN recent_day d ON d.day = s.snapshot_date
    GROUP BY s.loan_id
), arrears AS (
    SELECT loan_id, min(first_overdue_date) AS first_date
    FROM current_snapshots
    WHERE first_overdue_date IS NOT NULL AND snapshot_date <= getvariable('as_of')
    GROUP BY loan_id
), demanded AS (
    SELECT loan_id, max(notice_date) AS last_date
    FROM current_notices
    WHERE kind = 'collection' AND notice_date <= getvariable('as_of')
    GROUP BY loan_id
), due AS (
    SELECT l.loan_id, c.attr AS every, l.original_maturity,
        first_due(l.disbursed_on, l.original_maturity, c.attr, 1) AS first_date,
        first_due(l.disbursed_on, l.original_maturity, c.attr, 2) AS second_date
    FROM current_loans l
    LEFT JOIN codes c ON c.list = 'repayment_method' AND c.code = l.repayment_method
)
SELECT r.loan_id, r.late_periods, r.balance_before, a.first_date AS first_arrears_date,
    CASE WHEN coalesce(r.interest_on, r.interest_off) IS NOT NULL
        THEN coalesce(r.interest_on, 0) + coalesce(r.interest_off, 0) END AS interest_overdue,
    n.last_date AS last_demand_date, d.first_date AS first_due_date,
    -- Missed: arrears began before the second due date. Without a first day of arrears, only one not past due is known.
    CASE
        WHEN coalesce(d.first_date > getvariable('as_of'), true) THEN NULL
        WHEN a.first_date IS NULL THEN CASE WHEN r.days_past_due = 0 THEN false END
        WHEN d.second_date = d.first_date THEN a.first_date >= d.first_date
        ELSE a.first_date < d.second_date
    END AS first_due_missed
FROM recent r
JOIN due d USING (loan_id)
LEFT JOIN arrears a USING (loan_id)
LEFT JOIN demanded n USING (loan_id);
