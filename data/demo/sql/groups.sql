-- Every group that a borrower belongs to: its largest member leads it, and its limit leaves most of them room.
SELECT group_id, '样例·集团' || right(group_id, 5) AS name, min(borrower_id) AS core_borrower_id,
    max(controller) AS controller,
    CAST(5000000 * (count(*) + draw('group limit', parts(md5_number_lower('group/' || group_id))) % 4) AS DECIMAL(18, 2))
        AS credit_limit,
    getvariable('first_day') AS row_valid_from, CAST(NULL AS DATE) AS row_valid_to
FROM borrowers
WHERE group_id IS NOT NULL
GROUP BY group_id
