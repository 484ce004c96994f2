-- Every provider signs and seals on the application, but for the faults.
WITH provider AS (
    SELECT n, provider_id, min(item) AS item, min(min(item)) OVER (PARTITION BY n) AS first_item
    FROM guarantee_plan
    GROUP BY n, provider_id
), asked AS (
    SELECT n, h, request_id, loan_id, applied_day, known_from, is_last FROM extension_plan
    UNION ALL
    SELECT n, h, request_id, loan_id, applied_day, getvariable('last_day'), true FROM open_request
    WHERE slot('signed already', h) < 700
)
SELECT a.request_id, a.loan_id, p.provider_id, a.applied_day AS date, true AS signed,
    NOT (a.is_last AND p.item = p.first_item AND has('extension_consent_unsealed', a.h)) AS sealed,
    a.known_from AS row_valid_from, CAST(NULL AS DATE) AS row_valid_to
FROM asked a JOIN provider p ON p.n = a.n
WHERE NOT (a.is_last AND p.item = p.first_item AND has('extension_consent_missing', a.h))
