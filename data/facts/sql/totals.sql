-- What the whole bank and each branch come to: running loans in the bank's own currency, as on the health page
-- (where no loan is in it and all are in one other, in that one); the stock of the snapshot before; a year's training. One grouped scan each; is_bank marks the whole.
CREATE OR REPLACE TEMP TABLE main_currency AS
SELECT CASE WHEN bool_or(currency = getvariable('home_currency')) OR count(DISTINCT currency) <> 1
    THEN getvariable('home_currency') ELSE max(currency) END AS currency
FROM judged_loan WHERE is_running;

CREATE OR REPLACE TEMP VIEW counted_loan AS
SELECT l.*, c.attr = 'npl' AS is_npl, coalesce(l.industry_code, l.borrower_industry)[1] AS section,
    l.extension_count > 0 OR coalesce(l.origin_type = 'restructured', false) AS is_restructured,
    -- Blank days past due are nought where the loan is not past its maturity and nothing is in arrears.
    coalesce(l.days_past_due, CASE WHEN coalesce(l.current_maturity, l.original_maturity) >= l.as_of
        AND l.first_overdue_date IS NULL AND l.status IS DISTINCT FROM 'overdue'
        AND coalesce(l.principal_overdue + coalesce(l.interest_overdue_on, 0) + coalesce(l.interest_overdue_off, 0),
            l.interest_overdue_on + coalesce(l.interest_overdue_off, 0), l.interest_overdue_off,
            CASE WHEN l.status IS NOT NULL THEN 0 END) = 0 THEN 0 END) AS days_late
FROM judged_loan l
JOIN main_currency m ON m.currency IS NOT DISTINCT FROM l.currency
LEFT JOIN codes c ON c.list = 'classification' AND c.code = l.classification
WHERE l.is_running;

CREATE OR REPLACE TEMP VIEW flagged_loan AS
SELECT *, is_restructured OR days_late > 30 AS is_at_risk,
    is_restructured OR days_past_due > 30 AS is_at_risk_as_reported,
    section = 'K' OR product_code IN ('home_mortgage', 'commercial_mortgage') AS is_real_estate
FROM counted_loan;

-- A sum over what is known stands in no ratio when more loans than the limit lack what it needs.
CREATE OR REPLACE TEMP MACRO known_sum(amount, lacking, total) AS
    CASE WHEN lacking <= total * getvariable('max_unknown_share') THEN coalesce(amount, 0) END;

