-- What the whole bank and each branch come to: running loans in the currency that most of them are in, as on the
-- health page; the stock of the snapshot before; a year's training. One grouped scan each; is_bank marks the whole.
CREATE OR REPLACE TEMP TABLE main_currency AS
SELECT currency FROM judged_loan WHERE is_running GROUP BY currency ORDER BY count(*) DESC, currency LIMIT 1;

CREATE OR REPLACE TEMP VIEW counted_loan AS
SELECT l.*, c.attr = 'npl' AS is_npl, coalesce(l.industry_code, l.borrower_industry)[1] AS section,
    l.extension_count > 0 OR coalesce(l.origin_type = 'restructured', false) AS is_restructured
FROM judged_loan l
JOIN main_currency m ON m.currency IS NOT DISTINCT FROM l.currency
LEFT JOIN codes c ON c.list = 'classification' AND c.code = l.classification
WHERE l.is_running;

CREATE OR REPLACE TEMP TABLE stock AS
SELECT branch_id, grouping(branch_id) = 1 AS is_bank,
    count(*) AS running_loans, count(DISTINCT borrower_id) AS borrowers, coalesce(sum(balance), 0) AS balance,
    count(*) FILTER (balance IS NULL) AS loans_without_balance,
    coalesce(sum(balance) FILTER (classification IS NOT NULL), 0) AS classified_balance,
    coalesce(sum(balance) FILTER (is_npl), 0) AS npl_balance,
    coalesce(sum(balance) FILTER (classification = 'special_mention'), 0) AS special_mention_balance,
    count(*) FILTER (classification IS NULL) AS loans_without_class,
    coalesce(sum(balance) FILTER (days_past_due IS NOT NULL), 0) AS dated_balance,
    coalesce(sum(balance) FILTER (days_past_due > 0), 0) AS overdue_balance,
    coalesce(sum(balance) FILTER (days_past_due > 30), 0) AS par30_balance,
    coalesce(sum(balance) FILTER (days_past_due > 60), 0) AS par60_balance,
    coalesce(sum(balance) FILTER (days_past_due > 90), 0) AS par90_balance,
    coalesce(sum(balance) FILTER (days_past_due BETWEEN 1 AND 30), 0) AS days_1_30_balance,
    coalesce(sum(balance) FILTER (days_past_due BETWEEN 31 AND 60), 0) AS days_31_60_balance,
    coalesce(sum(balance) FILTER (days_past_due BETWEEN 61 AND 90), 0) AS days_61_90_balance,
    count(*) FILTER (days_past_due IS NULL) AS loans_without_days_past_due,
    coalesce(sum(balance) FILTER (is_restructured IS NOT NULL), 0) AS termed_balance,
    coalesce(sum(balance) FILTER (is_restructured), 0) AS restructured_balance,
    coalesce(sum(balance) FILTER (extension_count > 0), 0) AS extended_balance,
    coalesce(sum(balance) FILTER (is_restructured OR days_past_due > 30), 0) AS par30_or_restructured_balance,
    count(*) FILTER (is_restructured IS NULL) AS loans_without_extension_count,
    count(*) FILTER (is_restructured IS NULL OR days_past_due IS NULL) AS loans_without_risk_flags,
    coalesce(sum(provision), 0) AS provision_in_loans,
    count(*) FILTER (provision IS NULL) AS loans_without_provision,
    coalesce(sum(balance) FILTER (collateral_net_value > 0), 0) AS secured_balance,
    coalesce(sum(collateral_net_value) FILTER (collateral_net_value > 0 AND balance IS NOT NULL), 0)
        AS collateral_value,
    count(*) FILTER (guarantee_type IN ('mortgage', 'pledge')) AS secured_loans,
    count(*) FILTER (guarantee_type IN ('mortgage', 'pledge') AND collateral_net_value IS NULL)
        AS secured_loans_without_value,
    coalesce(sum(balance) FILTER (section = 'K' OR product_code IN ('home_mortgage', 'commercial_mortgage')), 0)
        AS real_estate_balance,
    coalesce(sum(balance) FILTER (product_code = 'home_mortgage'), 0) AS home_mortgage_balance,
    count(*) FILTER (product_code IS NULL OR section IS NULL) AS loans_without_sector,
    count(*) FILTER (product_code IS NOT NULL AND section IS NOT NULL AND guarantee_type IS NOT NULL
        AND officer_id IS NOT NULL) AS segmented_loans,
    sum(interest_due) FILTER (interest_received IS NOT NULL) AS interest_due,
    sum(interest_received) FILTER (interest_due IS NOT NULL) AS interest_received,
    count(*) FILTER (interest_due IS NULL OR interest_received IS NULL) AS loans_without_interest,
    count(*) FILTER (first_due_missed IS NOT NULL) AS loans_past_first_due,
    count(*) FILTER (first_due_missed) AS first_due_missed_loans,
    count(*) FILTER (first_due_date IS NULL) AS loans_without_first_due
FROM counted_loan
GROUP BY GROUPING SETS ((branch_id), ());

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
    max(squares) FILTER (others = 3) AS industry_hhi, max(squares) FILTER (others = 5) AS security_hhi,
    max(squares) FILTER (others = 6) AS borrower_hhi,
    max(largest) FILTER (others = 6) AS largest_borrower_balance,
    max(list_sum(ten_largest)) FILTER (others = 6) AS top10_balance
FROM share
GROUP BY branch_id, is_bank;

CREATE OR REPLACE TEMP TABLE opening AS
WITH before AS (
    SELECT s.loan_id, l.branch_id, s.balance, s.classification, s.days_past_due
    FROM current_snapshots s
    JOIN recent_day d ON d.day = s.snapshot_date AND d.turn = 2
    JOIN loans l ON l.loan_id = s.loan_id AND l.row_valid_from <= d.day
        AND (l.row_valid_to IS NULL OR d.day < l.row_valid_to)
    JOIN main_currency m ON m.currency IS NOT DISTINCT FROM l.currency
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
