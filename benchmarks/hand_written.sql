-- 30 shipped loan rules as an analyst would write them, with what the engine stores: one row a violation with measured
-- value and limit, and counts by rule, branch and verdict (0 pass, 1 not applicable, 2 violation, 3 not assessable).
CREATE OR REPLACE TEMP MACRO verdict(force, kept) AS CASE WHEN force AND kept THEN 0 WHEN force AND NOT kept THEN 2 ELSE 3 END;
CREATE OR REPLACE TEMP MACRO scoped(scope, force, kept) AS
    CASE WHEN NOT scope THEN 1 WHEN scope AND force AND kept THEN 0 WHEN scope AND force AND NOT kept THEN 2 ELSE 3 END;
CREATE OR REPLACE TEMP MACRO shown(amount) AS rtrim(rtrim(amount::DECIMAL(18, 2)::VARCHAR, '0'), '.');
CREATE OR REPLACE TEMP TABLE by_hand AS
WITH limits AS (
    SELECT *,
        CASE borrower_type WHEN 'P' THEN 300000 WHEN 'S' THEN 500000 WHEN 'E' THEN 3000000 END AS most_unsecured,
        CASE WHEN disbursed_on >= DATE '2024-07-01'
                THEN product_code IN ('working_capital', 'project', 'fixed_asset', 'consumer', 'personal_business')
            WHEN disbursed_on >= DATE '1996-08-01' THEN false END AS term_capped,
        (disbursed_on + to_months(CASE product_code WHEN 'working_capital' THEN 36 WHEN 'project' THEN 120
            WHEN 'fixed_asset' THEN 120 WHEN 'consumer' THEN 60 WHEN 'personal_business' THEN 60 END))::DATE AS longest,
        CASE WHEN disbursed_on < DATE '1996-08-01' OR disbursed_on IS NULL THEN NULL
            WHEN disbursed_on < DATE '2010-02-12' THEN false
            WHEN borrower_type = 'P' THEN product_code IN ('consumer', 'auto', 'personal_business')
            WHEN borrower_type = 'E' AND disbursed_on >= DATE '2024-07-01'
                THEN product_code IN ('working_capital', 'project', 'fixed_asset')
            WHEN borrower_type IN ('E', 'S') THEN false END AS self_capped,
        CASE WHEN borrower_type = 'E' THEN 10000000 WHEN product_code = 'personal_business' THEN 500000 ELSE 300000 END
            AS most_self,
        CASE WHEN days_past_due <= 0 THEN 1 WHEN days_past_due <= 90 THEN 2 WHEN days_past_due <= 270 THEN 3
            WHEN days_past_due <= 360 THEN 4 WHEN days_past_due > 360 THEN 5 END AS least_rank,
        CASE WHEN disbursed_on < DATE '1996-08-01' OR disbursed_on IS NULL THEN NULL
            WHEN borrower_type IN ('P', 'S') THEN principal > 500000
            WHEN borrower_type = 'E' THEN principal > 1000000 END AS needs_committee,
        (last_check_date + to_months(CASE WHEN classification IS NULL THEN NULL WHEN classification <> 'normal' THEN 1
            WHEN borrower_type = 'P' THEN 6
            WHEN borrower_type IN ('E', 'S') THEN 3 END))::DATE AS next_check
    FROM facts_loan WHERE as_of = $as_of
), judged AS (
    SELECT *,
        verdict(acceptance_date >= DATE '1996-08-01', application_date <= acceptance_date) AS v0,
        verdict(investigation_date >= DATE '1996-08-01', acceptance_date <= investigation_date) AS v1,
        verdict(review_date >= DATE '1996-08-01', investigation_report_date <= review_date) AS v2,
        verdict(contract_date >= DATE '1996-08-01', approval_date <= contract_date) AS v3,
        verdict(disbursed_on >= DATE '1996-08-01', contract_date <= disbursed_on) AS v4,
        verdict(investigation_date >= DATE '1996-08-01', application_date <= investigation_date) AS v5,
        verdict(approval_date >= DATE '1996-08-01', investigation_report_date <= approval_date) AS v6,
        verdict(contract_date >= DATE '1996-08-01', application_date <= contract_date) AS v7,
        verdict(as_of >= DATE '1996-08-01', latest_event_date <= as_of) AS v8,
        verdict(disbursed_on >= DATE '1996-08-01', investigator_id <> reviewer_id) AS v9,
        verdict(disbursed_on >= DATE '1996-08-01', reviewer_id <> approver_id) AS v10,
        verdict(disbursed_on >= DATE '1996-08-01', investigator_id <> approver_id) AS v11,
        verdict(disbursed_on >= DATE '1996-08-01', approver_authority >= principal) AS v12,
        verdict(disbursed_on >= DATE '1996-08-01', principal <= approved_amount) AS v13,
        verdict(disbursed_on >= DATE '1996-08-01', approved_amount <= recommended_amount) AS v14,
        verdict(disbursed_on >= DATE '1996-08-01', weekend_events <= 0) AS v15,
        verdict(disbursed_on >= DATE '1996-08-01', system_entry_date = disbursed_on) AS v16,
        scoped(is_running AND guarantee_type = 'guarantee', disbursed_on >= DATE '1996-08-01', guarantor_count >= 1) AS v17,
        scoped(is_running AND guarantee_type = 'mortgage', disbursed_on >= DATE '1996-08-01', mortgage_count >= 1) AS v18,
        scoped(is_running AND guarantee_type = 'pledge', disbursed_on >= DATE '1996-08-01', pledge_count >= 1) AS v19,
        scoped(is_running AND guarantee_type = 'mixed', disbursed_on >= DATE '1996-08-01', guarantor_count + mortgage_count + pledge_count >= 2) AS v20,
        scoped(guarantee_type = 'credit', disbursed_on >= DATE '1996-08-01', principal <= most_unsecured) AS v21,
        scoped(term_capped, disbursed_on >= DATE '1996-08-01', original_maturity <= longest) AS v22,
        scoped(payment_mode = 'self' AND self_capped, disbursed_on >= DATE '1996-08-01', principal <= most_self) AS v23,
        scoped(is_running, as_of >= DATE '2023-07-01', classification_rank >= least_rank) AS v24,
        scoped(is_running AND balance > 0 AND as_of > current_maturity, true, days_past_due >= as_of - current_maturity) AS v25,
        scoped(needs_committee OR committee_date IS NOT NULL, disbursed_on >= DATE '1996-08-01', review_date <= committee_date) AS v26,
        scoped(CASE WHEN disbursed_on >= DATE '1996-08-01' THEN guarantee_type <> 'credit' END, disbursed_on >= DATE '1996-08-01', list_contains(document_types, 'security_contract')) AS v27,
        scoped(CASE WHEN disbursed_on >= DATE '1996-08-01' THEN guarantee_type = 'mortgage' END, disbursed_on >= DATE '1996-08-01', list_contains(document_types, 'title')) AS v28,
        scoped(is_running AND inspection_count >= 0, true, next_check >= as_of) AS v29
    FROM limits
)
SELECT loan_id, borrower_id, branch_id, officer_id, balance,
    [v0, v1, v2, v3, v4, v5, v6, v7, v8, v9, v10, v11, v12, v13, v14, v15, v16, v17, v18, v19, v20, v21, v22, v23, v24, v25, v26, v27, v28, v29]::UTINYINT[] AS verdicts,
    CASE WHEN v0 = 2 OR v1 = 2 OR v2 = 2 OR v3 = 2 OR v4 = 2 OR v5 = 2 OR v6 = 2 OR v7 = 2 OR v8 = 2 OR v9 = 2 OR v10 = 2 OR v11 = 2 OR v12 = 2 OR v13 = 2 OR v14 = 2 OR v15 = 2 OR v16 = 2 OR v17 = 2 OR v18 = 2 OR v19 = 2 OR v20 = 2 OR v21 = 2 OR v22 = 2 OR v23 = 2 OR v24 = 2 OR v25 = 2 OR v26 = 2 OR v27 = 2 OR v28 = 2 OR v29 = 2 THEN list_filter([
        CASE WHEN v0 = 2 THEN {'rule_id': 'PRO-E02', 'measured': application_date::VARCHAR, 'limit_value': acceptance_date::VARCHAR} END,
        CASE WHEN v1 = 2 THEN {'rule_id': 'PRO-E03', 'measured': acceptance_date::VARCHAR, 'limit_value': investigation_date::VARCHAR} END,
        CASE WHEN v2 = 2 THEN {'rule_id': 'PRO-E04', 'measured': investigation_report_date::VARCHAR, 'limit_value': review_date::VARCHAR} END,
        CASE WHEN v3 = 2 THEN {'rule_id': 'PRO-E07', 'measured': approval_date::VARCHAR, 'limit_value': contract_date::VARCHAR} END,
        CASE WHEN v4 = 2 THEN {'rule_id': 'PRO-E08', 'measured': contract_date::VARCHAR, 'limit_value': disbursed_on::VARCHAR} END,
        CASE WHEN v5 = 2 THEN {'rule_id': 'PRO-V1', 'measured': application_date::VARCHAR, 'limit_value': investigation_date::VARCHAR} END,
        CASE WHEN v6 = 2 THEN {'rule_id': 'PRO-V2', 'measured': investigation_report_date::VARCHAR, 'limit_value': approval_date::VARCHAR} END,
        CASE WHEN v7 = 2 THEN {'rule_id': 'PRO-V7', 'measured': application_date::VARCHAR, 'limit_value': contract_date::VARCHAR} END,
        CASE WHEN v8 = 2 THEN {'rule_id': 'PRO-E14-FUTURE', 'measured': latest_event_date::VARCHAR, 'limit_value': as_of::VARCHAR} END,
        CASE WHEN v9 = 2 THEN {'rule_id': 'PRO-E12-INVESTIGATOR-REVIEWER', 'measured': investigator_id, 'limit_value': reviewer_id} END,
        CASE WHEN v10 = 2 THEN {'rule_id': 'PRO-E12-REVIEWER-APPROVER', 'measured': reviewer_id, 'limit_value': approver_id} END,
        CASE WHEN v11 = 2 THEN {'rule_id': 'PRO-E12-INVESTIGATOR-APPROVER', 'measured': investigator_id, 'limit_value': approver_id} END,
        CASE WHEN v12 = 2 THEN {'rule_id': 'PRO-AUTHORITY', 'measured': shown(approver_authority), 'limit_value': shown(principal)} END,
        CASE WHEN v13 = 2 THEN {'rule_id': 'PRO-APPROVED-AMOUNT', 'measured': shown(principal), 'limit_value': shown(approved_amount)} END,
        CASE WHEN v14 = 2 THEN {'rule_id': 'PRO-RECOMMENDED-AMOUNT', 'measured': shown(approved_amount), 'limit_value': shown(recommended_amount)} END,
        CASE WHEN v15 = 2 THEN {'rule_id': 'PRO-E14-WEEKEND', 'measured': weekend_events::VARCHAR, 'limit_value': '0'} END,
        CASE WHEN v16 = 2 THEN {'rule_id': 'POST-ENTRY', 'measured': system_entry_date::VARCHAR, 'limit_value': disbursed_on::VARCHAR} END,
        CASE WHEN v17 = 2 THEN {'rule_id': 'ELI-HAS-GUARANTEE', 'measured': (guarantor_count)::VARCHAR, 'limit_value': '1'} END,
        CASE WHEN v18 = 2 THEN {'rule_id': 'ELI-HAS-MORTGAGE', 'measured': (mortgage_count)::VARCHAR, 'limit_value': '1'} END,
        CASE WHEN v19 = 2 THEN {'rule_id': 'ELI-HAS-PLEDGE', 'measured': (pledge_count)::VARCHAR, 'limit_value': '1'} END,
        CASE WHEN v20 = 2 THEN {'rule_id': 'ELI-HAS-MIXED', 'measured': (guarantor_count + mortgage_count + pledge_count)::VARCHAR, 'limit_value': '2'} END,
        CASE WHEN v21 = 2 THEN {'rule_id': 'ELI-UNSECURED', 'measured': shown(principal), 'limit_value': shown(most_unsecured)} END,
        CASE WHEN v22 = 2 THEN {'rule_id': 'ELI-TERM', 'measured': original_maturity::VARCHAR, 'limit_value': longest::VARCHAR} END,
        CASE WHEN v23 = 2 THEN {'rule_id': 'ELI-SELF-PAYMENT', 'measured': shown(principal), 'limit_value': shown(most_self)} END,
        CASE WHEN v24 = 2 THEN {'rule_id': 'CLS-DPD', 'measured': classification_rank::VARCHAR, 'limit_value': least_rank::VARCHAR} END,
        CASE WHEN v25 = 2 THEN {'rule_id': 'CLS-OVERDUE', 'measured': days_past_due::VARCHAR, 'limit_value': (as_of - current_maturity)::VARCHAR} END,
        CASE WHEN v26 = 2 THEN {'rule_id': 'PRO-E05', 'measured': review_date::VARCHAR, 'limit_value': committee_date::VARCHAR} END,
        CASE WHEN v27 = 2 THEN {'rule_id': 'ARC-SECURITY-CONTRACT', 'measured': 'false', 'limit_value': 'true'} END,
        CASE WHEN v28 = 2 THEN {'rule_id': 'ARC-TITLE', 'measured': 'false', 'limit_value': 'true'} END,
        CASE WHEN v29 = 2 THEN {'rule_id': 'POST-V5', 'measured': next_check::VARCHAR, 'limit_value': as_of::VARCHAR} END
    ], lambda found: found IS NOT NULL) END AS violations