CREATE OR REPLACE TEMP TABLE stock AS
WITH summed AS (
SELECT branch_id, grouping(branch_id) = 1 AS is_bank,
    count(*) AS running_loans, count(DISTINCT borrower_id) AS borrowers, coalesce(sum(balance), 0) AS balance,
    count(*) FILTER (balance IS NULL) AS loans_without_balance,
    coalesce(sum(balance) FILTER (classification IS NOT NULL), 0) AS classified_balance,
    sum(balance) FILTER (is_npl) AS npl_balance,
    sum(balance) FILTER (classification = 'special_mention') AS special_mention_balance,
    count(*) FILTER (classification IS NULL) AS loans_without_class,
    coalesce(sum(balance) FILTER (days_late IS NOT NULL), 0) AS dated_balance,
    coalesce(sum(balance) FILTER (days_past_due IS NULL), 0) AS undated_balance,
    sum(balance) FILTER (days_late > 0) AS overdue_balance,
    sum(balance) FILTER (days_late > 30) AS par30_balance,
    sum(balance) FILTER (days_late > 60) AS par60_balance,
    sum(balance) FILTER (days_late > 90) AS par90_balance,
    sum(balance) FILTER (days_late BETWEEN 1 AND 30) AS days_1_30_balance,
    sum(balance) FILTER (days_late BETWEEN 31 AND 60) AS days_31_60_balance,
    sum(balance) FILTER (days_late BETWEEN 61 AND 90) AS days_61_90_balance,
    count(*) FILTER (days_late IS NULL) AS loans_without_days_past_due,
    count(*) FILTER (days_past_due IS NULL AND days_late IS NOT NULL) AS loans_with_derived_days,
    coalesce(sum(balance) FILTER (is_restructured IS NOT NULL), 0) AS termed_balance,
    sum(balance) FILTER (is_restructured) AS restructured_balance,
    sum(balance) FILTER (extension_count > 0) AS extended_balance,
    sum(balance) FILTER (is_at_risk) AS par30_or_restructured_balance,
    coalesce(sum(balance) FILTER (is_at_risk IS NOT NULL), 0) AS risk_known_balance,
    coalesce(sum(balance) FILTER (is_at_risk_as_reported IS NULL), 0) AS risk_unreported_balance,
    count(*) FILTER (is_restructured IS NULL) AS loans_without_extension_count,
    count(*) FILTER (is_at_risk IS NULL) AS loans_without_risk_flags,
    coalesce(sum(provision), 0) AS provision_in_loans,
    count(*) FILTER (provision IS NULL) AS loans_without_provision,
    coalesce(sum(balance) FILTER (collateral_net_value > 0), 0) AS secured_balance,
    coalesce(sum(collateral_net_value) FILTER (collateral_net_value > 0 AND balance IS NOT NULL), 0)
        AS collateral_value,
    count(*) FILTER (guarantee_type IN ('mortgage', 'pledge', 'mixed')) AS secured_loans,
    count(*) FILTER (guarantee_type IN ('mortgage', 'pledge', 'mixed') AND collateral_net_value IS NULL)
        AS secured_loans_without_value,
    sum(balance) FILTER (is_real_estate) AS real_estate_balance,
    coalesce(sum(balance) FILTER (is_real_estate IS NOT NULL), 0) AS sector_known_balance,
    count(*) FILTER (is_real_estate IS NULL) AS loans_without_real_estate_flag,
    sum(balance) FILTER (product_code = 'home_mortgage') AS home_mortgage_balance,
    coalesce(sum(balance) FILTER (product_code IS NOT NULL), 0) AS product_known_balance,
    count(*) FILTER (product_code IS NULL) AS loans_without_product,
    count(*) FILTER (product_code IS NULL OR section IS NULL) AS loans_without_sector,
    count(*) FILTER (section IS NULL) AS loans_without_industry,
    count(*) FILTER (guarantee_type IS NULL) AS loans_without_security_type,
    count(*) FILTER (borrower_id IS NULL) AS loans_without_borrower,
    count(*) FILTER (product_code IS NOT NULL AND section IS NOT NULL AND guarantee_type IS NOT NULL
        AND officer_id IS NOT NULL) AS segmented_loans,
    sum(interest_due) FILTER (interest_received IS NOT NULL) AS interest_due,
    sum(interest_received) FILTER (interest_due IS NOT NULL) AS interest_received,
    count(*) FILTER (interest_due IS NULL OR interest_received IS NULL) AS loans_without_interest,
    count(*) FILTER (first_due_missed IS NOT NULL) AS loans_past_first_due,
    count(*) FILTER (first_due_missed) AS first_due_missed_loans,
    count(*) FILTER (first_due_date IS NULL) AS loans_without_first_due
FROM flagged_loan
GROUP BY GROUPING SETS ((branch_id), ()))
SELECT * REPLACE (
    known_sum(npl_balance, loans_without_class, running_loans) AS npl_balance,
    known_sum(special_mention_balance, loans_without_class, running_loans) AS special_mention_balance,
    known_sum(overdue_balance, loans_without_days_past_due, running_loans) AS overdue_balance,
    known_sum(par30_balance, loans_without_days_past_due, running_loans) AS par30_balance,
    known_sum(par60_balance, loans_without_days_past_due, running_loans) AS par60_balance,
    known_sum(par90_balance, loans_without_days_past_due, running_loans) AS par90_balance,
    known_sum(days_1_30_balance, loans_without_days_past_due, running_loans) AS days_1_30_balance,
    known_sum(days_31_60_balance, loans_without_days_past_due, running_loans) AS days_31_60_balance,
    known_sum(days_61_90_balance, loans_without_days_past_due, running_loans) AS days_61_90_balance,
    known_sum(restructured_balance, loans_without_extension_count, running_loans) AS restructured_balance,
    known_sum(extended_balance, loans_without_extension_count, running_loans) AS extended_balance,
    known_sum(par30_or_restructured_balance, loans_without_risk_flags, running_loans)
        AS par30_or_restructured_balance,
    known_sum(real_estate_balance, loans_without_real_estate_flag, running_loans) AS real_estate_balance,
    known_sum(home_mortgage_balance, loans_without_product, running_loans) AS home_mortgage_balance)
FROM summed;

-- Shares of the balance, squared and summed: 1 where all stands in one place.
CREATE OR REPLACE TEMP TABLE spread AS
WITH part AS (
    SELECT branch_id, grouping(branch_id) = 1 AS is_bank, section, guarantee_type, borrower_id,
        grouping(section, guarantee_type, borrower_id) AS others, sum(balance) AS balance
    FROM counted_loan
    WHERE balance > 0
    GROUP BY GROUPING SETS (
        (branch_id, section), (branch_id, guarantee_type), (branch_id, borrower_id),
        (section), (guarantee_type), (borrower_id))
), share AS (
    SELECT branch_id, is_bank, others, max(balance) AS largest, max(balance, 10) AS ten_largest,
        CAST(CAST(sum(balance * balance) AS DOUBLE) / CAST(sum(balance) AS DOUBLE) ** 2 AS DECIMAL(18, 6)) AS squares
    FROM part
    WHERE coalesce(section, guarantee_type, borrower_id) IS NOT NULL
    GROUP BY ALL
)
SELECT branch_id, is_bank,
    CASE WHEN bool_and(k.loans_without_industry <= k.running_loans * getvariable('max_unknown_share'))
        THEN max(squares) FILTER (others = 3) END AS industry_hhi,
    CASE WHEN bool_and(k.loans_without_security_type <= k.running_loans * getvariable('max_unknown_share'))
        THEN max(squares) FILTER (others = 5) END AS security_hhi,
    CASE WHEN bool_and(k.loans_without_borrower <= k.running_loans * getvariable('max_unknown_share'))
        THEN max(squares) FILTER (others = 6) END AS borrower_hhi,
    max(largest) FILTER (others = 6) AS largest_borrower_balance,
    max(list_sum(ten_largest)) FILTER (others = 6) AS top10_balance
