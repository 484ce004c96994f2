-- Collateral has a new row at every revaluation; between two of them lie no more than its revaluation months.
WITH version AS (
    SELECT *, first_seen AS row_valid_from, 0 AS turn FROM guarantee_plan
    UNION ALL
    SELECT g.*, m.day AS row_valid_from, datediff('month', g.first_seen, m.day) AS turn
    FROM guarantee_plan g
    JOIN month_end m ON m.day > g.first_seen AND m.day <= g.last_seen
        AND (datediff('month', g.first_seen, m.day) + g.phase) % g.revalue_months = 0
    WHERE NOT has_at('valuation_stale', g.h, g.item)
), dated AS (
    SELECT *, lead(row_valid_from) OVER (PARTITION BY n, item ORDER BY row_valid_from) AS row_valid_to,
        CASE WHEN kind = 'mortgage' OR NOT matures THEN
            CASE
                WHEN kind = 'mortgage' AND has_at('unregistered', h, item) THEN NULL
                WHEN kind = 'mortgage' AND has_at('registered_late', h, item)
                    THEN least(disbursed_on + pick_at('registered', h, item, 5, 60), getvariable('last_day'))
                WHEN kind <> 'guarantee' THEN disbursed_on - pick_at('registered', h, item, 0, 1)
            END
        END AS registered,
        -- One pledged or mortgaged item in twelve bears an earlier lien, which its value exceeds.
        CASE WHEN kind = 'mortgage' AND slot('lien', h) < 80 THEN principal // 5 ELSE 0 END AS lien,
        kind <> 'guarantee' AS is_item
    FROM version
)
SELECT 'DB' || loan_id || item AS guarantee_id, loan_id, contract_no,
    CASE WHEN has_at('contract_cited_wrong', h, item) THEN contract_no || '-1' ELSE contract_no END
        AS main_contract_no_cited,
    CASE WHEN has_at('borrower_cited_wrong', h, item) THEN '样例·另一借款人'
        ELSE borrower_name(borrower_h, b, borrower_type) END AS main_borrower_cited,
    CASE WHEN has_at('amount_cited_wrong', h, item) THEN principal * 8 // 10 ELSE principal END AS main_amount_cited,
    CASE WHEN has_at('term_cited_wrong', h, item) THEN original_maturity + 31 ELSE original_maturity END
        AS main_maturity_cited,
    false AS is_maximum, CASE WHEN is_third_party AND borrower_type <> 'E' THEN 'P' ELSE borrower_type END
        AS provider_type,
    CASE WHEN is_shared OR backer_b IS NOT NULL THEN 60000000
        WHEN kind = 'guarantee' THEN principal * CASE WHEN has_at('guarantor_weak', h, item)
        THEN pick_at('weak', h, item, 40, 90) ELSE pick_at('strong', h, item, 120, 400) END // 100 END
        AS provider_net_assets,
    kind, provider_id,
    CASE
        WHEN backer_b IS NOT NULL THEN borrower_name(backer_h, backer_b, backer_type)
        WHEN is_shared THEN person_name(parts(md5_number_lower(provider_id)), 1)
        WHEN NOT is_third_party THEN borrower_name(borrower_h, b, borrower_type)
        WHEN borrower_type = 'E' THEN firm_name(h, item, n + item, '有限公司')
        ELSE person_name(h, item)
    END AS provider_name,
    principal AS amount, workday(contract_day) AS start,
    CASE WHEN kind = 'guarantee' AND has_at('guarantee_ends_early', h, item)
        THEN original_maturity - pick_at('ends', h, item, 30, 120)
        ELSE months_after(original_maturity, 36) END AS "end",
    CASE WHEN is_item THEN 'YP' || loan_id || item END AS collateral_id,
    collateral_type, name AS collateral_name,
    CASE WHEN is_item AND NOT has_at('missing_value', h, item)
        THEN (principal * share // ratio // 100 + 1) * 100 * (100 + turn % 3) // 100 + lien END AS appraised_value,
    CASE
        WHEN NOT is_item OR has_at('missing_valuation_date', h, item) THEN NULL
        WHEN has_at('valuation_stale', h, item)
            THEN months_after(getvariable('last_day'), -revalue_months) - pick_at('stale', h, item, 30, 600)
        WHEN turn > 0 OR revalue_months = 1 THEN row_valid_from - pick_at('valued', h, item * 100 + turn, 0, 9)
        WHEN disbursed_on >= first_seen - 31 THEN contract_day - pick_at('valued', h, item, 1, 20)
        ELSE greatest(months_after(first_seen, -phase) - pick_at('valued', h, item, 0, 9), contract_day - 20)
    END AS valuation_date,
    CASE WHEN is_item THEN (principal * share // ratio // 100 + 1) * 100
        * CASE WHEN has_at('value_dropped', h, item) THEN 3 ELSE 2 END // 2 + lien END AS initial_value,
    CASE WHEN is_item THEN lien END AS prior_lien, CASE WHEN is_item THEN ratio END AS ratio_pct,
    CASE WHEN is_item THEN CASE WHEN lien > 0 THEN 2 ELSE 1 END END AS rank,
    CASE WHEN registered IS NOT NULL THEN 'DJ' || loan_id || item END AS registration_no,
    registered AS registration_date,
    CASE
        WHEN NOT is_item THEN NULL
        WHEN has_at('vault_late', h, item)
            THEN greatest(coalesce(registered, disbursed_on), disbursed_on) + pick_at('vault', h, item, 10, 40)
        WHEN kind = 'mortgage' THEN coalesce(registered, disbursed_on) + pick_at('vault', h, item, 0, 3)
        ELSE disbursed_on
    END AS vault_in_date,
    CASE WHEN NOT has_at('off_balance_missing', h, item) THEN vault_in_date + pick_at('booked', h, item, 0, 1) END
        AS off_balance_date,
    CASE WHEN matures AND has_at('pledge_matures_early', h, item)
        THEN original_maturity - pick_at('paper', h, item, 10, 60)
        WHEN matures THEN final_maturity + pick_at('paper', h, item, 5, 200) END AS pledge_maturity,
    CASE WHEN insured AND kind = 'mortgage' THEN
        CASE WHEN has_at('insurance_lapsed', h, item)
            THEN getvariable('last_day') - pick_at('insured', h, item, 10, 200)
            ELSE greatest(final_maturity, getvariable('last_day')) + pick_at('insured', h, item, 30, 300) END
    END AS insurance_end,
    CASE WHEN last_seen < getvariable('last_day') AND row_valid_from = last_seen THEN 'released'
        ELSE 'active' END AS status,
    row_valid_from, row_valid_to
FROM dated JOIN (SELECT b, h AS borrower_h FROM borrower_plan) USING (b)
LEFT JOIN (SELECT b AS backer_b, h AS backer_h, borrower_type AS backer_type FROM borrower_plan) USING (backer_b)
