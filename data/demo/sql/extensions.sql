SELECT request_id, loan_id, seq, applied_day AS application_date, new_maturity AS requested_maturity,
    CASE WHEN NOT has_at('extension_no_reason', h, seq)
        THEN ['货款回笼延迟', '销售季节推迟', '自然灾害减产', '工程结算延期'][pick_at('reason', h, seq, 1, 4)]
    END AS reason,
    'approved' AS decision, agreement_day AS agreement_date, maturity_before + 1 AS start_date, new_maturity,
    CASE WHEN NOT (is_last AND has('extension_rate_missing', h)) THEN rate_bp / 100 END AS new_rate, CAST(NULL AS VARCHAR) AS approver_id, told_day AS acct_notice_date, '已执行' AS status,
    known_from AS row_valid_from, CAST(NULL AS DATE) AS row_valid_to
FROM extension_plan
UNION ALL BY NAME
SELECT request_id, loan_id, 1 AS seq, applied_day AS application_date, requested_maturity,
    '货款回笼延迟' AS reason, CASE WHEN is_refused THEN 'rejected' ELSE 'pending' END AS decision,
    CASE WHEN is_refused THEN '已否决' ELSE '审批中' END AS status,
    getvariable('last_day') AS row_valid_from, CAST(NULL AS DATE) AS row_valid_to
FROM open_request
