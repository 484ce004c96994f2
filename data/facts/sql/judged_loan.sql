-- The loans of the day of judgement, for the subjects derived after them.
CREATE OR REPLACE TEMP VIEW judged_loan AS SELECT * FROM facts_loan WHERE as_of = getvariable('as_of');
