-- One row per live guarantee of a loan in the snapshot. One that secures several notes of a contract is judged
-- with the note that owes most.
WITH secured AS (
    SELECT g.* EXCLUDE (provider), getvariable('as_of') AS as_of,
        l.borrower_id, l.branch_id, l.officer_id, l.is_running, l.disbursed_on, l.current_maturity, l.contract_date,
        l.contract_no AS loan_contract_no, l.guarantee_type, l.balance,
        g.appraised_value - known_lien(g.prior_lien, g.rank) AS net_value
    FROM live_guarantee g JOIN judged_loan l ON l.loan_id = g.loan_id
)
SELECT * FROM secured WHERE NOT by_contract
UNION ALL
SELECT * FROM secured WHERE by_contract
QUALIFY row_number() OVER (
    PARTITION BY guarantee_id ORDER BY is_running DESC NULLS LAST, balance DESC NULLS LAST, loan_id) = 1
