WITH loan_paper AS (
    SELECT l.n, l.h, l.loan_id, p.doc_type, p.is_hashed, workday(l.application_day) AS applied, l.first_seen AS as_of,
        workday(CASE WHEN p.doc_type IN ('contract', 'security_contract', 'title') THEN l.contract_day
            ELSE l.application_day END) AS received,
        -- The same paper as the loan before it, where it was copied.
        CASE WHEN p.doc_type = 'investigation_report' AND has('document_reused', l.h) THEN l.n - 1 ELSE l.n END
            AS paper_of
    FROM loan_plan l
    JOIN paper p ON p.holder = 'loan' AND p.borrower_type = l.borrower_type
        AND (p.only_if = '' OR (p.only_if = 'secured' AND l.security <> 'credit') OR p.only_if = l.security
            OR p.only_if = l.product_code)
    WHERE NOT (has('document_missing', l.h) AND p.doc_type
        = ['application', 'investigation_report', 'security_contract', 'title', 'contract'][pick('lacks', l.h, 1, 5)])
), first_loan AS (
    SELECT b, min(first_seen) AS first_seen, min(application_day) AS applied FROM loan_plan GROUP BY b
), borrower_paper AS (
    SELECT b.b, b.h, p.doc_type, p.valid_years, workday(f.applied) AS received, f.first_seen AS as_of
    FROM borrower_plan b
    JOIN first_loan f ON f.b = b.b
    JOIN paper p ON p.holder = 'borrower' AND p.borrower_type = b.borrower_type
    WHERE NOT (has('document_missing', b.h) AND p.doc_type
        = ['hukou', 'marriage', 'credit_report', 'financials'][pick('lacks', b.h, 1, 4)])
)
SELECT 'D' || loan_id || '-' || doc_type AS doc_id, loan_id, doc_type, received AS received_date,
    received AS doc_date,
    CASE WHEN is_hashed THEN sha256(getvariable('seed') || doc_type || paper_of) END AS sha256,
    as_of, CAST(NULL AS DATE) AS until
FROM loan_paper
UNION ALL BY NAME
SELECT 'D' || borrower_no(b) || '-' || doc_type AS doc_id, borrower_no(b) AS borrower_id, doc_type,
    received AS received_date, received - 30 AS doc_date,
    CASE WHEN valid_years IS NULL THEN NULL
        WHEN has('document_expired', h) AND doc_type = 'id_card'
            THEN getvariable('last_day') - pick('expired', h, 5, 300)
        ELSE greatest(months_after(received, 12 * valid_years - pick('issued', h, 1, 120)),
            getvariable('last_day') + 90)
    END AS valid_to,
    CASE WHEN doc_type = 'financials' THEN last_day(months_after(received, -3)) END AS period_end,
    as_of, CAST(NULL AS DATE) AS until
FROM borrower_paper