FROM judged;
CREATE OR REPLACE TEMP TABLE by_hand_rules AS SELECT unnest(range(1, 31)) AS place, unnest([
        'PRO-E02',
        'PRO-E03',
        'PRO-E04',
        'PRO-E07',
        'PRO-E08',
        'PRO-V1',
        'PRO-V2',
        'PRO-V7',
        'PRO-E14-FUTURE',
        'PRO-E12-INVESTIGATOR-REVIEWER',
        'PRO-E12-REVIEWER-APPROVER',
        'PRO-E12-INVESTIGATOR-APPROVER',
        'PRO-AUTHORITY',
        'PRO-APPROVED-AMOUNT',
        'PRO-RECOMMENDED-AMOUNT',
        'PRO-E14-WEEKEND',
        'POST-ENTRY',
        'ELI-HAS-GUARANTEE',
        'ELI-HAS-MORTGAGE',
        'ELI-HAS-PLEDGE',
        'ELI-HAS-MIXED',
        'ELI-UNSECURED',
        'ELI-TERM',
        'ELI-SELF-PAYMENT',
        'CLS-DPD',
        'CLS-OVERDUE',
        'PRO-E05',
        'ARC-SECURITY-CONTRACT',
        'ARC-TITLE',
        'POST-V5'
    ]) AS rule_id;
CREATE OR REPLACE TABLE by_hand_counts AS
WITH grouped AS (SELECT branch_id, verdicts, count(*) AS subjects FROM by_hand GROUP BY ALL)
SELECT rule_id, branch_id, ['pass', 'not_applicable', 'violation', 'not_assessable'][verdicts[place] + 1] AS verdict,
    sum(subjects)::BIGINT AS subjects
FROM grouped, by_hand_rules GROUP BY ALL ORDER BY ALL;
CREATE OR REPLACE TABLE by_hand_violations AS
SELECT $run_id AS run_id, md5(found.rule_id || '|' || loan_id) AS violation_id, found.rule_id AS rule_id, 'loan' AS subject,
    loan_id AS subject_id, * EXCLUDE (verdicts, violations, found), found.measured AS measured,
    found.limit_value AS limit_value, $version AS policy_version
FROM (SELECT *, unnest(violations) AS found FROM by_hand WHERE violations IS NOT NULL)
ORDER BY rule_id, loan_id;
