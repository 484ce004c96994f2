-- Live guarantees with the loan each one secures: by loan_id, or by contract_no (one row a loan) when it has none.
-- A row without kind is of the loan's own kind if the columns it fills say so, else its kind stays unknown.
CREATE OR REPLACE TEMP VIEW live_guarantee AS
WITH secured AS (
    SELECT l.loan_id, l.borrower_id, l.guarantee_type AS loan_kind, false AS by_contract, g.* EXCLUDE (loan_id)
    FROM current_guarantees g JOIN current_loans l ON l.loan_id = g.loan_id
    UNION ALL
    SELECT l.loan_id, l.borrower_id, l.guarantee_type AS loan_kind, true AS by_contract, g.* EXCLUDE (loan_id)
    FROM current_guarantees g JOIN current_loans l ON l.contract_no = g.contract_no
    WHERE g.loan_id IS NULL
), described AS (
    SELECT *,
        coalesce(collateral_id, collateral_type, CAST(appraised_value AS VARCHAR)) IS NOT NULL AS has_collateral,
        coalesce(provider_id, provider_name) IS NOT NULL AS has_provider
    FROM secured
    WHERE coalesce(status, 'active') = 'active'
)
SELECT d.* EXCLUDE (borrower_id, kind, loan_kind, has_collateral, has_provider),
    coalesce(
        d.kind,
        CASE
            WHEN d.has_collateral AND c.attr = 'collateral' THEN d.loan_kind
            WHEN NOT d.has_collateral AND d.has_provider AND d.loan_kind = 'guarantee' THEN d.loan_kind
        END) AS kind,
    coalesce(d.provider_id, d.provider_name, d.guarantee_id) AS provider,
    CASE WHEN d.provider_id IS NOT NULL THEN d.provider_id <> d.borrower_id
        WHEN d.kind = 'guarantee' THEN true END AS is_third_party
FROM described d LEFT JOIN codes c ON c.list = 'guarantee_type' AND c.code = d.loan_kind;
