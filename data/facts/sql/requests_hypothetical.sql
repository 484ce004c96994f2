-- Hypothetical requests, the relation requests, in the columns of requests_booked.
SELECT request_id, loan_id, CAST(NULL AS BIGINT) AS seq, true AS is_hypothetical, false AS is_derived,
    application_date, requested_maturity, CAST(NULL AS VARCHAR) AS reason, CAST(NULL AS VARCHAR) AS decision,
    false AS is_decided, true AS is_open, CAST(NULL AS DATE) AS agreement_date, CAST(NULL AS DATE) AS acct_notice_date,
    CAST(NULL AS DATE) AS start_date, CAST(NULL AS VARCHAR) AS approver_id, nullif(trim(consent), '') AS consent,
    false AS has_gap, CAST(NULL AS BIGINT) AS earlier_executed, CAST(NULL AS DATE) AS earlier_maturity
FROM {requests}
