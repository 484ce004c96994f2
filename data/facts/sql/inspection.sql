-- One row per inspection of a loan in the snapshot; copies are sought in the whole register.
WITH texts AS (
    SELECT text_hash, count(*) AS uses FROM current_inspections WHERE text_hash IS NOT NULL GROUP BY text_hash
), days AS (
    SELECT inspector_id, inspection_date, count(*) AS inspections FROM current_inspections GROUP BY ALL
), item AS (
    SELECT items, list(DISTINCT code ORDER BY code) AS codes
    FROM (
        SELECT i.items, coalesce(c.code, i.part) AS code
        FROM (SELECT items, unnest(listed(items)) AS part
            FROM (SELECT DISTINCT items FROM current_inspections WHERE items IS NOT NULL)) i
        LEFT JOIN codes c ON c.list = 'inspection_item' AND i.part IN (c.zh, c.en, c.code))
    GROUP BY items
)
SELECT i.*, getvariable('as_of') AS as_of, l.borrower_id, l.branch_id, l.officer_id,
    CAST(i.created_at AS DATE) AS entered_on, l.disbursed_on, l.balance,
    t.uses - 1 AS same_text_count, d.inspections AS same_day_count,
    l.guarantee_type, m.codes AS items_listed
FROM current_inspections i
JOIN judged_loan l ON l.loan_id = i.loan_id
LEFT JOIN item m ON m.items = i.items
LEFT JOIN texts t ON t.text_hash = i.text_hash
LEFT JOIN days d ON d.inspector_id = i.inspector_id AND d.inspection_date = i.inspection_date
