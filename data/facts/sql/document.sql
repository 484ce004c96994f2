-- One row per document of a loan, or of a borrower without a loan named, in the snapshot.
WITH repeated AS (
    SELECT sha256, count(*) AS uses FROM current_documents WHERE sha256 IS NOT NULL GROUP BY sha256 HAVING count(*) > 1
), copies AS (
    SELECT d.sha256, coalesce(d.loan_id, d.borrower_id) AS holder, any_value(r.uses) - count(*) AS elsewhere
    FROM current_documents d JOIN repeated r ON r.sha256 = d.sha256
    GROUP BY ALL
), held AS (
    SELECT d.* EXCLUDE (borrower_id), coalesce(d.borrower_id, l.borrower_id) AS borrower_id,
        coalesce(d.loan_id, d.borrower_id) AS holder, l.branch_id, l.officer_id, l.balance, l.guarantee_type
    FROM current_documents d JOIN judged_loan l ON l.loan_id = d.loan_id
    UNION ALL BY NAME
    SELECT d.*, d.borrower_id AS holder, b.branch_id, b.officer_id, b.balance
    FROM current_documents d
    JOIN facts_borrower b ON b.as_of = getvariable('as_of') AND b.borrower_id = d.borrower_id
    WHERE d.loan_id IS NULL
), loaded AS (
    -- Whether anybody fills the column: where nobody does, a blank is unknown and not missing.
    SELECT count(verified_by) > 0 AS verified, count(analysed_on) > 0 AS analysed, count(form_code) > 0 AS forms,
        count(onsite_date) > 0 AS on_site, count(custodian) > 0 AS custodians
    FROM current_documents
), content AS (
    SELECT contents, list(DISTINCT code ORDER BY code) AS codes
    FROM (
        SELECT d.contents, coalesce(c.code, d.part) AS code
        FROM (SELECT contents, unnest(listed(contents)) AS part
            FROM (SELECT DISTINCT contents FROM current_documents WHERE contents IS NOT NULL)) d
        LEFT JOIN codes c ON c.list = 'content' AND d.part IN (c.zh, c.en, c.code))
    GROUP BY contents
)
SELECT h.*, getvariable('as_of') AS as_of,
    CASE WHEN h.sha256 IS NOT NULL THEN coalesce(c.elsewhere, 0) END AS uses_elsewhere,
    m.codes AS contents_listed,
    CASE WHEN loaded.verified THEN h.verified_by IS NOT NULL END AS is_verified,
    CASE WHEN loaded.analysed THEN h.analysed_on IS NOT NULL END AS is_analysed,
    CASE WHEN loaded.forms THEN h.form_code IS NOT NULL END AS is_form_stated,
    CASE WHEN loaded.on_site THEN h.onsite_date IS NOT NULL END AS is_on_site,
    CASE WHEN loaded.custodians THEN h.custodian IS NOT NULL END AS has_custodian
FROM held h
CROSS JOIN loaded
LEFT JOIN content m ON m.contents = h.contents
LEFT JOIN copies c ON c.sha256 = h.sha256 AND c.holder = h.holder
