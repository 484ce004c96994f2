-- Since when the bank has known each borrower: a third of them came for their first loan.
CREATE OR REPLACE TEMP TABLE borrower_since AS
SELECT l.b, workday(min(l.application_day) - 8 - CASE WHEN slot('newcomer', any_value(p.h)) < 300 THEN 0
    ELSE pick('known for', any_value(p.h), 30, 2000) END) AS since
FROM loan_plan l JOIN borrower_plan p ON p.b = l.b
GROUP BY l.b;
