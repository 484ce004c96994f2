-- By loan, by customer (a row without a loan) or by member of staff (a row with neither): the clauses that somebody has
-- attested as kept and as broken. The latest judgement of a clause counts, on one day the worse; one without a judge
-- or a day is none.
CREATE OR REPLACE TEMP VIEW attested AS
WITH judged AS (
    SELECT clause_id, outcome, judged_on, coalesce(loan_id, borrower_id, staff_id) AS id,
        CASE WHEN loan_id IS NOT NULL THEN 'loan' WHEN borrower_id IS NOT NULL THEN 'borrower' ELSE 'staff' END
            AS subject
    FROM current_attestations
    WHERE judged_by IS NOT NULL AND judged_on <= getvariable('as_of')
), latest AS (
    SELECT subject, id, clause_id, arg_max(outcome = 'kept', (judged_on, outcome = 'broken')) AS is_kept
    FROM judged
    WHERE outcome IS NOT NULL AND clause_id IS NOT NULL
    GROUP BY subject, id, clause_id
)
SELECT subject, id,
    coalesce(list(clause_id ORDER BY clause_id) FILTER (is_kept), []) AS attested_kept,
    coalesce(list(clause_id ORDER BY clause_id) FILTER (NOT is_kept), []) AS attested_broken
FROM latest
GROUP BY subject, id;
