"""Rows that a newer export leaves out: they are closed on its day, and the book keeps which batch closed them.

Nothing is deleted. The column `absent` of tables.csv says what a missing row means: `ends`, `stays`, or `corrects` (it
is closed only by an export of the same day). Rows of branches that the newer export does not contain stay open.
"""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

import duckdb

from data import dictionary
from data.errors import InputError
from data.history import guarantees
from data.history.validity import valid_on_sql
from data.messages.catalogue import bilingual, import_note
from data.reference import size_limits

SqlValues = dict[str, Any]
ImportNote = dict[str, Any]
PARTIAL, WHOLE = "partial", "whole"
MAX_NAMED_BRANCHES = 12  # branches that a note names; the rest is counted


@dataclass(frozen=True)
class ArrivingBatch:
    """A batch being imported: its own tables, those derived from its flat loan files, and the scope of its files."""

    batch_id: str
    as_of: date
    own_tables: tuple[str, ...]
    derived_tables: tuple[str, ...]
    scope: str | None = None


def key_text_sql(table: str, alias: str) -> str:
    """SQL: the key of a row as one text; every part with its length, so that no two keys look alike."""
    parts = (f'coalesce(CAST({alias}."{key}" AS VARCHAR), chr(0))' for key in dictionary.load_tables()[table].key)
    return "concat_ws('|', " + ", ".join(f"length({part}), {part}" for part in parts) + ")"


def close_superseded_rows(con: duckdb.DuckDBPyConnection, arrival: ArrivingBatch) -> list[ImportNote]:
    """Close the rows that the batch leaves out, and those of its own that later batches left out; returns notes.

    Raises InputError when an export would close most of a day's rows and --whole was not given.
    """
    notes: list[ImportNote] = []
    for table in (*arrival.own_tables, *arrival.derived_tables):
        _close_late_arrivals(con, table, {"batch": arrival.batch_id, "day": arrival.as_of})
    if arrival.scope == PARTIAL:
        return notes
    for table in arrival.own_tables:
        if dictionary.load_tables()[table].when_missing != "stays":
            notes += _close_rows_missing_in_file(con, table, arrival)
    for table in arrival.derived_tables:
        if table not in arrival.own_tables and "loan_id" in dictionary.fields_of_table(table) and table != "snapshots":
            notes += _close_rows_beside_loans(con, table, arrival)
    return notes


def _close_rows_missing_in_file(con: duckdb.DuckDBPyConnection, table: str, arrival: ArrivingBatch) -> list[ImportNote]:
    """Close what a file of the table leaves out, and what the next later file leaves out of this one."""
    same_day = dictionary.load_tables()[table].when_missing == "corrects"
    values = {"batch": arrival.batch_id, "day": arrival.as_of}
    count, amount = _select_closing_rows(con, values, _closing_candidates_sql(table, same_day, arrival.scope == WHOLE))
    remaining = _count_remaining_rows(con, table, values, same_day)
    limit = size_limits.decimal_limit("replaced_rows"), size_limits.decimal_limit("replaced_share")
    if arrival.scope != WHOLE and count > limit[0] and count > limit[1] * (count + remaining):
        raise InputError(
            bilingual(
                "history.too_many_rows_closed",
                table=table,
                rows=f"{count:,}",
                total=f"{count + remaining:,}",
                day=arrival.as_of,
            )
        )
    notes = _close_rows(con, table, values, count, amount)
    if table == "loans":
        notes += _note_untouched_loans(con, values)
    if table == "loans" and count:
        _close_dependents(con, values)
    for batch, day in [] if same_day else _find_next_exports(con, table, arrival.as_of):
        values = {"batch": batch, "day": day}
        _close_rows(
            con,
            table,
            values,
            *_select_closing_rows(con, values, _closing_candidates_sql(table, same_day, whole=False)),
        )
    return notes


def _note_untouched_loans(con: duckdb.DuckDBPyConnection, values: SqlValues) -> list[ImportNote]:
    """A note of the loans of the same day that this export neither brings nor closes, with their branches."""
    rows, branches = con.execute(
        """SELECT count(*), list_sort(list(DISTINCT coalesce(branch_id, branch_name, '-'))) FROM loans
        WHERE row_valid_from = $day AND (row_valid_to IS NULL OR row_valid_to > $day) AND batch_id <> $batch""",
        values,
    ).fetchall()[0]
    if not rows:
        return []
    named = ", ".join(branches[:MAX_NAMED_BRANCHES]) + (
        f" … ({len(branches)})" if len(branches) > MAX_NAMED_BRANCHES else ""
    )
    return [import_note("note_left_alone", rows=f"{rows:,}", day=values["day"], branches=named)]


