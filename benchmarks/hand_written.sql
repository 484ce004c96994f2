-- Twelve shipped loan rules as an analyst would write them: one scan, one row a violation.
SELECT rule_id, loan_id, measured, limit_value FROM (
    SELECT loan_id, unnest([
        CASE WHEN application_date > acceptance_date THEN {'rule_id': 'PRO-E02', 'measured': application_date::VARCHAR, 'limit_value': acceptance_date::VARCHAR} END,
        CASE WHEN acceptance_date > investigation_date THEN {'rule_id': 'PRO-E03', 'measured': acceptance_date::VARCHAR, 'limit_value': investigation_date::VARCHAR} END,
        CASE WHEN investigation_report_date > review_date THEN {'rule_id': 'PRO-E04', 'measured': investigation_report_date::VARCHAR, 'limit_value': review_date::VARCHAR} END,
        CASE WHEN approval_date > contract_date THEN {'rule_id': 'PRO-E07', 'measured': approval_date::VARCHAR, 'limit_value': contract_date::VARCHAR} END,
        CASE WHEN contract_date > disbursed_on THEN {'rule_id': 'PRO-E08', 'measured': contract_date::VARCHAR, 'limit_value': disbursed_on::VARCHAR} END,
        CASE WHEN investigator_id = reviewer_id AND disbursed_on >= DATE '1996-08-01' THEN {'rule_id': 'PRO-E12-INVESTIGATOR-REVIEWER', 'measured': investigator_id, 'limit_value': reviewer_id} END,
        CASE WHEN reviewer_id = approver_id AND disbursed_on >= DATE '1996-08-01' THEN {'rule_id': 'PRO-E12-REVIEWER-APPROVER', 'measured': reviewer_id, 'limit_value': approver_id} END,
        CASE WHEN application_date > investigation_date THEN {'rule_id': 'PRO-V1', 'measured': application_date::VARCHAR, 'limit_value': investigation_date::VARCHAR} END,
        CASE WHEN investigation_report_date > approval_date THEN {'rule_id': 'PRO-V2', 'measured': investigation_report_date::VARCHAR, 'limit_value': approval_date::VARCHAR} END,
        CASE WHEN application_date > contract_date THEN {'rule_id': 'PRO-V7', 'measured': application_date::VARCHAR, 'limit_value': contract_date::VARCHAR} END,
        CASE WHEN approver_authority < principal AND disbursed_on >= DATE '1996-08-01' THEN {'rule_id': 'PRO-AUTHORITY', 'measured': approver_authority::VARCHAR, 'limit_value': principal::VARCHAR} END,
        CASE WHEN principal > approved_amount AND disbursed_on >= DATE '1996-08-01' THEN {'rule_id': 'PRO-APPROVED-AMOUNT', 'measured': principal::VARCHAR, 'limit_value': approved_amount::VARCHAR} END
    ], recursive := true)
    FROM facts_loan WHERE as_of = $as_of
) WHERE rule_id IS NOT NULL
