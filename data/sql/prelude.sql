-- What the subjects share, as temporary objects of the connection: they work on a read-only book too.

-- The smallest n >= 0 with started + n calendar months (clipped at the month's end) >= ended.
CREATE OR REPLACE TEMP MACRO term_months(started, ended) AS
    CASE WHEN started < ended THEN
        datediff('month', started, ended)
        + CAST(started + to_months(CAST(datediff('month', started, ended) AS INTEGER)) < ended AS INTEGER)
    END;

CREATE OR REPLACE TEMP MACRO term_days(started, ended) AS CASE WHEN started < ended THEN ended - started END;

-- Prior claims: none where the first rank, or no rank, is recorded without them; unknown behind a later rank.
CREATE OR REPLACE TEMP MACRO known_lien(prior_lien, claim_rank) AS
    coalesce(prior_lien, CASE WHEN coalesce(claim_rank, 1) <= 1 THEN 0 END);

-- Not rejected, and an agreement or a new maturity stands in the register.
CREATE OR REPLACE TEMP MACRO is_executed(decision, agreement_date, new_maturity) AS
    coalesce(decision, 'approved') = 'approved' AND (agreement_date IS NOT NULL OR new_maturity IS NOT NULL);

CREATE OR REPLACE TEMP MACRO is_open(decision, agreement_date, new_maturity) AS
    coalesce(decision, 'pending') = 'pending' AND NOT is_executed(decision, agreement_date, new_maturity);

CREATE OR REPLACE TEMP VIEW judged_loan AS SELECT * FROM facts_loan WHERE as_of = getvariable('as_of');

CREATE OR REPLACE TEMP VIEW secured_loan AS SELECT loan_id, contract_no, guarantee_type FROM current_loans;

-- Live guarantees with the loan each one secures: by loan_id, or by contract_no (one row a loan) when it has none.
-- A row without kind is of the loan's own kind if the columns it fills say so, else its kind stays unknown.
CREATE OR REPLACE TEMP VIEW live_guarantee AS
WITH secured AS (
    SELECT l.loan_id, l.guarantee_type AS loan_kind, false AS by_contract, g.* EXCLUDE (loan_id)
    FROM current_guarantees g JOIN secured_loan l ON l.loan_id = g.loan_id
    UNION ALL
    SELECT l.loan_id, l.guarantee_type AS loan_kind, true AS by_contract, g.* EXCLUDE (loan_id)
    FROM current_guarantees g JOIN secured_loan l ON l.contract_no = g.contract_no
    WHERE g.loan_id IS NULL
), described AS (
    SELECT *,
        coalesce(collateral_id, collateral_type, CAST(appraised_value AS VARCHAR)) IS NOT NULL AS has_collateral,
        coalesce(provider_id, provider_name) IS NOT NULL AS has_provider
    FROM secured
    WHERE coalesce(status, 'active') = 'active'
)
SELECT d.* EXCLUDE (kind, loan_kind, has_collateral, has_provider),
    coalesce(
        d.kind,
        CASE
            WHEN d.has_collateral AND c.attr = 'collateral' THEN d.loan_kind
            WHEN NOT d.has_collateral AND d.has_provider AND d.loan_kind = 'guarantee' THEN d.loan_kind
        END) AS kind,
    coalesce(d.provider_id, d.provider_name, d.guarantee_id) AS provider
FROM described d LEFT JOIN codes c ON c.list = 'guarantee_type' AND c.code = d.loan_kind;
