-- The demo tables typed; a share of a thousand becomes as many slots, so that a draw finds its row by equality.

CREATE OR REPLACE TEMP MACRO slots(high, share) AS
    unnest(range(CAST(high - share AS BIGINT), CAST(high AS BIGINT)));

CREATE OR REPLACE TEMP TABLE month_end AS
SELECT CAST(i AS INTEGER) AS i, last_day(months_after(getvariable('first_day'), i)) AS day
FROM range(getvariable('snapshots')) r(i);

CREATE OR REPLACE TEMP TABLE branch AS
SELECT CAST(row_number() OVER (ORDER BY branch_id) AS INTEGER) AS branch_no, branch_id, name, region_code,
    CAST(share AS INTEGER) AS share,
    greatest(2, getvariable('loans') * CAST(share AS INTEGER) // (1000 * getvariable('loans_per_officer'))) AS officers,
    sum(CAST(share AS INTEGER)) OVER (ORDER BY branch_id) AS high
FROM demo_branches;

CREATE OR REPLACE TEMP TABLE branch_slot AS SELECT branch_no, officers, slots(high, share) AS slot FROM branch;

CREATE OR REPLACE TEMP TABLE borrower_type AS
SELECT borrower_type, CAST(share AS INTEGER) AS share, CAST(credit_max AS BIGINT) AS credit_max,
    CAST(committee_above AS BIGINT) AS committee_above, id_type, account_types,
    sum(CAST(share AS INTEGER)) OVER (ORDER BY borrower_type) AS high
FROM demo_borrower_types;

CREATE OR REPLACE TEMP TABLE borrower_type_slot AS
SELECT * EXCLUDE (share, high), slots(high, share) AS slot FROM borrower_type;

CREATE OR REPLACE TEMP TABLE product AS
SELECT borrower_type, product_code, security_group, method, purpose,
    CAST(share AS INTEGER) AS share, CAST(low AS BIGINT) AS low, CAST(high AS BIGINT) AS high,
    CAST(step AS BIGINT) AS step, CAST(rate_low AS INTEGER) AS rate_low, CAST(rate_high AS INTEGER) AS rate_high,
    CAST(mortgage AS INTEGER) AS mortgage, CAST(pledge AS INTEGER) AS pledge, CAST(guarantee AS INTEGER) AS guarantee,
    CAST(bullet AS INTEGER) AS bullet, extendable = '1' AS extendable,
    sum(CAST(share AS INTEGER)) OVER (PARTITION BY borrower_type ORDER BY product_code) AS last_slot
FROM demo_products;

CREATE OR REPLACE TEMP TABLE product_slot AS
SELECT * EXCLUDE (share, last_slot), slots(last_slot, share) AS slot FROM product;

CREATE OR REPLACE TEMP TABLE term_slot AS
WITH term AS (
    SELECT product_code, CAST(months AS INTEGER) AS months, CAST(share AS INTEGER) AS share,
        sum(CAST(share AS INTEGER)) OVER (PARTITION BY product_code ORDER BY CAST(months AS INTEGER)) AS high
    FROM demo_terms)
SELECT product_code, months, slots(high, share) AS slot FROM term;

CREATE OR REPLACE TEMP TABLE collateral_slot AS
WITH item AS (
    SELECT security_group, kind, collateral_type, name, CAST(share AS INTEGER) AS share,
        CAST(ratio_low AS INTEGER) AS ratio_low, CAST(ratio_max AS INTEGER) AS ratio_max,
        CAST(revalue_months AS INTEGER) AS revalue_months, matures = '1' AS matures, insured = '1' AS insured,
        sum(CAST(share AS INTEGER)) OVER (PARTITION BY security_group, kind ORDER BY collateral_type) AS high
    FROM demo_collateral)
SELECT * EXCLUDE (share, high), slots(high, share) AS slot FROM item;

CREATE OR REPLACE TEMP TABLE industry_slot AS
WITH sector AS (
    SELECT borrower_type, industry_code, CAST(share AS INTEGER) AS share,
        sum(CAST(share AS INTEGER)) OVER (PARTITION BY borrower_type ORDER BY industry_code) AS high
    FROM demo_industries)
SELECT borrower_type, industry_code, slots(high, share) AS slot FROM sector;

CREATE OR REPLACE TEMP TABLE fate_slot AS
WITH fate AS (
    SELECT fate, CAST(nullif(dpd_low, '') AS INTEGER) AS dpd_low, CAST(nullif(dpd_high, '') AS INTEGER) AS dpd_high,
        CAST(share AS INTEGER) AS share,
        sum(CAST(share AS INTEGER)) OVER (ORDER BY fate, CAST(nullif(dpd_low, '') AS INTEGER)) AS high
    FROM demo_fates)
SELECT fate, dpd_low, dpd_high, slots(high, share) AS slot FROM fate;

-- The class that so many days past due bring, and what each class is provided for.
CREATE OR REPLACE TEMP TABLE class_of_days AS
SELECT unnest(range(CAST(dpd_low AS INTEGER), CAST(dpd_high AS INTEGER) + 1)) AS days_past_due,
    CAST(rank AS INTEGER) AS rank
FROM demo_classes;

CREATE OR REPLACE TEMP TABLE class AS
SELECT CAST(rank AS INTEGER) AS rank, classification, CAST(provision_pct AS INTEGER) AS provision_pct FROM demo_classes;

CREATE OR REPLACE TEMP TABLE word AS SELECT kind, CAST(place AS INTEGER) AS place, word FROM demo_names;

CREATE OR REPLACE TEMP TABLE desk AS
SELECT role, place, CAST(serial AS INTEGER) AS serial, CAST(nullif(authority, '') AS BIGINT) AS authority, zh
FROM demo_staff;

SET VARIABLE surnames = (SELECT list(word ORDER BY place) FROM word WHERE kind = 'surname');
SET VARIABLE given_names = (SELECT list(word ORDER BY place) FROM word WHERE kind = 'given');
SET VARIABLE firms = (SELECT list(word ORDER BY place) FROM word WHERE kind = 'firm');
SET VARIABLE trades = (SELECT list(word ORDER BY place) FROM word WHERE kind = 'trade');

-- Every name begins with 样例 (sample): nobody can take it for a customer.
CREATE OR REPLACE TEMP MACRO person_name(h, turn) AS
    '样例·' || getvariable('surnames')[draw_at('surname', h, turn) % len(getvariable('surnames')) + 1]
    || getvariable('given_names')[draw_at('given name', h, turn) % len(getvariable('given_names')) + 1];

CREATE OR REPLACE TEMP MACRO firm_name(h, turn, number, form) AS
    '样例·' || getvariable('firms')[draw_at('firm', h, turn) % len(getvariable('firms')) + 1]
    || getvariable('trades')[draw_at('trade', h, turn) % len(getvariable('trades')) + 1]
    || form || digits(number % 10000, 4);

CREATE OR REPLACE TEMP MACRO borrower_name(h, b, borrower_type) AS
    CASE borrower_type
        WHEN 'P' THEN person_name(h, 0)
        WHEN 'S' THEN firm_name(h, 0, b, '经营部')
        ELSE firm_name(h, 0, b, '有限公司')
    END;

CREATE OR REPLACE TEMP TABLE paper AS
SELECT doc_type, holder, unnest(string_split(borrower_types, '|')) AS borrower_type, only_if,
    CAST(nullif(valid_years, '') AS INTEGER) AS valid_years, is_hashed = '1' AS is_hashed
FROM demo_documents;
-- The code of each purpose that the products are lent for.
CREATE OR REPLACE TEMP TABLE purpose_word AS
SELECT * FROM (VALUES
    ('种植养殖', 'farming'), ('家庭消费', 'consumption'), ('购买住房', 'housing'), ('经营周转', 'purchase'),
    ('购买汽车', 'vehicle'), ('学费', 'education'), ('购买商用房', 'premises'), ('购买原材料', 'purchase'),
    ('购置设备', 'equipment'), ('项目建设', 'construction'), ('票据贴现', 'purchase'), ('货物采购', 'purchase'),
    ('临时周转', 'purchase')) w(purpose, purpose_code);
