-- Executed extensions of the plan, in turn: the total is divided evenly.
CREATE OR REPLACE TEMP TABLE extension_plan AS
WITH part AS (
    SELECT *, CAST(seq AS INTEGER) AS seq_no,
        months_after(original_maturity, extension_months * (seq - 1) // extensions) AS maturity_before,
        months_after(original_maturity, extension_months * seq // extensions) AS new_maturity,
        seq = extensions AS is_last
    FROM (SELECT *, unnest(range(1, extensions + 1)) AS seq FROM loan_plan WHERE extensions > 0)
), agreed AS (
    SELECT *,
        CASE WHEN is_last AND NOT is_matured AND has('extension_agreed_late', h)
            THEN least(maturity_before + pick('agreed late', h, 3, 20), getvariable('last_day'))
            ELSE workday(maturity_before - pick_at('agreed', h, seq, 0, 6)) END AS agreement_day,
        workday(maturity_before - CASE WHEN is_last AND has('extension_applied_late', h)
            THEN pick('late days', h, 2, 8) ELSE pick_at('lead', h, seq, 24, 45) END) AS applied_day
    FROM part
)
SELECT n, h, b, loan_id, CAST(seq_no AS INTEGER) AS seq, 'ZQ' || loan_id || seq_no AS request_id,
    branch_no, officer_id, principal, security, lacks_security, needs_committee, disbursed_on, rate_bp, is_last,
    maturity_before, new_maturity, applied_day, greatest(agreement_day, applied_day) AS agreement_day,
    CASE
        WHEN is_last AND has('extension_accounting_late', h)
            THEN least(agreement_day + pick('told late', h, 8, 25), getvariable('last_day'))
        WHEN agreement_day > maturity_before THEN agreement_day
        ELSE least(greatest(agreement_day, applied_day) + pick_at('told', h, seq, 0, 3), maturity_before)
    END AS told_day
FROM agreed;

ALTER TABLE extension_plan ADD COLUMN known_from DATE;

UPDATE extension_plan SET known_from = seen(greatest(agreement_day, told_day));

-- Requests of loans near maturity that are not decided, or were refused.
CREATE OR REPLACE TEMP TABLE open_request AS
SELECT n, h, b, loan_id, 'ZQ' || loan_id || '1' AS request_id, branch_no, officer_id, security, lacks_security,
    original_maturity, months_after(original_maturity, pick('asked', h, 1, extension_cap)) AS requested_maturity,
    greatest(workday(getvariable('last_day') - pick('asked on', h, 0, 9)), disbursed_on + 30) AS applied_day,
    slot('refused', h) < 200 AS is_refused
FROM loan_plan
WHERE life = 'plain' AND is_bullet AND extendable AND extensions = 0
    AND original_maturity - getvariable('last_day') BETWEEN 5 AND 60
    AND disbursed_on < getvariable('last_day') - 60
    AND slot('asks', h) < 80;
