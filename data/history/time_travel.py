"""Time travel: which rows of the registers are valid on a day, by batch, and the registers before some batches came.

The registers only grow by batches, so the batches and how many rows of each are current name the data of a day.
"""

import hashlib
from datetime import date

import duckdb

from data import dictionary
from data.history.supersession import key_text_sql
from data.history.validity import valid_on_sql

RowCounts = dict[tuple[str, str], int]


def count_current_rows(con: duckdb.DuckDBPyConnection, as_of: date) -> RowCounts:
    """(table, batch) -> rows that are current at as_of, 0 where all were replaced; no batch counts as ''."""
    parts = " UNION ALL ".join(
        f"SELECT '{table}' AS name, coalesce(batch_id, '') AS batch, "
        "count(*) FILTER (row_valid_to IS NULL OR row_valid_to > $as_of) "
        f'FROM "{table}" WHERE row_valid_from <= $as_of GROUP BY ALL'
        for table in _list_existing_tables(con)
    )
    return {(table, batch): rows for table, batch, rows in con.execute(parts, {"as_of": as_of}).fetchall()}


def hash_data_version(con: duckdb.DuckDBPyConnection, rows: RowCounts) -> str:
    """The name of the data: a hash over these rows and the contents (fingerprint) of their batches."""
    marks = dict(con.execute("SELECT batch_id, fingerprint FROM batches").fetchall())
    parts = sorted((table, batch, marks.get(batch) or "", count) for (table, batch), count in rows.items())
    return hashlib.sha256(repr(parts).encode()).hexdigest()[:16]


def create_historic_views(con: duckdb.DuckDBPyConnection, since: date, as_of: date, without: set[str]) -> None:
    """Make the registers of `since`, before the batches `without` came, visible to this cursor as those of `as_of`.

    Temporary views of this cursor hide the tables of the book, which are not changed. A row closed by one of these
    batches is open again until the next row of its key. With another as_of only the day of judgement moves.
    """
    endings = _closed_keys_sql(con)
    for table in _list_existing_tables(con):
        own = _qualify_name(con, table)
        touched = _has_rows(con, own, without) or _has_rows(con, endings, without, table)
        rows = _reopened_rows_sql(table, own, endings, without) if touched else f"FROM {own}"
        if since != as_of:
            rows = _redated_rows_sql(table, rows, since, as_of)
        con.execute(f'CREATE OR REPLACE TEMP VIEW "{table}" AS {rows}')


def _list_existing_tables(con: duckdb.DuckDBPyConnection) -> list[str]:
    """The tables of the dictionary that the book has; one written by an earlier version may lack some."""
    has = {row[0] for row in con.execute("SELECT table_name FROM duckdb_tables()").fetchall()}
    return [table for table in dictionary.load_tables() if table in has]


def _closed_keys_sql(con: duckdb.DuckDBPyConnection) -> str:
    """The keys that a batch left out and so ended, with when it was loaded; none in a book of an earlier version."""
    if not con.execute("SELECT 1 FROM duckdb_tables() WHERE table_name = 'endings'").fetchall():
        nothing = "'' AS table_name, '' AS row_key, NULL::DATE AS ended_on, '' AS batch_id, NULL::TIMESTAMP AS ended_at"
        return f"(SELECT {nothing} WHERE false)"
    own = _qualify_name(con, "endings")
    return f"(SELECT e.*, b.loaded_at AS ended_at FROM {own} e LEFT JOIN batches b USING (batch_id))"


def _has_rows(con: duckdb.DuckDBPyConnection, own: str, batches: set[str], ended: str | None = None) -> bool:
    """Whether the batches brought rows to a table; of endings, those of the table `ended`."""
    of_table = "AND table_name = $ended" if ended else ""
    values = {"batches": sorted(batches)} | ({"ended": ended} if ended else {})
    found = con.execute(f"SELECT count(*) FROM {own} WHERE list_contains($batches, batch_id) {of_table}", values)
    return bool(found.fetchall()[0][0])


def _reopened_rows_sql(table: str, own: str, endings: str, without: set[str]) -> str:
    """Without the batches: a key that they brought or ended is open until its next row, or until another ended it."""
    keys = ", ".join(f'"{key}"' for key in dictionary.load_tables()[table].key)
    same = " AND ".join(f'k."{key}" IS NOT DISTINCT FROM r."{key}"' for key in dictionary.load_tables()[table].key)
    gone = "coalesce(list_contains([" + ", ".join(map(_text_literal, sorted(without))) + "], batch_id), false)"
    return f"""
        WITH ended AS (
            SELECT row_key, ended_on, ended_at, {gone} AS is_gone FROM {endings} WHERE table_name = '{table}'),
        k AS (SELECT {keys} FROM {own} WHERE {gone} UNION
            SELECT {keys} FROM {own} o SEMI JOIN (FROM ended WHERE is_gone) e
                ON e.row_key = {key_text_sql(table, "o")}),
        kept AS (FROM {own} WHERE NOT {gone})
        SELECT r.* FROM kept r ANTI JOIN k ON {same}
        UNION ALL
        SELECT r.* EXCLUDE (loaded_at)
            REPLACE (least(lead(row_valid_from) OVER (PARTITION BY {keys} ORDER BY row_valid_from, loaded_at),
                (SELECT min(e.ended_on) FROM ended e WHERE NOT e.is_gone AND e.row_key = {key_text_sql(table, "r")}
                    AND (e.ended_on > r.row_valid_from
                        OR (e.ended_on = r.row_valid_from AND e.ended_at > r.loaded_at)))) AS row_valid_to)
        FROM (SELECT kept.*, b.loaded_at FROM kept LEFT JOIN batches b USING (batch_id)) r SEMI JOIN k ON {same}"""


def _redated_rows_sql(table: str, rows: str, since: date, as_of: date) -> str:
    """The rows current at `since`, open and standing on as_of too; its snapshot becomes the one of as_of."""
    start, day = f"DATE '{since.isoformat()}'", f"DATE '{as_of.isoformat()}'"
    only = f"AND (snapshot_date = {start} OR snapshot_date < least({start}, {day}))"
    moved = f", CASE WHEN snapshot_date = {start} THEN {day} ELSE snapshot_date END AS snapshot_date"
    return f"""SELECT * REPLACE (least(row_valid_from, {day}) AS row_valid_from, CAST(NULL AS DATE) AS row_valid_to
            {moved if table == "snapshots" else ""})
        FROM ({rows}) WHERE {valid_on_sql(start)}
            {only if table == "snapshots" else ""}"""


def _qualify_name(con: duckdb.DuckDBPyConnection, table: str) -> str:
    catalog = str(con.execute("SELECT current_database()").fetchall()[0][0])
    return '"' + catalog.replace('"', '""') + f'".main."{table}"'


def _text_literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