def _closing_candidates_sql(table: str, same_day: bool, whole: bool) -> str:
    """SQL: rows valid on $day that the batch does not bring, from exports that it shares rows with."""
    mine, own_key = key_text_sql(table, "n"), key_text_sql(table, "t")
    day = "t.row_valid_from = $day" if same_day else "t.row_valid_from <= $day"
    former = f"""SELECT DISTINCT f.batch_id, f.source_file
        FROM "{table}" f JOIN brought n ON n.row_key = {key_text_sql(table, "f")}
        WHERE f.batch_id IS DISTINCT FROM $batch AND f.row_valid_to = $day"""
    branch, joined = _branch_sql(table)
    scoped = f"""(NOT EXISTS (FROM within WHERE branch IS NOT NULL)
            OR EXISTS (FROM within w WHERE w.branch IS NOT DISTINCT FROM {branch}))
        AND (t.batch_id, t.source_file) IN (FROM former)"""
    if table == guarantees.TABLE:
        scoped = f"({scoped} OR {guarantees.IS_REPLACED_BY_BATCH}) AND NOT {guarantees.IS_SUPPLEMENTED_BY_BATCH}"
    return f"""WITH brought AS (SELECT DISTINCT {mine} AS row_key FROM "{table}" n WHERE n.batch_id = $batch),
        former AS ({former}),
        within AS (SELECT DISTINCT {branch} AS branch FROM "{table}" t {joined} WHERE t.batch_id = $batch)
        SELECT t.rowid AS id, {own_key} AS row_key, {_amount_sql(table)} AS amount
        FROM "{table}" t {joined}
        WHERE {day} AND (t.row_valid_to IS NULL OR t.row_valid_to > $day) AND t.batch_id IS DISTINCT FROM $batch
            AND {own_key} NOT IN (FROM brought) {"" if whole else f"AND {scoped}"}"""


def _branch_sql(table: str) -> tuple[str, str]:
    """SQL: the branch of a row t, and the join it needs."""
    fields = dictionary.fields_of_table(table)
    if "branch_id" in fields:
        return "t.branch_id", ""
    if "snapshot_date" in fields:
        return "CAST(t.snapshot_date AS VARCHAR)", ""
    held = f"WHERE {valid_on_sql('$day')}"
    loans = f"SELECT loan_id, max(branch_id) AS branch_id FROM loans {held} GROUP BY 1"
    loan = f"LEFT JOIN ({loans}) l ON l.loan_id = t.loan_id"
    if "contract_no" not in fields:
        return "l.branch_id", loan
    contract = (
        f"LEFT JOIN (SELECT contract_no, max(branch_id) AS branch_id FROM loans {held} AND contract_no IS NOT NULL "
        "GROUP BY 1) c ON c.contract_no = t.contract_no"
    )
    return "coalesce(l.branch_id, c.branch_id)", f"{loan} {contract}"


def _amount_sql(table: str) -> str:
    found = [name for name in ("balance", "amount") if name in dictionary.fields_of_table(table)]
    return f't."{found[0]}"' if found else "NULL::DECIMAL(18,2)"


def _close_rows_beside_loans(con: duckdb.DuckDBPyConnection, table: str, arrival: ArrivingBatch) -> list[ImportNote]:
    """Close what an older flat file brought with a loan and this file, which has the loan, no longer brings."""
    own_key = key_text_sql(table, "t")
    brought = f'SELECT DISTINCT {key_text_sql(table, "n")} AS row_key FROM "{table}" n WHERE n.batch_id = $batch'
    candidates = f"""WITH brought AS ({brought})
        SELECT t.rowid AS id, {own_key} AS row_key, {_amount_sql(table)} AS amount
        FROM "{table}" t SEMI JOIN (SELECT loan_id FROM loans WHERE batch_id = $batch) l ON l.loan_id = t.loan_id
            SEMI JOIN (SELECT DISTINCT batch_id, source_file FROM loans) f
                ON f.batch_id = t.batch_id AND f.source_file = t.source_file
        WHERE {valid_on_sql("$day", "t")} AND t.batch_id IS DISTINCT FROM $batch
            AND {own_key} NOT IN (FROM brought)"""
    values = {"batch": arrival.batch_id, "day": arrival.as_of}
    return _close_rows(con, table, values, *_select_closing_rows(con, values, candidates))


