"""A batch taken out of the registers: its rows go, and the rows that it closed are open again, as if it never came."""

import duckdb

from data import dictionary
from data.errors import InputError
from data.history.supersession import key_text_sql
from data.messages.catalogue import bilingual

MOST_NAMED = 5  # batches that a message names


def require_independent(con: duckdb.DuckDBPyConnection, batch: str) -> None:
    """Raises InputError where later batches took values from this one: they have to be withdrawn before it."""
    later: set[str] = set()
    for table in _list_tables(con):
        later |= {row[0] for row in con.execute(_heirs_sql(table), {"batch": batch}).fetchall()}
    if later:
        named = ", ".join(sorted(later)[-MOST_NAMED:])
        raise InputError(bilingual("history.withdraw_later_first", batch=batch, later=named))
    named_officers = con.execute(
        """SELECT count(*) FROM loans l WHERE l.batch_id IS DISTINCT FROM $batch AND l.officer_id IN (
            SELECT staff_id FROM staff GROUP BY staff_id HAVING bool_and(batch_id = $batch))""",
        {"batch": batch},
    ).fetchall()[0][0]
    if named_officers:
        raise InputError(bilingual("history.withdraw_names_officers", batch=batch, rows=f"{named_officers:,}"))


def take_out_rows(con: duckdb.DuckDBPyConnection, batch: str) -> int:
    """Delete the rows of the batch and open those that it closed; returns how many rows it had."""
    removed = 0
    for table in _list_tables(con):
        values = {"batch": batch}
        con.execute(f"CREATE OR REPLACE TEMP TABLE touched AS {_touched_keys_sql(table)}", values)
        removed += con.execute(f'DELETE FROM "{table}" WHERE batch_id = $batch', values).fetchall()[0][0]
        con.execute("DELETE FROM endings WHERE batch_id = $batch AND table_name = $table", values | {"table": table})
        con.execute(_baseless_endings_sql(table))
        con.execute(_reopening_sql(table))
    con.execute("DROP TABLE IF EXISTS touched")
    return removed


def _list_tables(con: duckdb.DuckDBPyConnection) -> list[str]:
    """The registers that have any row."""
    return [t for t in dictionary.load_tables() if con.execute(f'SELECT EXISTS (FROM "{t}")').fetchall()[0][0]]


def _heirs_sql(table: str) -> str:
    """SQL: the batches loaded later whose rows of derived tables replaced rows of the batch, so that blanks were
    filled from them."""
    keys = " AND ".join(f'n."{key}" IS NOT DISTINCT FROM o."{key}"' for key in dictionary.load_tables()[table].key)
    return f"""SELECT DISTINCT n.batch_id FROM "{table}" o JOIN "{table}" n ON {keys}
            AND n.row_valid_from = o.row_valid_to AND n.batch_id <> o.batch_id
        JOIN batches mine ON mine.batch_id = o.batch_id JOIN batches later ON later.batch_id = n.batch_id
        JOIN (SELECT DISTINCT batch_id FROM batch_tables WHERE table_name = '{table}' AND derived) d
            ON d.batch_id = n.batch_id
        WHERE o.batch_id = $batch AND (later.loaded_at, later.batch_id) > (mine.loaded_at, mine.batch_id)"""


def _touched_keys_sql(table: str) -> str:
    """SQL: the keys that the batch brought or ended."""
    return f"""SELECT {key_text_sql(table, "o")} AS row_key FROM "{table}" o WHERE o.batch_id = $batch
        UNION SELECT row_key FROM endings WHERE batch_id = $batch AND table_name = '{table}'"""


def _baseless_endings_sql(table: str) -> str:
    """SQL: delete the endings of touched keys that have no row left to end."""
    return f"""DELETE FROM endings e WHERE e.table_name = '{table}' AND e.row_key IN (FROM touched)
        AND NOT EXISTS (SELECT 1 FROM
            (SELECT {key_text_sql(table, "o")} AS row_key, o.row_valid_from FROM "{table}" o) r
            WHERE r.row_key = e.row_key AND r.row_valid_from <= e.ended_on)"""


def _reopening_sql(table: str) -> str:
    """SQL: each row of a touched key is valid until the next row of the key, or until another batch ended it."""
    return f"""UPDATE "{table}" t SET row_valid_to = x.ends FROM (
        SELECT r.id, least(lead(r.row_valid_from) OVER (PARTITION BY r.row_key ORDER BY r.row_valid_from, r.loaded_at),
            (SELECT min(e.ended_on) FROM endings e LEFT JOIN batches b USING (batch_id)
             WHERE e.table_name = '{table}' AND e.row_key = r.row_key AND (e.ended_on > r.row_valid_from
                OR (e.ended_on = r.row_valid_from AND b.loaded_at > r.loaded_at)))) AS ends
        FROM (SELECT o.rowid AS id, {key_text_sql(table, "o")} AS row_key, o.row_valid_from, b.loaded_at
              FROM "{table}" o LEFT JOIN batches b USING (batch_id)) r
        WHERE r.row_key IN (FROM touched)) x
    WHERE t.rowid = x.id AND t.row_valid_to IS DISTINCT FROM x.ends"""
