-- Requests of the register, each with what stood in it before.
WITH booked AS (
    SELECT *,
        is_executed(decision, agreement_date, new_maturity) AS executed,
        is_open(decision, agreement_date, new_maturity) AS is_open
    FROM current_extensions
)
SELECT request_id, loan_id, coalesce(seq, count(*) OVER earlier + 1) AS seq, false AS is_hypothetical,
    coalesce(is_derived, false) AS is_derived,
    application_date, coalesce(new_maturity, requested_maturity) AS requested_maturity, reason, decision,
    executed OR coalesce(decision = 'approved', false) AS is_decided, is_open,
    agreement_date, acct_notice_date, start_date, approver_id, CAST(NULL AS VARCHAR) AS consent,
    -- Rows that the sequence says are missing count as executed: the loan was extended before the register began.
    coalesce(seq - 1 > count(*) OVER earlier, false) AS has_gap,
    count(*) FILTER (executed) OVER earlier + greatest(seq - 1 - count(*) OVER earlier, 0) AS earlier_executed,
    last_value(CASE WHEN executed THEN coalesce(new_maturity, requested_maturity) END IGNORE NULLS) OVER earlier
        AS earlier_maturity
FROM booked
WINDOW earlier AS (
    PARTITION BY loan_id ORDER BY seq, application_date, request_id
    ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)
