-- One row per loan that is current at as_of and stands in its snapshot. Each register is grouped once, joined once.
WITH loaded AS (
    SELECT
        EXISTS (FROM current_guarantees) AS guarantees,
        EXISTS (FROM current_inspections) AS inspections,
        EXISTS (FROM current_notices) AS notices,
        EXISTS (FROM current_documents) AS documents
), loan AS (
    SELECT l.* EXCLUDE (balance), s.* EXCLUDE (loan_id),
        CASE WHEN l.status IS NULL THEN s.balance > 0 ELSE coalesce(st.attr = 'running', false) END AS is_running,
        cl.rank AS classification_rank,
        term_months(l.disbursed_on, l.original_maturity) AS original_term_months,
        term_days(l.disbursed_on, l.original_maturity) AS original_term_days,
        term_months(l.disbursed_on, l.current_maturity) AS total_term_months,
        l.current_maturity - l.original_maturity AS extension_days_used,
        l.current_maturity - getvariable('as_of') AS days_to_maturity
    FROM current_loans l
    JOIN current_snapshots s ON s.loan_id = l.loan_id AND s.snapshot_date = getvariable('as_of')
    LEFT JOIN codes st ON st.list = 'loan_status' AND st.code = l.status
    LEFT JOIN codes cl ON cl.list = 'classification' AND cl.code = s.classification
), arrears AS (
    SELECT loan_id, borrower_id, is_running, balance,
        CASE
            WHEN coalesce(principal_overdue, interest_overdue_on, interest_overdue_off) IS NOT NULL
                THEN coalesce(principal_overdue, 0) + coalesce(interest_overdue_on, 0)
                    + coalesce(interest_overdue_off, 0)
            WHEN days_past_due = 0 OR NOT is_running THEN 0
        END AS amount
    FROM loan
), borrower_total AS (
    SELECT borrower_id,
        coalesce(sum(amount), 0) AS arrears,
        count(*) FILTER (amount IS NULL) AS unknown_arrears,
        CASE WHEN NOT bool_or(is_running IS DISTINCT FROM false AND balance IS NULL)
            THEN coalesce(sum(balance) FILTER (is_running), 0) END AS balance
    FROM arrears
    WHERE borrower_id IS NOT NULL
    GROUP BY borrower_id
), security AS (
    SELECT loan_id,
        count(*) FILTER (kind = 'guarantee') AS guarantors,
        count(*) FILTER (kind = 'mortgage') AS mortgages,
        count(*) FILTER (kind = 'pledge') AS pledges,
        count(*) FILTER (kind = 'mortgage' AND registration_date IS NULL) AS unregistered,
        CASE WHEN bool_and(appraised_value - known_lien(prior_lien, rank) IS NOT NULL) FILTER (kind IN ('mortgage', 'pledge'))
            THEN sum(appraised_value - known_lien(prior_lien, rank)) FILTER (kind IN ('mortgage', 'pledge'))
        END AS net_value,
        CASE WHEN bool_and(valuation_date IS NOT NULL) FILTER (kind IN ('mortgage', 'pledge'))
            THEN min(valuation_date) FILTER (kind IN ('mortgage', 'pledge')) END AS oldest_valuation,
        max(registration_date) FILTER (kind IN ('mortgage', 'pledge')) AS last_registration,
        CASE WHEN NOT bool_or(coalesce(kind = 'guarantee' AND "end" IS NULL, false)) THEN min("end") END
            AS guarantee_end,
        min(pledge_maturity) FILTER (kind = 'pledge') AS pledge_maturity,
        string_agg(provider, chr(31)) AS providers
    FROM live_guarantee
    GROUP BY loan_id
), event AS NOT MATERIALIZED (
    SELECT loan_id, request_id IS NULL AS is_own, step_code, created_at, event_id, staff_id, amount,
        coalesce(event_date, CAST(event_ts AS DATE)) AS day
    FROM current_events
    WHERE loan_id IN (SELECT loan_id FROM loan)
), covered AS (
    -- A register of events can record every step; the dates beside a flat file's loans only those it has columns for.
    SELECT CASE WHEN bool_or(NOT is_flat) THEN (SELECT list(code ORDER BY rank) FROM codes WHERE list = 'step')
        ELSE list_sort(list(DISTINCT step_code)) END AS steps
    FROM (
        SELECT DISTINCT e.step_code, l.source_file IS NOT NULL AS is_flat
        FROM (SELECT DISTINCT step_code, batch_id, source_file FROM events WHERE as_of <= getvariable('as_of')) e
        LEFT JOIN (SELECT DISTINCT batch_id, source_file FROM loans) l USING (batch_id, source_file))
), process AS (
    SELECT loan_id,
        nullif(count(*) FILTER (is_own), 0) AS events_loaded,
        max(day) AS latest_event_date,
        count(*) FILTER (is_own AND step_code NOT IN ('1', '10', '11') AND isodow(day) > 5) AS weekend_events,
        min(day) FILTER (is_own AND step_code = '1') AS relationship_date,
        min(day) FILTER (is_own AND step_code = '2') AS application_date,
        min(day) FILTER (is_own AND step_code = '3') AS acceptance_date,
        min(day) FILTER (is_own AND step_code = '4') AS investigation_date,
        max(day) FILTER (is_own AND step_code = '4r') AS investigation_report_date,
        min(day) FILTER (is_own AND step_code = '5') AS review_date,
        min(day) FILTER (is_own AND step_code = '6') AS committee_date,
        min(day) FILTER (is_own AND step_code = '7') AS approval_date,
        min(day) FILTER (is_own AND step_code = '7b') AS filing_date,
        min(day) FILTER (is_own AND step_code = '8') AS contract_date,
        min(day) FILTER (is_own AND step_code = '9') AS disbursement_event_date,
        coalesce(min(day) FILTER (is_own AND step_code = '9e'),
                 min(CAST(created_at AS DATE)) FILTER (is_own AND step_code = '9')) AS system_entry_date
    FROM event
    GROUP BY loan_id
), record AS (
    -- By day, one without a day last; of several rows on one day always the same one: person and amount of one row.
    SELECT loan_id, step_code, staff_id, amount,
        coalesce(day - DATE '0001-01-01', CASE WHEN step_code = '4r' THEN 0 ELSE 4000000 END) * 1099511627776
            + CAST(hash(event_id) % 1099511627776 AS BIGINT) AS turn
    FROM event
    WHERE is_own AND step_code IN ('4', '4r', '5', '7')
), person AS (
    SELECT loan_id,
        arg_min_null(staff_id, turn) FILTER (step_code = '4') AS investigator_id,
        arg_max_null(amount, turn) FILTER (step_code = '4r') AS recommended_amount,
        arg_min_null(staff_id, turn) FILTER (step_code = '5') AS reviewer_id,
        arg_min_null(staff_id, turn) FILTER (step_code = '7') AS approver_id,
        arg_min_null(amount, turn) FILTER (step_code = '7') AS approved_amount
    FROM record
    GROUP BY loan_id
), inspected AS (
    SELECT loan_id, count(*) AS inspections,
        min(inspection_date) FILTER (inspection_date <= getvariable('as_of')) AS first_date,
        max(inspection_date) FILTER (inspection_date <= getvariable('as_of')) AS last_date
    FROM current_inspections
    GROUP BY loan_id
), noticed AS (
    SELECT n.loan_id, count(*) AS notices,
        -- For the current maturity: within the year before it, and for an extended loan not for the old maturity.
        min(n.notice_date) FILTER (
            n.kind = 'maturity' AND coalesce(n.party, 'borrower') = 'borrower'
            AND n.notice_date > l.disbursed_on AND n.notice_date >= l.current_maturity - INTERVAL 1 YEAR
            AND (l.current_maturity = l.original_maturity OR n.notice_date >= l.original_maturity)
        ) AS maturity_notice,
        min(n.notice_date) FILTER (n.kind = 'collection' AND n.notice_date >= l.first_overdue_date)
            AS collection_notice
    FROM current_notices n JOIN loan l USING (loan_id)
    GROUP BY n.loan_id
), received AS NOT MATERIALIZED (
    SELECT loan_id, borrower_id, doc_type
    FROM current_documents
    WHERE doc_type IS NOT NULL
        AND coalesce(received_date, getvariable('as_of')) <= getvariable('as_of')
        AND (waived_by IS NULL OR received_date IS NOT NULL)
), loan_papers AS (
    SELECT loan_id, string_agg(doc_type, chr(31)) AS types FROM received WHERE loan_id IS NOT NULL GROUP BY loan_id
), borrower_papers AS (
    SELECT borrower_id, string_agg(doc_type, chr(31)) AS types FROM received WHERE loan_id IS NULL GROUP BY borrower_id
)
SELECT getvariable('as_of') AS as_of, l.*,
    b.borrower_type, b.industry_code AS borrower_industry, b.region_code, b.founded_date, b.rating,
    b.account_no, b.account_type, b.account_opened, b.loan_card_no, b.hist_bad_flag, b.annual_income,
    b.total_assets - b.total_liab AS net_assets, b.guarantees_given, b.repayment_plan_date, b.group_id,
    t.balance AS borrower_balance,
    CASE WHEN t.unknown_arrears = CAST(a.amount IS NULL AS INTEGER) THEN t.arrears - coalesce(a.amount, 0) END
        AS other_arrears,
    CASE WHEN loaded.guarantees THEN coalesce(g.guarantors, 0) END AS guarantor_count,
    CASE WHEN loaded.guarantees THEN coalesce(g.mortgages, 0) END AS mortgage_count,
    CASE WHEN loaded.guarantees THEN coalesce(g.pledges, 0) END AS pledge_count,
    CASE WHEN loaded.guarantees THEN coalesce(g.unregistered, 0) END AS unregistered_mortgages,
    g.net_value AS collateral_net_value, g.oldest_valuation, g.last_registration AS last_registration_date,
    g.guarantee_end AS earliest_guarantee_end, g.pledge_maturity AS earliest_pledge_maturity,
    CASE
        WHEN g.providers IS NOT NULL THEN list_sort(list_distinct(string_split(g.providers, chr(31))))
        WHEN loaded.guarantees THEN []
    END AS providers,
    covered.steps AS steps_covered,
    e.* EXCLUDE (loan_id, weekend_events),
    CASE WHEN e.events_loaded > 0 THEN e.weekend_events END AS weekend_events,
    who.* EXCLUDE (loan_id),
    approver.authority_amount AS approver_authority,
    CASE WHEN loaded.inspections THEN coalesce(i.inspections, 0) END AS inspection_count,
    i.first_date AS first_inspection_date, i.last_date AS last_inspection_date,
    CASE WHEN loaded.inspections THEN coalesce(i.last_date, l.disbursed_on) END AS last_check_date,
    CASE WHEN loaded.notices THEN coalesce(n.notices, 0) END AS notice_count,
    n.maturity_notice AS maturity_notice_date, n.collection_notice AS first_collection_notice_date,
    CASE
        WHEN lp.types IS NOT NULL OR bp.types IS NOT NULL
            THEN list_sort(list_distinct(string_split(concat_ws(chr(31), lp.types, bp.types), chr(31))))
        WHEN loaded.documents THEN []
    END AS document_types
FROM loan l
CROSS JOIN loaded
CROSS JOIN covered
JOIN arrears a USING (loan_id)
LEFT JOIN borrower_total t ON t.borrower_id = l.borrower_id
LEFT JOIN current_borrowers b ON b.borrower_id = l.borrower_id
LEFT JOIN security g ON g.loan_id = l.loan_id
LEFT JOIN process e ON e.loan_id = l.loan_id
LEFT JOIN person who ON who.loan_id = l.loan_id
LEFT JOIN current_staff approver ON approver.staff_id = who.approver_id
LEFT JOIN inspected i ON i.loan_id = l.loan_id
LEFT JOIN noticed n ON n.loan_id = l.loan_id
LEFT JOIN loan_papers lp ON lp.loan_id = l.loan_id
LEFT JOIN borrower_papers bp ON bp.borrower_id = l.borrower_id
