-- Extensions that the exports show without a register of them: a current maturity later than any before it. An earlier
-- one is a change and no extension, nor is a move over nothing but days off while the count of extensions stays as it
-- was: a maturity on such a day is due on the next working day. As soon as the register holds a row, it alone counts.
WITH standing AS (
    SELECT loan_id, row_valid_from, current_maturity, extension_count FROM loans
    WHERE row_valid_from <= getvariable('as_of') AND (row_valid_to IS NULL OR row_valid_to > row_valid_from)
        AND current_maturity IS NOT NULL
        AND NOT EXISTS (
            FROM extensions
            WHERE row_valid_from <= getvariable('as_of')
                AND (row_valid_to IS NULL OR row_valid_to > getvariable('as_of')))
), moved AS (
    SELECT loan_id FROM standing GROUP BY loan_id HAVING min(current_maturity) < max(current_maturity)
), step AS (
    SELECT *, max(current_maturity) OVER (
        PARTITION BY loan_id ORDER BY row_valid_from ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS before,
        extension_count IS NOT DISTINCT FROM lag(extension_count) OVER (
            PARTITION BY loan_id ORDER BY row_valid_from) AS same_count
    FROM standing SEMI JOIN moved USING (loan_id)
), later AS (
    FROM step WHERE current_maturity > before
), passed AS (
    SELECT loan_id, row_valid_from, unnest(range(before, current_maturity, INTERVAL 1 DAY))::DATE AS day
    FROM later WHERE same_count AND current_maturity - before <= getvariable('longest_break')
), rolled AS (
    SELECT loan_id, row_valid_from FROM passed LEFT JOIN special_days USING (day)
    GROUP BY ALL HAVING NOT bool_or(coalesce(is_working, isodow(day) <= 5))
)
SELECT getvariable('as_of') AS judged_on, loan_id || '/' || current_maturity || '/derived' AS request_id, loan_id,
    CASE WHEN extension_count > 0 THEN extension_count END AS seq, 'approved' AS decision,
    before + 1 AS start_date, current_maturity AS new_maturity, true AS is_derived
FROM later ANTI JOIN rolled USING (loan_id, row_valid_from)
