-- The bank's own figures in force at as_of, in one row; NULL where the register does not state one.
CREATE OR REPLACE TEMP TABLE parameters AS
WITH latest AS (
    SELECT parameter, amount, rate, grade, effective_date
    FROM current_bank_parameters
    WHERE effective_date <= getvariable('as_of')
    QUALIFY row_number() OVER (PARTITION BY parameter ORDER BY effective_date DESC) = 1
)
SELECT
    max(amount) FILTER (parameter = 'net_capital') AS net_capital,
    max(effective_date) FILTER (parameter = 'net_capital') AS capital_date,
    max(amount) FILTER (parameter = 'tier1_capital') AS tier1_capital,
    max(amount) FILTER (parameter = 'loan_loss_provision') AS loan_loss_provision,
    max(rate) FILTER (parameter = 'funding_cost') AS funding_cost_pct,
    max(rate) FILTER (parameter = 'lpr_1y') AS lpr_1y_pct,
    max(rate) FILTER (parameter = 'lpr_5y') AS lpr_5y_pct,
    max(grade) FILTER (parameter = 'bank_tier') AS bank_tier
FROM latest;
