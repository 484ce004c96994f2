"""All records of one loan: its registers, its process steps in order, its state at each snapshot."""

from datetime import date

import duckdb
import polars as pl

from data import dictionary
from data.facts import derivation
from data.history import guarantees
from data.history.validity import IS_CURRENT
from data.storage import query

# How the rows of a register belong to a loan; what names no loan belongs by its contract, or its borrower.
LOAN_CONDITIONS = {
    "guarantees": "loan_id = $loan_id OR (loan_id IS NULL AND contract_no = $contract_no)",
    "documents": "loan_id = $loan_id OR (loan_id IS NULL AND borrower_id = $borrower_id)",
}
BY_LOAN_ID = "loan_id = $loan_id"
ORDER_COLUMNS = {
    "events": "event_date",
    "documents": "received_date",
    "inspections": "inspection_date",
    "notices": "notice_date",
    "extensions": "seq",
    "guarantees": "start",
    "consents": "date",
}
UNORDERED_STEP = "occurrence"  # the mark of a step that may come at any time (codes.csv, attr)


def list_register_rows(cursor: duckdb.DuckDBPyConnection, as_of: date, table: str, loan_id: str) -> pl.DataFrame:
    """The rows of one register that belong to the loan, as known at as_of, the oldest first."""
    belongs = LOAN_CONDITIONS.get(table, BY_LOAN_ID)
    given: dict[str, object] = {"as_of": as_of, "loan_id": loan_id}
    if table in LOAN_CONDITIONS:
        given |= {
            name: value
            for name, value in _load_contract_and_borrower(cursor, as_of, loan_id).items()
            if f"${name}" in belongs
        }
    own = derivation.quote_names(list(dictionary.fields_of_table(table)))
    rows = f"SELECT {own} FROM {table} WHERE {IS_CURRENT}"
    if table == guarantees.TABLE:
        loans = "(SELECT CAST($loan_id AS VARCHAR) AS loan_id, CAST($contract_no AS VARCHAR) AS contract_no)"
        rows = f"SELECT {own} FROM ({guarantees.current_rows_sql('$as_of', loans)})"
    beside = derivation.derived_extensions_sql(cursor, table, "$as_of")
    order = derivation.quote_names([ORDER_COLUMNS[table], *dictionary.load_tables()[table].key])
    return query.fetch_frame(cursor, f"SELECT * FROM ({rows}{beside}) WHERE {belongs} ORDER BY {order}", **given)


def _load_contract_and_borrower(cursor: duckdb.DuckDBPyConnection, as_of: date, loan_id: str) -> dict[str, str | None]:
    rows = query.fetch_frame(
        cursor,
        "SELECT contract_no, borrower_id FROM facts_loan WHERE as_of = $as_of AND loan_id = $loan_id",
        as_of=as_of,
        loan_id=loan_id,
    )
    return rows.row(0, named=True) if rows.height else {"contract_no": None, "borrower_id": None}


def list_process_steps(cursor: duckdb.DuckDBPyConnection, as_of: date, loan_id: str) -> pl.DataFrame:
    """Every step of lending with its first date: [code, rank, zh, en, day, times, staff_id, result, amount, against].

    `against`: the code of the step whose date the day contradicts, for the fewest dates that make the rest an order.
    """
    moments = [code.code for code in dictionary.codes_of_list("step").values() if code.attr == UNORDERED_STEP]
    found = query.fetch_frame(
        cursor,
        f"""WITH own AS (
            SELECT step_code, coalesce(event_date, CAST(event_ts AS DATE)) AS day, event_id, staff_id, result, amount
            FROM events WHERE loan_id = $loan_id AND request_id IS NULL AND {IS_CURRENT}
        ), first AS (
            SELECT step_code, count(*) AS times, min(day) AS day,
                arg_min_null(staff_id, (day, event_id)) FILTER (day IS NOT NULL) AS staff_id,
                arg_min_null(result, (day, event_id)) FILTER (day IS NOT NULL) AS result,
                arg_min_null(amount, (day, event_id)) FILTER (day IS NOT NULL) AS amount
            FROM own GROUP BY step_code
        ), loan AS (
            SELECT disbursed_on, first_inspection_date, closed_date FROM facts_loan
            WHERE as_of = $as_of AND loan_id = $loan_id
        )
        SELECT c.code, c.rank, c.zh, c.en,
            coalesce(f.day, CASE c.code WHEN '9' THEN l.disbursed_on WHEN '10' THEN l.first_inspection_date
                WHEN '11' THEN l.closed_date END) AS day,
            f.times, f.staff_id, f.result, f.amount
        FROM codes c CROSS JOIN loan l LEFT JOIN first f ON f.step_code = c.code
        WHERE c.list = 'step' AND NOT list_contains($moments, c.code) ORDER BY c.rank""",
        as_of=as_of,
        loan_id=loan_id,
        moments=moments,
    )
    dated = [(code, day) for code, day in found.select("code", "day").iter_rows() if day is not None]
    against = find_contradictions(dated)
    return found.with_columns(against=pl.Series([against.get(code) for code in found["code"]], dtype=pl.String))


def _find_longest(rows: list[list[int]]) -> list[int]:
    return max(rows, key=len) if rows else []


def find_contradictions(dated: list[tuple[str, date]]) -> dict[str, str]:
    """Steps in their due order, some dated out of it: {step: another whose date says otherwise}.

    As few as possible: the rest are the longest row of dates that never goes back.
    """
    best: list[list[int]] = []
    for at, (_, day) in enumerate(dated):
        before = [best[n] for n in range(at) if dated[n][1] <= day]
        best.append([*_find_longest(before), at])
    kept = set(_find_longest(best))
    return {
        step: next(dated[n][0] for n in sorted(kept) if (dated[n][1] > day) == (n < at) and dated[n][1] != day)
        for at, (step, day) in enumerate(dated)
        if at not in kept
    }


def list_snapshot_states(cursor: duckdb.DuckDBPyConnection, loan_id: str) -> pl.DataFrame:
    """The loan at each snapshot, oldest first, with what secures it and what it broke.

    [as_of, balance, classification, days_past_due, principal_overdue, interest_overdue, provision, annual_rate_pct,
    current_maturity, extension_count, collateral_net_value, collateral_share, violations]; `collateral_share`: balance
    over net value; `violations`: NULL where the day was not checked.
    """
    return query.fetch_frame(
        cursor,
        """WITH run AS (
            SELECT as_of, arg_max(run_id, sequence) AS run_id FROM runs GROUP BY as_of
        ), broken AS (
            SELECT run_id, count(*) AS violations FROM violations WHERE loan_id = $loan_id GROUP BY run_id
        )
        SELECT f.as_of, f.balance, f.classification, f.days_past_due, f.principal_overdue, f.interest_overdue,
            f.provision, f.annual_rate_pct, f.current_maturity, f.extension_count, f.collateral_net_value,
            CASE WHEN f.collateral_net_value > 0
                THEN CAST(f.balance AS DOUBLE) / CAST(f.collateral_net_value AS DOUBLE) END AS collateral_share,
            CASE WHEN r.run_id IS NOT NULL THEN coalesce(b.violations, 0) END AS violations
        FROM facts_loan f LEFT JOIN run r ON r.as_of = f.as_of LEFT JOIN broken b ON b.run_id = r.run_id
        WHERE f.loan_id = $loan_id ORDER BY f.as_of""",
        loan_id=loan_id,
    )
