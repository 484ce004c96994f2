-- The life of every loan, from which all registers are written: terms, extensions, arrears, and the days of its steps.
CREATE OR REPLACE TEMP TABLE loan_terms AS
WITH owned AS MATERIALIZED (
    -- First, or the planner may join every borrower with every slot of his type.
    SELECT o.n, o.h, o.is_past, slot('product', o.h) AS slot, b.* EXCLUDE (h)
    FROM loan_owner o JOIN borrower_plan b ON b.b = o.b
), product AS MATERIALIZED (
    SELECT o.* EXCLUDE (slot), p.* EXCLUDE (borrower_type, slot), slot('term', o.h) AS slot,
        slot('bullet', o.h) < p.bullet AS is_bullet,
        CASE
            WHEN slot('security', o.h) < p.mortgage THEN 'mortgage'
            WHEN slot('security', o.h) < p.mortgage + p.pledge THEN 'pledge'
            WHEN slot('security', o.h) < p.mortgage + p.pledge + p.guarantee THEN 'guarantee'
            ELSE 'credit'
        END AS security
    FROM owned o JOIN product_slot p ON p.borrower_type = o.borrower_type AND p.slot = o.slot
), term AS (
    SELECT p.* EXCLUDE (slot), t.months, f.fate, f.dpd_low, f.dpd_high,
        CASE WHEN p.extendable AND slot('odd days', p.h) < 60 THEN pick('days', p.h, 1, 27) ELSE 0 END AS odd_days
    FROM product p
    JOIN term_slot t ON t.product_code = p.product_code AND t.slot = p.slot
    LEFT JOIN fate_slot f ON f.slot = CASE WHEN NOT p.is_past THEN slot('fate', p.h) END
), amount AS (
    -- The product of two even draws: many small loans, few large ones.
    SELECT *, low + step * ((high - low) * (draw('size', h) % 1000) * (draw('scale', h) % 1000) // (1000000 * step))
        AS usual_amount
    FROM term
)
SELECT * EXCLUDE (usual_amount, low, high, step, mortgage, pledge, guarantee, bullet),
    CASE
        WHEN security <> 'credit' THEN usual_amount
        WHEN has('unsecured_large', h) THEN credit_max + step * pick('beyond', h, 1, 20)
        ELSE least(usual_amount, credit_max)
    END AS principal,
    CASE WHEN is_past THEN CASE WHEN slot('write-off', h) < 25 THEN 'written_off' ELSE 'repaid' END ELSE fate END
        AS life,
    pick('days past due', h, dpd_low, dpd_high) AS dpd,
    months * 30 + odd_days AS term_days,
    CASE WHEN months + CAST(odd_days > 0 AS INTEGER) <= 12 THEN months
        WHEN months + CAST(odd_days > 0 AS INTEGER) <= 60 THEN months // 2 ELSE 36 END AS extension_cap
FROM amount;

CREATE OR REPLACE TEMP TABLE loan_course AS
WITH matured AS (
    SELECT *,
        is_bullet AND (term_days < dpd + 90 OR slot('matured', h) < 600) AND life = 'arrears' AS is_matured
    FROM loan_terms
), extended AS (
    SELECT *,
        CASE
            WHEN NOT (is_bullet AND extendable) THEN 0
            WHEN life = 'extended' OR (is_matured AND slot('extended first', h) < 150)
                THEN CASE WHEN has('extension_count', h) THEN 3 WHEN slot('twice', h) < 120 THEN 2 ELSE 1 END
            ELSE 0
        END AS extensions
    FROM matured
), longer AS (
    SELECT *,
        CASE
            WHEN extensions = 0 THEN 0
            WHEN (extensions = 1 AND has('extension_too_long', h))
                OR (extensions > 1 AND has('extension_cumulative', h)) THEN extension_cap + pick('beyond', h, 1, 4)
            ELSE greatest(extensions, least(extension_cap, 3 * pick('quarters', h, 1, 4)))
        END AS extension_months
    FROM extended
), ending AS (
    -- The day on which the last maturity falls, but for the lengths of months.
    SELECT *,
        CASE
            WHEN life = 'written_off' THEN closing_day - pick('overdue first', h, 370, 700)
            WHEN life IN ('repaid', 'settled') THEN closing_day + early_days
            WHEN is_matured THEN getvariable('last_day') - dpd
            WHEN extensions > 0 THEN getvariable('last_day')
                + 6 + pick('left', h, 0,
                    30 * (extension_months - extension_months * (extensions - 1) // extensions) - 8)
            ELSE getvariable('last_day') + pick('left', h, least_left,
                CASE WHEN life = 'arrears' THEN term_days - dpd - 60 ELSE term_days - 2 END)
        END AS target
    FROM (
        SELECT *,
            CASE WHEN life = 'settled' THEN getvariable('last_day') - pick('closed', h, 0, 25)
                ELSE getvariable('first_day') + pick('closed', h, 1, 333) END AS closing_day,
            greatest(least_left - 6,
                CASE WHEN slot('early', h) < 200 THEN pick('early days', h, 5, term_days // 3) ELSE 0 END) AS early_days
        FROM (SELECT *, greatest(6, term_days - getvariable('longest_age_days')) AS least_left FROM longer))
), dated AS (
    SELECT *, workday(months_after(target, -months - extension_months) - odd_days) AS disbursed_on FROM ending
), matures AS (
    SELECT *, months_after(disbursed_on, months) + odd_days AS original_maturity,
        months_after(months_after(disbursed_on, months) + odd_days, extension_months) AS final_maturity
    FROM dated
)
SELECT * EXCLUDE (closing_day, early_days, least_left, target, is_matured, fate, dpd_low, dpd_high),
    is_matured OR life = 'written_off' AS is_matured,
    CASE WHEN life IN ('repaid', 'settled', 'written_off')
        THEN least(greatest(closing_day, disbursed_on + 5), getvariable('last_day')) END AS closed_on,
    CASE
        WHEN is_matured OR life = 'written_off' THEN final_maturity
        WHEN life = 'arrears' THEN greatest(getvariable('last_day') - dpd, disbursed_on + 20)
        WHEN life = 'cured' AND cured_from BETWEEN disbursed_on + 40 AND final_maturity - 70 THEN cured_from
    END AS due_day,
    CASE WHEN life = 'cured' AND cured_from BETWEEN disbursed_on + 40 AND final_maturity - 70
        THEN cured_from + pick('late for', h, 3, 50) END AS cured_day,
    CASE WHEN life IN ('watched', 'impaired')
        THEN greatest(disbursed_on + 30, getvariable('last_day') - pick('watched for', h, 20, 300)) END AS watched_from
FROM (SELECT *, getvariable('first_day') + pick('late from', h, 10, 300) AS cured_from FROM matures);

-- The steps lead to the disbursement; a Friday stands for a weekend.
CREATE OR REPLACE TEMP TABLE loan_plan AS
WITH back AS (
    SELECT *,
        disbursed_on - pick('sign', h, 0, 2) AS contract_day,
        disbursed_on - pick('sign', h, 0, 2) - pick('approve', h, 1, 4) AS approval_day
    FROM loan_course
), earlier AS (
    SELECT *,
        approval_day - pick('meet', h, 0, 2) AS committee_day,
        approval_day - pick('meet', h, 0, 2) - pick('review', h, 1, 3) AS review_day
    FROM back
), earliest AS (
    SELECT *,
        review_day - pick('report', h, 0, 2) AS report_day,
        review_day - pick('report', h, 0, 2) - pick('visit', h, 1, 5) AS investigation_day
    FROM earlier
)
SELECT *,
    branch_id || year(disbursed_on) || digits(n, 8) AS loan_id,
    'HT' || year(disbursed_on) || branch_id || digits(n, 8) AS contract_no,
    staff_no(branch_no, officer_serial) AS officer_id,
    investigation_day - pick('accept', h, 0, 2) AS acceptance_day,
    investigation_day - pick('accept', h, 0, 2) - pick('apply', h, 0, 2) AS application_day,
    pick('rate', h, rate_low, rate_high) AS rate_bp,
    seen(disbursed_on) AS first_seen,
    least(coalesce(seen(closed_on), getvariable('last_day')), getvariable('last_day')) AS last_seen,
    principal > committee_above AS needs_committee,
    principal > getvariable('filing_above') AS needs_filing,
    security <> 'credit' AND has('security_missing', h) AS lacks_security,
    CASE WHEN has('self_approved', h) THEN staff_no(branch_no, officer_serial)
        WHEN principal > head.authority AND NOT has('beyond_authority', h) THEN staff_no(0, a.serial)
        ELSE staff_no(branch_no, head.serial) END AS approver_id,
    CASE WHEN principal > head.authority THEN staff_no(0, pick('reviewer', h, 9002, 9003))
        ELSE staff_no(branch_no, pick('reviewer', h, 9002, 9003)) END AS reviewer_id
FROM earliest
ASOF JOIN (SELECT authority, serial FROM desk WHERE place = 'head_office' AND authority IS NOT NULL) a
    ON earliest.principal <= a.authority
CROSS JOIN (SELECT authority, serial FROM desk WHERE role = 'head') head;
