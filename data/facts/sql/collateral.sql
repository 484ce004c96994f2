-- One row per live guarantee of a loan in the snapshot. One that secures several notes of a contract is judged
-- with the note that owes most.
WITH loaded AS (
    SELECT EXISTS (FROM current_documents WHERE provider_id IS NOT NULL) AS provider_papers,
        EXISTS (FROM current_guarantees WHERE coalesce(registration_no, CAST(registration_date AS VARCHAR)) IS NOT NULL)
            AS registrations,
        EXISTS (FROM current_guarantees WHERE off_balance_date IS NOT NULL) AS off_balance
), secured AS (
    SELECT g.* EXCLUDE (provider), getvariable('as_of') AS as_of,
        l.borrower_id, l.branch_id, l.officer_id, l.is_running, l.disbursed_on, l.current_maturity, l.contract_date,
        l.contract_no AS loan_contract_no, l.guarantee_type, l.balance, l.principal, l.original_maturity,
        g.appraised_value - known_lien(g.prior_lien, g.rank) AS net_value
    FROM live_guarantee g JOIN judged_loan l ON l.loan_id = g.loan_id
), judged AS (
    SELECT * FROM secured WHERE NOT by_contract
    UNION ALL
    SELECT * FROM secured WHERE by_contract
    QUALIFY row_number() OVER (
        PARTITION BY guarantee_id ORDER BY is_running DESC NULLS LAST, balance DESC NULLS LAST, loan_id) = 1
), guaranteed AS (
    SELECT provider_id, count(DISTINCT loan_id) AS loans,
        CASE WHEN bool_and(amount IS NOT NULL) THEN sum(amount) END AS amount
    FROM judged
    WHERE kind = 'guarantee' AND is_running AND provider_id IS NOT NULL
    GROUP BY provider_id
), papers AS (
    SELECT provider_id, list(DISTINCT doc_type ORDER BY doc_type) AS types
    FROM current_documents
    WHERE provider_id IS NOT NULL AND doc_type IS NOT NULL
        AND coalesce(received_date, getvariable('as_of')) <= getvariable('as_of')
        AND (received_date IS NOT NULL
            OR coalesce(waived_by, waive_reason, CAST(waive_until AS VARCHAR)) IS NULL)
    GROUP BY provider_id
)
SELECT j.*, b.name AS borrower_name,
    CASE WHEN loaded.registrations THEN coalesce(j.registration_no IS NOT NULL, false)
        OR coalesce(j.registration_date <= getvariable('as_of'), false) END AS is_registered,
    CASE WHEN loaded.off_balance THEN j.off_balance_date IS NOT NULL END AS is_off_balance,
    CASE WHEN loaded.provider_papers AND j.provider_id IS NOT NULL THEN coalesce(p.types, []) END AS provider_papers,
    coalesce(j.provider_net_assets, known.total_assets - known.total_liab) AS provider_capacity,
    t.amount AS provider_guaranteed, CASE WHEN j.provider_id IS NOT NULL THEN coalesce(t.loans, 0) END AS provider_loans
FROM judged j
CROSS JOIN loaded
LEFT JOIN current_borrowers b ON b.borrower_id = j.borrower_id
LEFT JOIN current_borrowers known ON known.borrower_id = j.provider_id
LEFT JOIN guaranteed t ON t.provider_id = j.provider_id
LEFT JOIN papers p ON p.provider_id = j.provider_id
