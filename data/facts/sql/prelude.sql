-- What the subjects share, as temporary objects of the connection: they work on a read-only book too.

-- The smallest n >= 0 with started + n calendar months (clipped at the month's end) >= ended.
CREATE OR REPLACE TEMP MACRO term_months(started, ended) AS
    CASE WHEN started < ended THEN
        datediff('month', started, ended)
        + CAST(started + to_months(CAST(datediff('month', started, ended) AS INTEGER)) < ended AS INTEGER)
    END;

CREATE OR REPLACE TEMP MACRO term_days(started, ended) AS CASE WHEN started < ended THEN ended - started END;

-- Prior claims: none where the first rank, or no rank, is recorded without them; unknown behind a later rank.
CREATE OR REPLACE TEMP MACRO known_lien(prior_lien, claim_rank) AS
    coalesce(prior_lien, CASE WHEN coalesce(claim_rank, 1) <= 1 THEN 0 END);

-- Not rejected, and an agreement or a new maturity stands in the register.
CREATE OR REPLACE TEMP MACRO is_executed(decision, agreement_date, new_maturity) AS
    coalesce(decision, 'approved') = 'approved' AND (agreement_date IS NOT NULL OR new_maturity IS NOT NULL);

CREATE OR REPLACE TEMP MACRO is_open(decision, agreement_date, new_maturity) AS
    coalesce(decision, 'pending') = 'pending' AND NOT is_executed(decision, agreement_date, new_maturity);

-- The parts of a cell that lists several.
CREATE OR REPLACE TEMP MACRO listed(cell) AS
    list_filter(list_transform(regexp_split_to_array(cell, '[;；、,，|/]'), lambda part: trim(part)), lambda part: part <> '');

-- The nth due date of a loan repaid every so many months (text), or at its maturity; NULL where the method says neither.
CREATE OR REPLACE TEMP MACRO first_due(disbursed, matures, every, nth) AS
    CASE WHEN every = 'maturity' THEN matures
        WHEN TRY_CAST(every AS INTEGER) IS NOT NULL
            THEN least(CAST(disbursed + to_months(nth * CAST(every AS INTEGER)) AS DATE), matures) END;
