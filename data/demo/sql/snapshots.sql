-- The loans of one month-end, variable `month`: in turn, so that the book holds the dates one after another.
WITH judged AS (
    SELECT s.*, l.loan_id, l.h, l.principal, l.rate_bp, l.is_bullet, l.months, l.closed_on,
        greatest(
            CASE WHEN s.days_past_due > 90 AND has('class_too_kind', l.h) THEN 2 ELSE d.rank END,
            CASE WHEN l.life = 'watched' AND l.watched_from <= s.day THEN 2
                WHEN l.life = 'impaired' AND l.watched_from <= s.day THEN 3 ELSE 1 END,
            CASE WHEN s.extension_count > 0 AND NOT has('class_after_extension', l.h) THEN 2 ELSE 1 END
        ) AS rank,
        -- Interest for the days past due, in yuan and cents.
        CAST(s.balance AS DECIMAL(18, 2)) * l.rate_bp * s.days_past_due / 3600000 AS interest
    FROM loan_state s
    JOIN loan_plan l ON l.n = s.n
    JOIN class_of_days d ON d.days_past_due = s.days_past_due
    WHERE s.i = getvariable('month')
)
SELECT j.loan_id, j.day AS snapshot_date,
    CASE WHEN NOT has_at('missing_balance', j.h, j.day - getvariable('first_day')) THEN j.balance END AS balance,
    CASE WHEN NOT has_at('missing_class', j.h, j.i) THEN c.classification END AS classification,
    CASE WHEN NOT has_at('missing_days_past_due', j.h, j.i) THEN j.days_past_due END AS days_past_due,
    CASE
        WHEN j.days_past_due = 0 THEN 0
        WHEN j.unpaid_since = j.current_maturity THEN j.balance
        WHEN j.is_bullet THEN 0
        ELSE least(j.balance, j.principal // j.months * (j.days_past_due // 30 + 1))
    END AS principal_overdue,
    round(CASE WHEN j.days_past_due <= 90 THEN j.interest ELSE 0 END, 2) AS interest_overdue_on,
    round(CASE WHEN j.days_past_due > 90 THEN j.interest ELSE 0 END, 2) AS interest_overdue_off,
    j.unpaid_since + 1 AS first_overdue_date,
    CASE WHEN j.days_past_due > 0 THEN j.days_past_due // 30 + 1 ELSE 0 END AS consecutive_missed,
    round(CAST(j.balance AS DECIMAL(18, 2)) * c.provision_pct / 100, 2) AS provision,
    CASE WHEN j.balance > 0 THEN least(last_day(j.day + 1) - 10, greatest(j.current_maturity, j.day + 1)) END
        AS next_due_date,
    round(CAST(j.balance AS DECIMAL(18, 2)) * j.rate_bp / 120000, 2) AS interest_due,
    CASE WHEN j.days_past_due = 0 THEN round(CAST(j.balance AS DECIMAL(18, 2)) * j.rate_bp / 120000, 2) ELSE 0 END
        AS interest_received,
    j.day AS row_valid_from, CAST(NULL AS DATE) AS row_valid_to
FROM judged j JOIN class c ON c.rank = j.rank