def _select_closing_rows(
    con: duckdb.DuckDBPyConnection, values: SqlValues, candidates: str
) -> tuple[int, Decimal | None]:
    """Fill the temporary table `ending`; returns the number of rows to close and their amount in yuan, if any."""
    con.execute(f"CREATE OR REPLACE TEMP TABLE ending AS {candidates}", values)
    count, amount = con.execute("SELECT count(*), sum(amount) FROM ending").fetchall()[0]
    return count, amount


def _count_remaining_rows(con: duckdb.DuckDBPyConnection, table: str, values: SqlValues, same_day: bool) -> int:
    """The number of rows of the day that stay open, brought by the batch or not."""
    day = "row_valid_from = $day" if same_day else "row_valid_from <= $day"
    found = con.execute(
        f'SELECT count(*) FROM "{table}" WHERE {day} AND (row_valid_to IS NULL OR row_valid_to > $day) '
        "AND rowid NOT IN (SELECT id FROM ending)",
        {"day": values["day"]},
    )
    return int(found.fetchall()[0][0])


def _close_rows(
    con: duckdb.DuckDBPyConnection, table: str, values: SqlValues, count: int, amount: Decimal | None
) -> list[ImportNote]:
    if not count:
        return []
    con.execute(
        f"INSERT INTO endings (table_name, row_key, ended_on, batch_id) "
        f"SELECT DISTINCT '{table}', row_key, $day, $batch FROM ending",
        values,
    )
    con.execute(
        f'UPDATE "{table}" SET row_valid_to = $day WHERE rowid IN (SELECT id FROM ending)', {"day": values["day"]}
    )
    amount_text = "-" if amount is None else f"{amount:,}"
    return [import_note("note_ended", table=table, rows=f"{count:,}", amount=amount_text, day=values["day"])]


def _close_late_arrivals(con: duckdb.DuckDBPyConnection, table: str, values: SqlValues) -> None:
    """Close rows of a late batch on the day of the later export that left out their key."""
    con.execute(
        f"""UPDATE "{table}" t SET row_valid_to = e.day
        FROM (SELECT row_key, min(ended_on) AS day FROM endings
              WHERE table_name = '{table}' AND ended_on > $day GROUP BY 1) e
        WHERE t.batch_id = $batch AND e.row_key = {key_text_sql(table, "t")}
            AND (t.row_valid_to IS NULL OR t.row_valid_to > e.day)""",
        values,
    )


def _close_dependents(con: duckdb.DuckDBPyConnection, values: SqlValues) -> None:
    """With the loans that a correction leaves out, close what their own export brought for them that day."""
    con.execute(
        "CREATE OR REPLACE TEMP TABLE ended_loan AS SELECT l.loan_id FROM ending e JOIN loans l ON l.rowid = e.id"
    )
    for table in dictionary.load_tables():
        if table == "loans" or "loan_id" not in dictionary.fields_of_table(table):
            continue
        is_flat = "(t.batch_id, t.source_file) IN (SELECT DISTINCT batch_id, source_file FROM loans)"
        which = "t.snapshot_date = $day" if table == "snapshots" else is_flat
        candidates = f"""SELECT t.rowid AS id, {key_text_sql(table, "t")} AS row_key, {_amount_sql(table)} AS amount
            FROM "{table}" t SEMI JOIN ended_loan l ON l.loan_id = t.loan_id
            WHERE t.row_valid_from = $day AND (t.row_valid_to IS NULL OR t.row_valid_to > $day)
                AND {which} AND t.batch_id <> $batch"""
        _close_rows(con, table, values, *_select_closing_rows(con, values, candidates))


def _find_next_exports(con: duckdb.DuckDBPyConnection, table: str, as_of: date) -> list[tuple[str, date]]:
    """The whole files of the table for the next day after as_of that the book has one for."""
    found = con.execute(
        """SELECT DISTINCT b.batch_id, b.as_of FROM batches b JOIN batch_tables t USING (batch_id)
        WHERE t.table_name = $table AND NOT coalesce(t.derived, false) AND b.as_of > $day AND b.withdrawn_at IS NULL
            AND b.scope IS DISTINCT FROM $partial AND t.loaded > 0
        QUALIFY b.as_of = min(b.as_of) OVER ()""",
        {"table": table, "day": as_of, "partial": PARTIAL},
    )
    return found.fetchall()
