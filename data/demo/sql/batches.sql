-- A batch a month-end, as if the month's files had been imported then. A loans file has a line for every loan that
-- stands; the book keeps a new row only where one has changed.
INSERT INTO batches BY NAME
SELECT 'demo-' || strftime(day, '%Y%m%d') AS batch_id,
    md5(getvariable('seed') || '/' || getvariable('loans') || '/' || day) AS fingerprint,
    day AS as_of, 'demo' AS profile, CAST(day AS TIMESTAMP) + INTERVAL 20 HOUR AS loaded_at, '{}' AS assumptions
FROM month_end;
