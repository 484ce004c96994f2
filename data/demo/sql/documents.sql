-- Papers of the loans, of the borrowers, of the providers of security, and the statements of the enterprises.
WITH loan_paper AS (
    SELECT l.n, l.h, l.loan_id, l.security, l.officer_id, l.branch_no, p.doc_type, p.is_hashed,
        l.first_seen AS row_valid_from, p.valid_years,
        workday(CASE WHEN p.doc_type IN ('contract', 'security_contract', 'title') THEN l.contract_day
            WHEN p.doc_type = 'investigation_report' THEN l.report_day
            ELSE l.application_day END) AS received,
        workday(l.investigation_day) AS visited, workday(l.contract_day) AS signed,
        -- The same paper as the loan before it, where it was copied.
        CASE WHEN p.doc_type = 'investigation_report' AND has('document_reused', l.h) THEN l.n - 1 ELSE l.n END
            AS paper_of
    FROM loan_plan l
    JOIN paper p ON p.holder = 'loan' AND p.borrower_type = l.borrower_type
        AND (p.only_if = '' OR (p.only_if = 'secured' AND l.security <> 'credit') OR p.only_if = l.security
            OR p.only_if = l.product_code OR (p.only_if = 'agent' AND slot('agent', l.h) < 30))
    WHERE NOT (has('document_missing', l.h) AND p.doc_type
        = ['application', 'investigation_report', 'security_contract', 'title', 'contract'][pick('lacks', l.h, 1, 5)])
        AND NOT (has('paper_missing', l.h) AND p.doc_type
            IN ('purpose_proof', 'trade_contract', 'feasibility_study', 'power_of_attorney'))
), first_loan AS (
    SELECT b, min(first_seen) AS first_seen, min(application_day) AS applied, any_value(officer_id) AS officer_id
    FROM loan_plan
    GROUP BY b
), lack AS (
    SELECT b, CASE WHEN has('document_missing', h)
        THEN ['hukou', 'marriage', 'credit_report', 'financials'][pick('lacks', h, 1, 4)] END AS doc_type
    FROM borrower_plan
), borrower_paper AS (
    SELECT b.b, b.h, b.branch_no, f.officer_id, p.doc_type, p.valid_years, workday(f.applied) AS received,
        f.first_seen AS row_valid_from
    FROM borrower_plan b
    JOIN first_loan f ON f.b = b.b
    JOIN lack k ON k.b = b.b
    JOIN paper p ON p.holder = 'borrower' AND p.borrower_type = b.borrower_type
        AND (p.only_if = '' OR (p.only_if = 'joint_venture' AND slot('joint venture', b.h) < 60))
    WHERE p.doc_type IS DISTINCT FROM k.doc_type
        AND NOT (has('paper_missing', b.h) AND p.doc_type
            = CASE WHEN b.borrower_type = 'E'
                THEN ['debt_statement', 'cash_flow_forecast', 'tax_proof', 'specimen'][pick('lacks too', b.h, 1, 4)]
                ELSE 'bank_dealings' END)
), period AS (
    -- Annual statements from three years before the first application, and the quarters of the last year.
    SELECT b.b, b.h, b.branch_no, f.officer_id, f.applied, f.first_seen, last_day(unnest(list_concat(
        list_transform(range(CAST(year(f.applied) - 3 AS BIGINT), CAST(year(getvariable('last_day')) AS BIGINT)),
            lambda y: make_date(y, 12, 1)),
        [months_after(getvariable('last_day'), -7), months_after(getvariable('last_day'), -4)]))) AS period_end
    FROM borrower_plan b
    JOIN first_loan f ON f.b = b.b
    JOIN lack k ON k.b = b.b
    WHERE b.borrower_type = 'E' AND k.doc_type IS DISTINCT FROM 'financials'
), statement AS (
    SELECT *, CASE WHEN period_end + 45 <= applied OR period_end < applied - 40 THEN least(period_end + 45, applied)
        ELSE period_end + pick('handed in', h, 20, 60) END AS received
    FROM period
    WHERE NOT (has('statement_year_missing', h) AND period_end = make_date(year(applied) - 2, 12, 31))
        AND NOT (has('statements_late', h) AND period_end > getvariable('last_day') - 260)
), provider_paper AS (
    SELECT g.n, g.h, g.item, g.loan_id, g.provider_id, g.contract_day, g.first_seen AS row_valid_from,
        l.branch_no, l.officer_id,
        unnest(list_concat(['id_card'],
            CASE WHEN g.borrower_type = 'E' THEN ['licence'] ELSE [] END,
            CASE g.kind WHEN 'mortgage' THEN ['ownership'] WHEN 'pledge' THEN ['instrument', 'appraisal']
                ELSE CASE WHEN g.borrower_type = 'E' THEN ['financials'] ELSE [] END END,
            CASE WHEN g.borrower_type = 'E' THEN ['consent_letter'] ELSE [] END)) AS doc_type
    FROM guarantee_plan g JOIN loan_plan l ON l.n = g.n
    WHERE g.is_third_party
), written AS (
    SELECT 'D' || loan_id || '-' || doc_type AS doc_id, loan_id, CAST(NULL AS VARCHAR) AS borrower_id,
        CAST(NULL AS VARCHAR) AS provider_id, doc_type, received,
        CASE WHEN doc_type = 'purpose_proof' AND has('paper_future', h) THEN getvariable('last_day') + pick('dated', h, 5, 40)
            ELSE received END AS doc_date, h, n AS turn, branch_no,
        officer_id, row_valid_from,
        CASE WHEN is_hashed THEN sha256(getvariable('seed') || doc_type || paper_of) END AS sha256,
        CASE WHEN valid_years IS NOT NULL THEN getvariable('last_day') + pick('agent', h, 90, 4000) END AS valid_to,
        CAST(NULL AS DATE) AS period_end,
        CASE doc_type
            WHEN 'application' THEN '客户基本情况;品种;金额;期限;用途;担保方式'
                || CASE WHEN has('application_incomplete', h) THEN '' ELSE ';还款来源' END
            WHEN 'investigation_report' THEN '客户基本情况;生产经营状况;借款原因期限担保;'
                || CASE WHEN has('report_incomplete', h) THEN '' ELSE '财务分析;非财务分析;' END || '担保分析;调查结论'
            WHEN 'contract' THEN '品种;用途;金额;期限;利率;还款方式;担保方式;权利义务'
                || CASE WHEN has('contract_incomplete', h) THEN '' ELSE ';违约责任' END
        END AS contents,
        CASE WHEN doc_type IN ('contract', 'security_contract') THEN CASE
            WHEN has('contract_not_standard', h) THEN 'ZD99'
            WHEN doc_type = 'contract' THEN 'JK01'
            WHEN security = 'mortgage' THEN 'DY01' WHEN security = 'pledge' THEN 'ZY01' ELSE 'BZ01' END END AS form_code,
        CASE WHEN doc_type = 'investigation_report' AND NOT has('not_on_site', h) THEN visited END AS onsite_date,
        CASE WHEN doc_type IN ('contract', 'security_contract') THEN NOT has('not_in_person', h) END
            AS signed_in_person,
        CASE WHEN doc_type IN ('contract', 'security_contract')
            THEN signed + CAST(has('sealed_first', h) AS INTEGER) END AS checked_on,
        CASE WHEN doc_type IN ('contract', 'security_contract') THEN signed END AS sealed_on
    FROM loan_paper
    UNION ALL BY NAME
    SELECT 'D' || borrower_no(b) || '-' || doc_type AS doc_id, borrower_no(b) AS borrower_id, doc_type, received,
        received - 30 AS doc_date, h, b AS turn, branch_no, officer_id, row_valid_from,
        CASE WHEN valid_years IS NULL THEN NULL
            WHEN has('document_expired', h) AND doc_type = 'id_card'
                THEN getvariable('last_day') - pick('expired', h, 5, 300)
            ELSE greatest(months_after(received, 12 * valid_years - pick('issued', h, 1, 120)),
                getvariable('last_day') + 90)
        END AS valid_to
    FROM borrower_paper
    UNION ALL BY NAME
    SELECT 'D' || borrower_no(b) || '-financials-' || period_end AS doc_id, borrower_no(b) AS borrower_id,
        'financials' AS doc_type, received, received AS doc_date, h, b + year(period_end) AS turn, branch_no,
        officer_id, greatest(first_seen, seen(received)) AS row_valid_from, period_end
    FROM statement
    WHERE received <= getvariable('last_day')
    UNION ALL BY NAME
    SELECT 'D' || loan_id || '-' || item || '-' || doc_type AS doc_id, loan_id, provider_id, doc_type,
        workday(contract_day) AS received, workday(contract_day) AS doc_date, h, item AS turn, branch_no, officer_id,
        row_valid_from
    FROM provider_paper
    WHERE NOT (has_at('provider_paper_missing', h, item) AND doc_type <> 'licence')
)
SELECT doc_id, loan_id, borrower_id, provider_id, doc_type, received AS received_date, doc_date, sha256, valid_to,
    period_end, contents, form_code, onsite_date, signed_in_person, checked_on, sealed_on,
    CASE WHEN NOT has_at('not_verified', h, turn) THEN officer_id END AS verified_by,
    CASE WHEN NOT has_at('not_verified', h, turn) THEN received END AS verified_date,
    CASE WHEN doc_type = 'financials' AND NOT has_at('not_analysed', h, turn) THEN received + 2 END AS analysed_on,
    CASE WHEN NOT has('custodian_missing', h) THEN staff_no(branch_no, 9005) END AS custodian,
    received + CASE WHEN has_at('filed_late', h, turn) THEN pick('filed', h, 35, 90) ELSE pick('filed', h, 1, 20) END
        AS archived_on,
    row_valid_from, CAST(NULL AS DATE) AS row_valid_to
FROM written
