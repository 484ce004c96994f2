-- The steps of every loan, then those of its extensions. Faults move a day, change a person, or leave a step out.
WITH step(step_code) AS (
    VALUES ('1'), ('2'), ('3'), ('4'), ('4r'), ('5'), ('6'), ('7'), ('7b'), ('8'), ('8v'), ('8w'), ('9'), ('10'), ('10g'), ('11')
), own AS (
    SELECT l.n, l.h, l.loan_id, s.step_code, l.first_seen AS row_valid_from,
        l.principal, l.rate_bp, l.purpose, l.security,
        l.months + CAST(l.odd_days > 0 AS INTEGER) AS months, slot('timed', l.h) < 100 AS is_timed,
        CASE s.step_code
            WHEN '1' THEN k.since
            WHEN '2' THEN CASE
                WHEN has('contract_before_application', l.h) THEN workday_after(l.contract_day + 2)
                WHEN has('application_after_investigation', l.h) THEN workday_after(l.investigation_day + 3)
                WHEN has('weekend_work', l.h) THEN l.application_day - CAST(isodow(l.application_day) AS INTEGER)
                ELSE workday(l.application_day) END
            WHEN '3' THEN workday(l.acceptance_day)
            WHEN '4' THEN workday(l.investigation_day)
            WHEN '4r' THEN CASE WHEN has('approval_before_report', l.h) THEN workday_after(l.approval_day + 3)
                ELSE workday(l.report_day) END
            WHEN '5' THEN workday(l.review_day)
            WHEN '6' THEN CASE WHEN has('committee_after_approval', l.h) THEN workday_after(l.approval_day + 2)
                ELSE workday(l.committee_day) END
            WHEN '7' THEN CASE WHEN NOT has('missing_approval_date', l.h) THEN workday(l.approval_day) END
            WHEN '7b' THEN workday(l.contract_day)
            WHEN '8' THEN CASE WHEN has('contract_after_disbursement', l.h) THEN workday_after(l.disbursed_on + 2)
                ELSE workday(l.contract_day) END
            WHEN '8v' THEN workday(l.contract_day)
            WHEN '8w' THEN workday(l.contract_day)
            WHEN '9' THEN l.disbursed_on
            WHEN '10' THEN getvariable('last_day') + pick('future', l.h, 5, 40)
            WHEN '10g' THEN l.watched_from
            ELSE l.closed_on
        END AS day,
        CASE s.step_code
            WHEN '5' THEN CASE WHEN has('same_investigator_reviewer', l.h) THEN l.officer_id
                WHEN has('same_reviewer_approver', l.h) THEN l.approver_id ELSE l.reviewer_id END
            WHEN '6' THEN staff_no(0, 9001)
            WHEN '7' THEN l.approver_id
            WHEN '7b' THEN staff_no(0, 9002)
            WHEN '8w' THEN staff_no(l.branch_no, 9003)
            WHEN '9' THEN staff_no(l.branch_no, 9005)
            ELSE l.officer_id
        END AS staff_id,
        CASE s.step_code
            WHEN '4r' THEN CASE WHEN has('recommended_less', l.h) THEN l.principal * 8 // 10 ELSE l.principal END
            WHEN '7' THEN CASE WHEN has('approved_less', l.h) THEN l.principal * 9 // 10 ELSE l.principal END
            WHEN '9' THEN l.principal
        END AS amount,
        CASE
            WHEN s.step_code = '9' AND has('entered_late', l.h) THEN pick('entered', l.h, 2, 12)
            WHEN s.step_code = '4r' AND has('report_entered_late', l.h) THEN pick('reported', l.h, 6, 20)
            WHEN s.step_code = '10g' THEN least(CAST(getvariable('last_day') - l.watched_from AS INTEGER),
                CASE WHEN has('grave_entry_late', l.h) THEN pick('told', l.h, 8, 25) ELSE pick('told', l.h, 0, 4) END)
            ELSE 0
        END AS later,
        CASE WHEN s.step_code = '10g' THEN least(getvariable('last_day'), l.watched_from
            + CASE WHEN has('grave_action_late', l.h) THEN pick('acted', l.h, 5, 30) ELSE pick('acted', l.h, 0, 1) END)
        END AS action_date
    FROM loan_plan l
    CROSS JOIN step s
    JOIN borrower_since k ON k.b = l.b
    WHERE CASE s.step_code
        WHEN '3' THEN NOT has('acceptance_missing', l.h)
        WHEN '6' THEN l.needs_committee AND NOT has('committee_missing', l.h)
        WHEN '7b' THEN l.needs_filing AND NOT has('filing_missing', l.h)
        WHEN '8w' THEN NOT has('verified_alone', l.h)
        WHEN '10' THEN has('event_in_future', l.h)
        WHEN '10g' THEN l.watched_from <= getvariable('last_day')
        WHEN '11' THEN l.life = 'repaid'
        ELSE true
    END
), extension_step(step_code, part) AS (
    VALUES ('2', 0), ('3', 1), ('4', 2), ('4r', 4), ('5', 5), ('6', 6), ('7', 7)
), extension AS (
    SELECT x.request_id, x.loan_id, s.step_code, x.known_from AS row_valid_from,
        CASE WHEN s.step_code = '5' AND x.is_last AND has('extension_unreviewed', x.h)
            THEN x.agreement_day + 2
            WHEN s.step_code = '4' AND x.is_last AND has('extension_investigated_first', x.h)
            THEN workday(x.applied_day - 3)
            ELSE workday(x.applied_day + CAST((x.agreement_day - x.applied_day) * s.part // 8 AS INTEGER)) END AS day,
        CASE s.step_code
            WHEN '5' THEN CASE WHEN x.is_last AND has('extension_same_person', x.h) THEN l.officer_id ELSE l.reviewer_id END
            WHEN '6' THEN staff_no(0, 9001) WHEN '7' THEN l.approver_id
            ELSE l.officer_id END AS staff_id,
        CASE WHEN s.step_code IN ('4r', '7') THEN x.principal END AS amount
    FROM extension_plan x
    JOIN loan_plan l ON l.n = x.n
    JOIN extension_step s ON s.step_code <> '6' OR x.needs_committee
    WHERE NOT (s.step_code = '5' AND x.is_last AND has('extension_step_missing', x.h))
)
SELECT 'E' || loan_id || '-' || step_code AS event_id, loan_id, CAST(NULL AS VARCHAR) AS request_id,
    CASE WHEN step_code = '8w' THEN '8v' ELSE step_code END AS step_code, day AS event_date,
    CASE WHEN is_timed AND step_code IN ('2', '3', '4', '4r', '5', '6', '7', '8', '9') THEN CAST(day AS TIMESTAMP)
        + to_minutes(480 + 45 * CASE WHEN step_code = '3' AND has('times_reversed', h) THEN -1
            ELSE list_position(['2', '3', '4', '4r', '5', '6', '7', '8', '9'], step_code) END) END AS event_ts,
    CAST(day + later AS TIMESTAMP) + INTERVAL 17 HOUR AS created_at, staff_id,
    CASE WHEN step_code IN ('3', '5', '6', '7', '7b') THEN '同意' END AS result, amount,
    CASE WHEN step_code = '4r' THEN months
        WHEN step_code = '7' THEN months + CAST(has('approved_term_other', h) AS INTEGER) END AS term_months,
    CASE WHEN step_code = '4r' AND NOT has('conclusion_incomplete', h) THEN rate_bp / 100
        WHEN step_code = '7' THEN (rate_bp + CASE WHEN has('approved_rate_other', h) THEN 20 ELSE 0 END) / 100 END AS rate,
    CASE WHEN step_code = '7' THEN CASE WHEN has('approved_purpose_other', h) THEN '其他周转' ELSE purpose END END
        AS purpose,
    CASE WHEN step_code = '7' THEN CASE WHEN has('approved_security_other', h) THEN 'mixed' ELSE security END END
        AS guarantee_type,
    action_date, CASE WHEN step_code IN ('10g', '11') THEN seen(day + later) ELSE row_valid_from END AS row_valid_from,
    CAST(NULL AS DATE) AS row_valid_to
FROM own
UNION ALL BY NAME
SELECT 'E' || request_id || '-' || step_code AS event_id, loan_id, request_id, step_code, day AS event_date,
    CAST(day AS TIMESTAMP) + INTERVAL 17 HOUR AS created_at, staff_id,
    CASE WHEN step_code IN ('3', '5', '6', '7') THEN '同意' END AS result, amount,
    row_valid_from, CAST(NULL AS DATE) AS row_valid_to
FROM extension
