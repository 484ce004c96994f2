-- A row when the loan is first seen, and a new one whenever its maturity or status changes.
WITH turn AS (
    SELECT n, unnest([first_seen, seen(due_day + 1), seen(cured_day), seen(closed_on)]) AS row_valid_from FROM loan_plan
    UNION ALL
    SELECT n, known_from FROM extension_plan
), version AS (
    SELECT DISTINCT t.n, t.row_valid_from
    FROM turn t JOIN loan_plan l ON l.n = t.n
    WHERE t.row_valid_from BETWEEN l.first_seen AND l.last_seen
), dated AS (
    SELECT n, row_valid_from,
        lead(row_valid_from) OVER (PARTITION BY n ORDER BY row_valid_from) AS row_valid_to FROM version
)
SELECT l.loan_id, l.contract_no, borrower_no(l.b) AS borrower_id, l.branch_id, l.branch_name,
    CASE WHEN NOT has('missing_officer', l.h) THEN l.officer_id END AS officer_id,
    CASE WHEN NOT has('missing_product', l.h) THEN l.product_code END AS product_code,
    l.principal,
    CASE WHEN NOT has_at('missing_balance', l.h, v.row_valid_from - getvariable('first_day'))
        THEN state.balance END AS balance,
    'CNY' AS currency, l.rate_bp / 100 AS annual_rate_pct,
    CASE WHEN slot('rate type', l.h) < 600 THEN 'fixed' ELSE 'floating' END AS rate_type,
    CASE WHEN NOT has('missing_disbursed', l.h) THEN l.disbursed_on END AS disbursed_on,
    CASE WHEN NOT has('missing_original_maturity', l.h) THEN l.original_maturity END AS original_maturity,
    state.current_maturity, state.extension_count,
    CASE WHEN NOT has('missing_guarantee_type', l.h) THEN l.security END AS guarantee_type,
    CASE WHEN l.is_bullet THEN CASE WHEN l.months <= 6 THEN 'bullet' ELSE 'interest_only' END ELSE l.method END
        AS repayment_method,
    CASE
        WHEN l.product_code IN ('consumer', 'auto') AND l.principal <= 300000 THEN 'self'
        WHEN l.product_code IN ('farmer', 'student') THEN 'self'
        WHEN l.product_code = 'personal_business' AND l.principal <= 500000 THEN 'self'
        WHEN l.product_code IN ('consumer', 'auto', 'personal_business') AND has('paid_to_borrower', l.h) THEN 'self'
        ELSE 'entrusted'
    END AS payment_mode,
    l.purpose,
    CASE WHEN has('purpose_forbidden', l.h) THEN 'securities' ELSE u.purpose_code END AS purpose_code,
    CASE WHEN NOT has('source_missing', l.h) THEN CASE l.borrower_type WHEN 'P' THEN '家庭收入' ELSE '销售收入' END END
        AS repayment_source,
    slot('agent', l.h) < 30 AS signed_by_agent,
    CASE WHEN has('term_class_wrong', l.h) THEN CASE WHEN l.months > 60 THEN 'medium' ELSE 'long' END
        WHEN l.months + CAST(l.odd_days > 0 AS INTEGER) <= 12 THEN 'short'
        WHEN l.months + CAST(l.odd_days > 0 AS INTEGER) <= 60 THEN 'medium' ELSE 'long' END AS recorded_term_class,
    CASE WHEN NOT has('missing_industry', l.h) THEN l.industry_code END AS industry_code,
    CASE WHEN slot('origin', l.h) < 880 THEN 'new' WHEN slot('origin', l.h) < 940 THEN 'refinance' ELSE 'renewal' END
        AS origin_type,
    CASE WHEN slot('origin', l.h) >= 880 THEN l.branch_id || (year(l.disbursed_on) - 1) || digits(l.n, 8) END
        AS prior_loan_id,
    CASE
        WHEN l.closed_on <= v.row_valid_from THEN CASE WHEN l.life = 'written_off' THEN 'written_off' ELSE 'settled' END
        WHEN state.days_past_due > 0 THEN 'overdue'
        WHEN state.extension_count > 0 THEN 'extended'
        ELSE 'normal'
    END AS status,
    CASE WHEN l.closed_on <= v.row_valid_from THEN l.closed_on END AS closed_date,
    v.row_valid_from, v.row_valid_to
FROM dated v
JOIN loan_plan l ON l.n = v.n
LEFT JOIN purpose_word u ON u.purpose = l.purpose
JOIN loan_state state ON state.n = v.n AND state.day = v.row_valid_from
