-- Randomness by arithmetic: the same (seed, name, row) gives the same draw on any machine and with any threads.
-- A row's hash is its md5 in three parts; a draw is a linear form of them whose keys come from the name and the seed.

CREATE OR REPLACE TEMP MACRO parts(word) AS
    {'a': CAST(word & 2097151 AS BIGINT), 'b': CAST(word >> 21 & 2097151 AS BIGINT), 'c': CAST(word >> 42 AS BIGINT)};

CREATE OR REPLACE TEMP MACRO key_of(name, part) AS
    CAST(md5_number_lower(getvariable('seed') || '/' || name || '/' || part) & 1073741823 AS BIGINT);

-- 0 … 2147483646; `turn` tells apart the draws of one row, say by month.
CREATE OR REPLACE TEMP MACRO draw_at(name, h, turn) AS
    (h.a * key_of(name, 'a') + h.b * key_of(name, 'b') + h.c * key_of(name, 'c') + turn * key_of(name, 'turn'))
        % 2147483647;

CREATE OR REPLACE TEMP MACRO draw(name, h) AS draw_at(name, h, 0);

CREATE OR REPLACE TEMP MACRO slot(name, h) AS CAST(draw(name, h) % 1000 AS INTEGER);

CREATE OR REPLACE TEMP MACRO pick(name, h, low, high) AS
    CAST(low + draw(name, h) % greatest(high - low + 1, 1) AS INTEGER);

CREATE OR REPLACE TEMP MACRO pick_at(name, h, turn, low, high) AS
    CAST(low + draw_at(name, h, turn) % greatest(high - low + 1, 1) AS INTEGER);

-- Whether a row has a fault, by its share of a hundred thousand in demo_faults.
CREATE OR REPLACE TEMP MACRO has(kind, h) AS draw('fault ' || kind, h) % 100000 < getvariable('shares')[kind];

CREATE OR REPLACE TEMP MACRO has_at(kind, h, turn) AS
    draw_at('fault ' || kind, h, turn) % 100000 < getvariable('shares')[kind];

CREATE OR REPLACE TEMP MACRO months_after(day, months) AS CAST(day + to_months(CAST(months AS INTEGER)) AS DATE);

-- The day itself, or the Friday before a weekend: keeps the order of days.
CREATE OR REPLACE TEMP MACRO workday(day) AS day - greatest(CAST(isodow(day) AS INTEGER) - 5, 0);

-- The day itself, or the Monday after a weekend.
CREATE OR REPLACE TEMP MACRO workday_after(day) AS
    day + CASE WHEN isodow(day) > 5 THEN 8 - CAST(isodow(day) AS INTEGER) ELSE 0 END;

-- The day itself, or for a weekend any day of the week before it.
CREATE OR REPLACE TEMP MACRO spread(day, h) AS
    day - CASE WHEN isodow(day) > 5 THEN CAST(isodow(day) AS INTEGER) - pick('weekday', h, 1, 5) ELSE 0 END;

-- The first month-end of the book on which something of that day is known.
CREATE OR REPLACE TEMP MACRO seen(day) AS
    CASE WHEN day IS NOT NULL THEN greatest(last_day(day), getvariable('first_day')) END;

CREATE OR REPLACE TEMP MACRO digits(number, width) AS lpad(CAST(number AS VARCHAR), width, '0');

CREATE OR REPLACE TEMP MACRO staff_no(branch_no, serial) AS '09' || digits(branch_no, 2) || digits(serial, 4);

CREATE OR REPLACE TEMP MACRO borrower_no(b) AS '0810' || digits(b, 8);

CREATE OR REPLACE TEMP MACRO owner_no(n, item) AS '0890' || digits(n, 8) || item;

-- Twenty loans in a row belong to seventeen borrowers: one of them has three loans, another two.
CREATE OR REPLACE TEMP MACRO borrower_of(n) AS
    n // 20 * 17 + CASE WHEN n % 20 < 17 THEN n % 20 ELSE (n % 20 - 16) // 2 END;
