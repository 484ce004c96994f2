-- Every branch serves its own district; the business hall of the head office the whole county.
SELECT branch_id, name, CASE WHEN branch_no = 1 THEN left(region_code, 4) ELSE region_code END AS regions,
    getvariable('first_day') AS row_valid_from, CAST(NULL AS DATE) AS row_valid_to
FROM branch
