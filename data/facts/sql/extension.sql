-- One row per row of the requests: booked ones whose loan is in the snapshot, and every hypothetical one.
-- derivation.extension_sql fills in the day of judgement and the relations: day, request, loan (facts of loans)
-- and the current rows of registers extensions, consents, events, staff.
WITH loaded AS (
    SELECT EXISTS (FROM {extensions} WHERE is_derived IS NOT TRUE) AS extensions,
        EXISTS (FROM {consents}) AS consents
), loan AS (
    SELECT loan_id, borrower_id, branch_id, officer_id, original_maturity, current_maturity, disbursed_on,
        extension_count, original_term_months, original_term_days, product_code, guarantee_type, borrower_type,
        balance, principal, status, is_running, classification, classification_rank, days_past_due, other_arrears,
        earliest_guarantee_end, earliest_pledge_maturity, oldest_valuation, last_check_date, providers
    FROM {loan}
    WHERE loan_id IN (SELECT loan_id FROM {request})
), history AS (
    SELECT loan_id,
        count(*) FILTER (is_executed(decision, agreement_date, new_maturity)) AS executed,
        count(*) FILTER (is_open(decision, agreement_date, new_maturity)) AS open
    FROM {extensions}
    WHERE loan_id IN (SELECT loan_id FROM {request})
    GROUP BY loan_id
), provider AS (
    SELECT loan_id, unnest(providers) AS provider FROM loan
), answer AS (
    SELECT r.request_id,
        CASE
            WHEN lower(r.consent) IN ('all', 'none') THEN lower(r.consent) = 'all'
            WHEN r.is_hypothetical THEN list_contains(
                list_transform(string_split(r.consent, ','), lambda part: trim(part)), p.provider)
            WHEN loaded.consents THEN CASE WHEN c.request_id IS NULL THEN false ELSE c.signed AND c.sealed END
        END AS is_given
    FROM {request} r
    CROSS JOIN loaded
    JOIN provider p ON p.loan_id = r.loan_id
    LEFT JOIN {consents} c
        ON c.request_id = r.request_id AND c.provider_id = p.provider AND NOT r.is_hypothetical
), consent AS (
    SELECT request_id, count(*) AS required, count(*) FILTER (is_given) AS given,
        bool_or(is_given IS NULL) AS is_unknown
    FROM answer
    GROUP BY request_id
), signature AS (
    SELECT c.request_id, max(c.date) FILTER (c.signed AND c.sealed) AS last_date
    FROM {consents} c JOIN {request} r ON r.request_id = c.request_id AND NOT r.is_hypothetical
    GROUP BY c.request_id
), event AS (
    SELECT e.request_id, e.step_code, e.staff_id,
        coalesce(e.event_date, CAST(e.event_ts AS DATE)) AS day,
        (coalesce(e.event_date, CAST(e.event_ts AS DATE)), e.event_id) AS turn
    FROM {events} e JOIN {request} r ON r.request_id = e.request_id AND NOT r.is_hypothetical
), process AS (
    SELECT request_id, count(*) AS events_loaded,
        min(day) FILTER (step_code = '4') AS investigation_date,
        max(day) FILTER (step_code = '4r') AS investigation_report_date,
        min(day) FILTER (step_code = '5') AS review_date,
        min(day) FILTER (step_code = '6') AS committee_date,
        min(day) FILTER (step_code = '7') AS approval_date,
        arg_min(staff_id, turn) FILTER (step_code = '4') AS investigator_id,
        arg_min(staff_id, turn) FILTER (step_code = '5') AS reviewer_id,
        arg_min(staff_id, turn) FILTER (step_code = '7') AS approver_id
    FROM event
    GROUP BY request_id
), known AS (
    SELECT r.*, l.* EXCLUDE (loan_id, providers),
        coalesce(h.executed, 0) AS executed,
        CASE WHEN loaded.extensions
            THEN coalesce(h.open, 0) - CAST(r.is_open AND NOT r.is_hypothetical AS INTEGER) END AS open_requests,
        coalesce(c.required, CASE WHEN l.guarantee_type = 'credit' THEN 0 END) AS consents_required,
        c.given, c.is_unknown, s.last_date AS last_consent_date,
        e.* EXCLUDE (request_id, approver_id), coalesce(r.approver_id, e.approver_id) AS decided_by,
        lower(coalesce(r.consent, '')) AS stated
    FROM {request} r
    CROSS JOIN loaded
    LEFT JOIN loan l ON l.loan_id = r.loan_id
    LEFT JOIN history h ON h.loan_id = r.loan_id
    LEFT JOIN consent c ON c.request_id = r.request_id
    LEFT JOIN signature s ON s.request_id = r.request_id
    LEFT JOIN process e ON e.request_id = r.request_id
    WHERE l.loan_id IS NOT NULL OR r.is_hypothetical
), counted AS (
    SELECT *,
        CASE
            WHEN NOT is_open THEN earlier_executed
            WHEN coalesce(extension_count, 0) > 0 OR executed > 0 THEN greatest(coalesce(extension_count, 0), executed)
            WHEN extension_count = 0 OR current_maturity = original_maturity THEN 0
        END AS prior_extension_count
    FROM known
)
SELECT {day} AS as_of,
    k.* EXCLUDE (seq, approver_id, current_maturity),
    coalesce(k.seq, k.prior_extension_count + 1) AS seq,
    CASE
        WHEN k.is_open THEN k.current_maturity
        WHEN k.start_date IS NOT NULL THEN k.start_date - 1
        WHEN NOT k.has_gap THEN coalesce(k.earlier_maturity, k.original_maturity)
    END AS maturity_before,
    term_months(k.disbursed_on, maturity_before) AS total_term_months,
    term_months(k.disbursed_on, k.requested_maturity) AS requested_term_months,
    CASE WHEN k.current_maturity IS NOT NULL AND k.original_maturity IS NOT NULL
        THEN k.current_maturity <> k.original_maturity OR (coalesce(k.extension_count, 0) = 0 AND k.executed = 0)
    END AS history_agrees,
    CASE
        WHEN k.consents_required = 0 OR k.stated = 'none' THEN 0
        WHEN k.stated = 'all' THEN k.consents_required
        WHEN NOT k.is_unknown THEN k.given
    END AS consents_given,
    CASE
        WHEN k.consents_required = 0 OR k.stated = 'all' THEN 0
        -- Secured, but by whom is not known: at least one must consent.
        WHEN k.stated = 'none' THEN coalesce(k.consents_required, CASE WHEN k.guarantee_type IS NOT NULL THEN 1 END)
        WHEN NOT k.is_unknown THEN k.consents_required - k.given
    END AS consents_missing,
    k.decided_by AS approver_id, approver.authority_amount AS approver_authority
FROM counted k
LEFT JOIN {staff} approver ON approver.staff_id = k.decided_by
