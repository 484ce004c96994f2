-- Who and what secures each loan: an item of collateral or two, and guarantors.
CREATE OR REPLACE TEMP TABLE guarantee_plan AS
WITH item AS (
    SELECT n, h, b, unnest(CASE
        WHEN security = 'mortgage' AND slot('second item', h) < 150 THEN [1, 2]
        WHEN security IN ('mortgage', 'pledge') THEN [1]
        ELSE [] END) AS item, security AS kind,
        CASE WHEN security = 'mortgage' AND slot('second item', h) < 150 THEN 50 ELSE 100 END AS share
    FROM loan_plan
    WHERE security <> 'credit' AND NOT lacks_security
    UNION ALL
    SELECT n, h, b, unnest(CASE
        WHEN security = 'guarantee' THEN range(3, 3 + pick('guarantors', h, 1, 2))
        WHEN slot('also guaranteed', h) < 120 THEN [3]
        ELSE [] END) AS item, 'guarantee' AS kind, 0 AS share
    FROM loan_plan
    WHERE security <> 'credit' AND NOT lacks_security
), described AS (
    SELECT i.n, i.h, i.b, CAST(i.item AS INTEGER) AS item, i.kind, i.share, l.* EXCLUDE (n, h, b, security),
        draw_at('collateral', i.h, i.item) % 1000 AS collateral_slot,
        i.kind = 'guarantee' OR draw_at('third party', i.h, i.item) % 1000 < 250 AS is_third_party
    FROM item i JOIN loan_plan l ON l.n = i.n
), backed AS (
    -- Of the borrowers whose loans are guaranteed, taken by sixties: two guarantee each other, three stand in a circle,
    -- and one guarantor stands behind the loans of ten.
    SELECT *, CASE
            WHEN place % 60 < 2 THEN place - place % 60 + (place % 60 + 1) % 2
            WHEN place % 60 BETWEEN 2 AND 4 THEN place - place % 60 + 2 + (place % 60 - 1) % 3
        END AS backer_place
    FROM (
        SELECT b, row_number() OVER (ORDER BY b) - 1 AS place
        FROM (SELECT DISTINCT b FROM loan_plan WHERE security = 'guarantee' AND NOT lacks_security AND NOT is_past))
), backer AS (
    SELECT r.b, g.b AS backer_b, r.place // 60 AS sixty, r.place % 60 BETWEEN 10 AND 19 AS is_shared
    FROM backed r LEFT JOIN backed g ON g.place = r.backer_place
)
SELECT d.n, d.h, d.b, d.item, d.kind, d.loan_id, d.contract_no, d.principal, d.borrower_type, d.disbursed_on,
    d.contract_day, d.original_maturity, d.final_maturity, d.first_seen, d.last_seen, d.is_third_party,
    c.collateral_type, c.name, c.revalue_months, c.matures, c.insured, c.ratio_max,
    CASE
        WHEN d.item = 3 AND k.backer_b IS NOT NULL THEN borrower_no(k.backer_b)
        WHEN d.item = 3 AND k.is_shared THEN owner_no(k.sixty, 9)
        WHEN d.is_third_party THEN owner_no(d.n, d.item)
        ELSE borrower_no(d.b)
    END AS provider_id,
    CASE WHEN d.item = 3 THEN k.backer_b END AS backer_b, coalesce(d.item = 3 AND k.is_shared, false) AS is_shared,
    CASE WHEN has_at('ratio_high', d.h, d.item)
            THEN pick_at('high ratio', d.h, d.item, c.ratio_max + 2, c.ratio_max + 20)
        ELSE pick_at('ratio', d.h, d.item, c.ratio_low, c.ratio_max * 97 // 100) END AS ratio,
    d.share,
    -- Months between the last valuation before the first month-end and that month-end.
    CASE WHEN c.revalue_months = 1 THEN 0
        WHEN d.disbursed_on >= d.first_seen - 31 THEN 1
        ELSE CAST(draw_at('phase', d.h, d.item) % c.revalue_months AS INTEGER) END AS phase
FROM described d
LEFT JOIN collateral_slot c
    ON c.security_group = d.security_group AND c.kind = d.kind AND c.slot = d.collateral_slot
LEFT JOIN backer k ON k.b = d.b;
