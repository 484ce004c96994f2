-- One row per loan that is current at as_of and stands in its snapshot. Each register is grouped once, joined once.
WITH loaded AS (
    SELECT
        EXISTS (FROM current_guarantees) AS guarantees,
        EXISTS (FROM current_inspections) AS inspections,
        EXISTS (FROM current_notices) AS notices,
        EXISTS (FROM current_documents) AS documents,
        -- Whether anybody fills the column: where nobody does, a blank is unknown and not missing.
        EXISTS (FROM current_documents WHERE doc_type = 'financials' AND period_end IS NOT NULL) AS statement_periods,
        EXISTS (FROM current_loans WHERE repayment_source IS NOT NULL) AS repayment_sources,
        EXISTS (FROM current_events WHERE step_code = '4r' AND term_months IS NOT NULL AND rate IS NOT NULL)
            AS recommended_terms,
        EXISTS (FROM current_events WHERE step_code = '8v' AND staff_id IS NOT NULL) AS verifiers,
        EXISTS (FROM current_events WHERE step_code = '10g') AS grave_matters,
        EXISTS (FROM current_events WHERE step_code = '10g' AND action_date IS NOT NULL) AS grave_actions,
        EXISTS (FROM current_events WHERE step_code = '10g' AND created_at IS NOT NULL) AS grave_entries,
        EXISTS (FROM current_notices WHERE receipt_date IS NOT NULL) AS receipts,
        EXISTS (FROM current_extensions WHERE new_rate IS NOT NULL) AS extension_rates
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
        string_agg(provider, chr(31)) AS providers,
        CASE WHEN bool_and(is_third_party IS NOT NULL) THEN count(*) FILTER (is_third_party) END AS third_parties,
        coalesce(
            -- Of several worth the same always the same one.
            arg_min(collateral_type, (-appraised_value, guarantee_id))
                FILTER (kind IN ('mortgage', 'pledge') AND appraised_value IS NOT NULL),
            CASE WHEN min(collateral_type) = max(collateral_type) THEN min(collateral_type) END) AS main_type
    FROM live_guarantee
    GROUP BY loan_id
), event AS NOT MATERIALIZED (
    SELECT loan_id, request_id IS NULL AS is_own, step_code, created_at, event_id, staff_id, amount, term_months, rate,
        purpose, guarantee_type, action_date, event_ts,
        coalesce(event_date, CAST(event_ts AS DATE)) AS day
    FROM current_events
    WHERE loan_id IN (SELECT loan_id FROM loan)
), covered AS (
    -- A register of events can record every step; the dates beside a flat file's loans only those it has columns for.
    SELECT CASE WHEN bool_or(NOT is_flat) THEN (SELECT list(code ORDER BY rank) FROM codes WHERE list = 'step')
        ELSE list_sort(list(DISTINCT step_code)) END AS steps
    FROM (
        SELECT DISTINCT e.step_code, l.source_file IS NOT NULL AS is_flat
        FROM (SELECT DISTINCT step_code, batch_id, source_file FROM events
            WHERE row_valid_from <= getvariable('as_of')) e
        LEFT JOIN (SELECT DISTINCT batch_id, source_file FROM loans) l USING (batch_id, source_file))
), process AS (
    SELECT loan_id,
        nullif(count(*) FILTER (is_own), 0) AS events_loaded,
        max(day) AS latest_event_date,
        count(*) FILTER (is_own AND step_code NOT IN ('1', '10', '10g', '11') AND is_day_off(day)) AS weekend_events,
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
                 min(CAST(created_at AS DATE)) FILTER (is_own AND step_code = '9')) AS system_entry_date,
        max(CAST(created_at AS DATE)) FILTER (is_own AND step_code = '4r') AS report_entry_date,
        CASE WHEN max(staff_id) FILTER (is_own AND step_code = '8v') IS NULL THEN 0
            ELSE 1 + CAST(min(staff_id) FILTER (is_own AND step_code = '8v')
                < max(staff_id) FILTER (is_own AND step_code = '8v') AS INTEGER) END AS verifiers,
        count(*) FILTER (step_code = '10g' AND day <= getvariable('as_of')) AS grave_matters,
        max(coalesce(action_date, getvariable('as_of')) - day)
            FILTER (step_code = '10g' AND day <= getvariable('as_of')) AS grave_action_days,
        max(coalesce(CAST(created_at AS DATE), getvariable('as_of')) - day)
            FILTER (step_code = '10g' AND day <= getvariable('as_of')) AS grave_entry_days
    FROM event
    GROUP BY loan_id
), timed AS (
    -- Steps of one day against the step before them, where both bear a time.
    SELECT loan_id, count(*) FILTER (event_ts < earlier_ts AND CAST(earlier_ts AS DATE) = CAST(event_ts AS DATE))
        AS reversed
    FROM (
        SELECT e.loan_id, e.event_ts, lag(e.event_ts) OVER (PARTITION BY e.loan_id ORDER BY s.rank, e.event_ts)
            AS earlier_ts
        FROM event e JOIN codes s ON s.list = 'step' AND s.code = e.step_code
        WHERE e.is_own AND e.event_ts IS NOT NULL AND e.step_code IN ('2', '3', '4', '4r', '5', '6', '7', '8', '9'))
    GROUP BY loan_id
), record AS (
    -- By day, one without a day last; of several rows on one day always the same one: person and amount of one row.
    SELECT loan_id, step_code, staff_id, amount, term_months, rate, purpose, guarantee_type,
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
        arg_min_null(amount, turn) FILTER (step_code = '7') AS approved_amount,
        arg_min_null(term_months, turn) FILTER (step_code = '7') AS approved_term_months,
        arg_min_null(rate, turn) FILTER (step_code = '7') AS approved_rate,
        arg_min_null(purpose, turn) FILTER (step_code = '7') AS approved_purpose,
        arg_min_null(guarantee_type, turn) FILTER (step_code = '7') AS approved_guarantee_type,
        arg_max_null(term_months IS NOT NULL AND rate IS NOT NULL, turn) FILTER (step_code = '4r')
            AS recommends_terms
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
            AS collection_notice,
        bool_or(n.receipt_date <= getvariable('as_of')) FILTER (
            n.kind = 'maturity' AND coalesce(n.party, 'borrower') = 'borrower'
            AND n.notice_date > l.disbursed_on AND n.notice_date >= l.current_maturity - INTERVAL 1 YEAR
            AND (l.current_maturity = l.original_maturity OR n.notice_date >= l.original_maturity)
        ) AS borrower_receipt,
        bool_or(n.receipt_date <= getvariable('as_of')) FILTER (
            n.kind = 'maturity' AND n.party = 'guarantor'
            AND n.notice_date > l.disbursed_on AND n.notice_date >= l.current_maturity - INTERVAL 1 YEAR
            AND (l.current_maturity = l.original_maturity OR n.notice_date >= l.original_maturity)
        ) AS guarantor_receipt,
        bool_or(n.copy_kept) FILTER (
            n.kind = 'maturity'
            AND n.notice_date > l.disbursed_on AND n.notice_date >= l.current_maturity - INTERVAL 1 YEAR
            AND (l.current_maturity = l.original_maturity OR n.notice_date >= l.original_maturity)
        ) AS copy_kept
    FROM current_notices n JOIN loan l USING (loan_id)
    GROUP BY n.loan_id
), received AS NOT MATERIALIZED (
    -- The papers of a provider of security are his own, but for what makes up the security itself.
    SELECT d.loan_id, d.borrower_id, d.doc_type, d.valid_to
    FROM current_documents d
    LEFT JOIN codes c ON c.list = 'doc_type' AND c.code = d.doc_type AND c.attr = 'security'
    WHERE doc_type IS NOT NULL AND (provider_id IS NULL OR provider_id = borrower_id OR c.attr IS NOT NULL)
        AND coalesce(received_date, getvariable('as_of')) <= getvariable('as_of')
        AND (received_date IS NOT NULL
            OR coalesce(waived_by, waive_reason, CAST(waive_until AS VARCHAR)) IS NULL)
), loan_papers AS (
    SELECT loan_id, string_agg(doc_type, chr(31)) AS types FROM received WHERE loan_id IS NOT NULL GROUP BY loan_id
), borrower_papers AS (
    SELECT borrower_id, string_agg(doc_type, chr(31)) AS types,
        max(valid_to) FILTER (doc_type IN ('id_card', 'legal_rep_id')) AS id_valid_to
    FROM received WHERE loan_id IS NULL GROUP BY borrower_id
), statement AS (
    SELECT coalesce(d.borrower_id, l.borrower_id) AS borrower_id,
        list(DISTINCT year(d.period_end)) FILTER (month(d.period_end) = 12) AS years
    FROM current_documents d LEFT JOIN loan l ON l.loan_id = d.loan_id
    WHERE d.doc_type = 'financials' AND d.period_end IS NOT NULL AND d.provider_id IS NULL
        AND coalesce(d.received_date, getvariable('as_of')) <= getvariable('as_of')
    GROUP BY 1
), known_since AS (
    SELECT borrower_id, min(disbursed_on) AS first_loan FROM loans
    WHERE row_valid_from <= getvariable('as_of') AND borrower_id IS NOT NULL
    GROUP BY borrower_id
), extended AS (
    SELECT loan_id, max(coalesce(start_date, agreement_date)) AS day,
        arg_max(new_rate IS NOT NULL, (coalesce(start_date, agreement_date), new_rate IS NULL)) AS is_rate_stated
    FROM current_extensions
    WHERE is_executed(decision, agreement_date, new_maturity)
        AND coalesce(start_date, agreement_date) <= getvariable('as_of')
    GROUP BY loan_id
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
    e.* EXCLUDE (loan_id, weekend_events, verifiers, grave_matters, grave_action_days, grave_entry_days),
    CASE WHEN e.events_loaded > 0 THEN e.weekend_events END AS weekend_events,
    who.* EXCLUDE (loan_id, recommends_terms),
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
    END AS document_types,
    v.attested_kept, v.attested_broken, y.* EXCLUDE (loan_id),
    CASE WHEN b.region_code IS NOT NULL AND br.regions IS NOT NULL
        THEN len(list_filter(listed(br.regions), lambda region: starts_with(b.region_code, region))) > 0 END
        AS in_service_area,
    l.disbursed_on = k.first_loan AS is_new_customer,
    coalesce(b.id_valid_to, bp.id_valid_to) AS id_valid_to, b.is_joint_venture,
    CASE WHEN loaded.statement_periods AND coalesce(e.application_date, l.disbursed_on) IS NOT NULL
        THEN len(list_filter(coalesce(sy.years, []), lambda y:
            y BETWEEN year(coalesce(e.application_date, l.disbursed_on)) - 3
                AND year(coalesce(e.application_date, l.disbursed_on)) - 1)) END AS annual_statements,
    CASE WHEN loaded.repayment_sources THEN l.repayment_source IS NOT NULL END AS repayment_source_stated,
    CASE WHEN loaded.recommended_terms AND e.investigation_report_date IS NOT NULL
        THEN who.recommends_terms AND who.recommended_amount IS NOT NULL END AS recommendation_complete,
    CASE WHEN loaded.verifiers AND e.events_loaded > 0 THEN e.verifiers END AS verifier_count,
    t2.reversed AS timestamps_reversed,
    CASE WHEN loaded.grave_matters THEN coalesce(e.grave_matters, 0) END AS grave_matters,
    CASE WHEN loaded.grave_actions THEN e.grave_action_days END AS grave_action_days,
    CASE WHEN loaded.grave_entries THEN e.grave_entry_days END AS grave_entry_days,
    CASE WHEN loaded.guarantees AND g.loan_id IS NULL THEN 0 ELSE g.third_parties END AS third_party_providers,
    g.main_type AS main_collateral_type,
    CASE WHEN loaded.receipts THEN list_filter(
        [CASE WHEN n.borrower_receipt THEN 'borrower' END, CASE WHEN n.guarantor_receipt THEN 'guarantor' END],
        lambda party: party IS NOT NULL) END AS notice_receipts,
    n.copy_kept AS notice_copy_kept,
    coalesce(x.day, CASE WHEN l.origin_type = 'restructured' THEN l.disbursed_on END) AS restructured_on,
    CASE WHEN loaded.extension_rates THEN x.is_rate_stated END AS extension_rate_stated,
    CASE WHEN own.staff_id IS NOT NULL THEN own.left_date IS NULL OR own.left_date > getvariable('as_of') END
        AS officer_is_active
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
LEFT JOIN current_staff own ON own.staff_id = l.officer_id
LEFT JOIN current_branches br ON br.branch_id = l.branch_id
LEFT JOIN known_since k ON k.borrower_id = l.borrower_id
LEFT JOIN statement sy ON sy.borrower_id = l.borrower_id
LEFT JOIN timed t2 ON t2.loan_id = l.loan_id
LEFT JOIN extended x ON x.loan_id = l.loan_id
LEFT JOIN attested v ON v.subject = 'loan' AND v.id = l.loan_id
LEFT JOIN loan_history y ON y.loan_id = l.loan_id