FROM share
JOIN (SELECT branch_id AS branch, is_bank AS whole, running_loans, loans_without_industry,
        loans_without_security_type, loans_without_borrower FROM stock) k
    ON k.branch IS NOT DISTINCT FROM share.branch_id AND k.whole = share.is_bank
GROUP BY branch_id, is_bank;

CREATE OR REPLACE TEMP TABLE opening AS
WITH before AS (
    SELECT s.loan_id, l.branch_id, s.balance, s.classification, s.days_past_due
    FROM current_snapshots s
    JOIN recent_day d ON d.day = s.snapshot_date AND d.turn = 2
    JOIN loans l ON l.loan_id = s.loan_id AND l.row_valid_from <= d.day
        AND (l.row_valid_to IS NULL OR d.day < l.row_valid_to)
    JOIN main_currency m ON m.currency = coalesce(l.currency, getvariable('home_currency'))
    LEFT JOIN codes c ON c.list = 'loan_status' AND c.code = l.status
    WHERE CASE WHEN l.status IS NULL THEN s.balance > 0 ELSE c.attr = 'running' END
), moved AS (
    -- What is left of the opening balance: none of a loan that has ended or left the book.
    SELECT b.*, CASE WHEN j.is_running THEN least(b.balance, j.balance) ELSE 0 END AS remaining,
        CASE WHEN j.is_running THEN j.classification_rank > o.rank END AS is_worse,
        j.is_running AND (j.classification IS NULL OR j.balance IS NULL) AS is_unknown
    FROM before b
    LEFT JOIN judged_loan j ON j.loan_id = b.loan_id
    LEFT JOIN codes o ON o.list = 'classification' AND o.code = b.classification
)
SELECT branch_id, grouping(branch_id) = 1 AS is_bank,
    coalesce(sum(remaining) FILTER (classification = 'normal'), 0) AS opening_normal_remaining,
    coalesce(sum(remaining) FILTER (classification = 'normal' AND is_worse), 0) AS opening_normal_worsened,
    coalesce(sum(remaining) FILTER (classification = 'special_mention'), 0) AS opening_special_mention_remaining,
    coalesce(sum(remaining) FILTER (classification = 'special_mention' AND is_worse), 0)
        AS opening_special_mention_worsened,
    coalesce(sum(remaining) FILTER (classification = 'substandard'), 0) AS opening_substandard_remaining,
    coalesce(sum(remaining) FILTER (classification = 'substandard' AND is_worse), 0) AS opening_substandard_worsened,
    coalesce(sum(remaining) FILTER (classification = 'doubtful'), 0) AS opening_doubtful_remaining,
    coalesce(sum(remaining) FILTER (classification = 'doubtful' AND is_worse), 0) AS opening_doubtful_worsened,
    count(*) FILTER (is_unknown OR classification IS NULL) AS opening_loans_unknown,
    count(*) AS opening_loans,
    coalesce(sum(balance) FILTER (days_past_due = 0), 0) AS opening_current_balance,
    coalesce(sum(balance) FILTER (days_past_due BETWEEN 1 AND 30), 0) AS opening_days_1_30_balance,
    coalesce(sum(balance) FILTER (days_past_due BETWEEN 31 AND 60), 0) AS opening_days_31_60_balance
FROM moved
GROUP BY GROUPING SETS ((branch_id), ());

CREATE OR REPLACE TEMP TABLE trained AS
WITH held AS (
    SELECT t.branch_id, t.method, t.trainer_type, m.attr = 'practice' AS is_practice
    FROM facts_training t LEFT JOIN codes m ON m.list = 'training_method' AND m.code = t.method
    WHERE t.as_of = getvariable('as_of') AND t.held_on <= t.as_of AND t.held_on > t.as_of - INTERVAL 1 YEAR
), method AS (
    SELECT branch_id, grouping(branch_id) = 1 AS is_bank, method, count(*) AS sessions,
        count(*) FILTER (trainer_type = 'internal') AS internal_sessions, count(trainer_type) AS trainers_known,
        count(*) FILTER (is_practice) AS practice_sessions
    FROM held
    GROUP BY GROUPING SETS ((branch_id, method), (method))
)
SELECT branch_id, is_bank, sum(sessions) AS sessions_in_a_year,
    CASE WHEN sum(sessions) = sum(trainers_known) THEN sum(internal_sessions) END AS internal_sessions,
    CASE WHEN bool_and(method IS NOT NULL) THEN sum(practice_sessions) END AS practice_sessions,
    CASE WHEN bool_and(method IS NOT NULL) THEN max(sessions) END AS largest_method_sessions
FROM method
GROUP BY branch_id, is_bank;
