-- Balance, maturity and days past due of every loan at every month-end on which it stands in the book.
CREATE OR REPLACE TEMP TABLE extension_state AS
SELECT n, seq AS extension_count, new_maturity, known_from,
    coalesce(lead(known_from) OVER (PARTITION BY n ORDER BY seq), getvariable('last_day') + 1) AS known_to
FROM extension_plan;

CREATE OR REPLACE TEMP TABLE loan_state AS
WITH standing AS (
    SELECT l.n, m.i, m.day, l.h, l.principal, l.is_bullet, l.method, l.months, l.term_days, l.disbursed_on,
        l.closed_on, l.due_day, l.cured_day, coalesce(e.new_maturity, l.original_maturity) AS current_maturity,
        coalesce(e.extension_count, 0) AS extension_count
    FROM month_end m
    JOIN loan_plan l ON m.day BETWEEN l.first_seen AND l.last_seen
    LEFT JOIN extension_state e ON e.n = l.n AND m.day >= e.known_from AND m.day < e.known_to
), unpaid AS (
    SELECT *,
        CASE
            WHEN closed_on <= day THEN NULL
            WHEN current_maturity < day THEN current_maturity
            WHEN due_day < day AND (cured_day IS NULL OR day < cured_day) THEN due_day
        END AS unpaid_since
    FROM standing
), paid AS (
    SELECT *, least(coalesce(unpaid_since, day), day) AS paid_to FROM unpaid
), periods AS (
    SELECT *,
        least(datediff('month', disbursed_on, paid_to) - CAST(day(paid_to) < day(disbursed_on) AS INTEGER), months - 1)
            AS paid_months
    FROM paid
)
SELECT n, i, day, current_maturity, CAST(extension_count AS INTEGER) AS extension_count, unpaid_since,
    coalesce(day - unpaid_since, 0) AS days_past_due,
    CASE
        WHEN closed_on <= day THEN 0
        WHEN is_bullet AND slot('part repaid', h) < 150 AND paid_to > disbursed_on + term_days // 2
            THEN principal - principal * pick('part', h, 5, 30) // 10000 * 100
        WHEN is_bullet THEN principal
        WHEN method = 'linear' THEN principal - principal * paid_months // months
        ELSE principal - principal * paid_months * (11 * months + 9 * paid_months) // (20 * months * months)
    END AS balance
FROM periods;
