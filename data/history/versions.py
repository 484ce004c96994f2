"""Versions of register rows: the rows of a batch are valid from its as-of date, and nothing is deleted."""

from datetime import date

import duckdb
import polars as pl

from data import dictionary
from data.history.validity import IS_NEVER_REPLACED_SQL, valid_on_sql

KEEP_OLD = "_keep_old"
"""Column of incoming rows: a null of the row does not replace a value that the book holds."""

LINEAGE_SQL = '$as_of::DATE, {row_valid_to}, $batch, n."source_file", n."source_row"'


def store_rows(con: duckdb.DuckDBPyConnection, table: str, rows: pl.DataFrame, as_of: date, batch_id: str) -> bool:
    """Close the rows that these replace and insert them; with KEEP_OLD a null does not replace a stored value.

    Returns whether the table had rows before.
    """
    values = {"as_of": as_of, "batch": batch_id}
    con.register("incoming", rows.to_arrow(compat_level=pl.CompatLevel.newest()))
    had_rows = bool(con.execute(f'SELECT EXISTS (FROM "{table}")').fetchall()[0][0])
    if not had_rows:
        lineage = LINEAGE_SQL.format(row_valid_to="NULL")
        con.execute(
            f'{_insert_sql(table)} SELECT {_incoming_values_sql(table, rows)}, {lineage} FROM "incoming" n', values
        )
    else:
        con.execute(f'CREATE TEMP TABLE "merged" AS {_merged_rows_sql(table, rows)}', values)
        replaced = f'UPDATE "{table}" o SET row_valid_to = $as_of FROM "incoming" n WHERE {_is_replaced_sql(table)}'
        con.execute(replaced, {"as_of": as_of})
        con.execute(f'{_insert_sql(table)} SELECT * FROM "merged"')
        con.execute('DROP TABLE "merged"')
    con.unregister("incoming")
    return had_rows


def _insert_sql(table: str) -> str:
    return f'INSERT INTO "{table}" ({_quote_names((*dictionary.fields_of_table(table), *dictionary.LINEAGE_COLUMNS))})'


def _quote_names(names: tuple[str, ...]) -> str:
    return ", ".join(f'"{name}"' for name in names)


def _incoming_values_sql(table: str, rows: pl.DataFrame) -> str:
    return ", ".join(f'n."{name}"' if name in rows.columns else "NULL" for name in dictionary.fields_of_table(table))


def _merged_rows_sql(table: str, rows: pl.DataFrame) -> str:
    """SQL: the incoming rows, with old values where KEEP_OLD asks for them, valid until the next row of the key."""
    kept = ", ".join(_merged_value_sql(name, name in rows.columns) for name in dictionary.fields_of_table(table))
    keys = _quote_names(dictionary.load_tables()[table].key)
    return f"""SELECT {kept}, {LINEAGE_SQL.format(row_valid_to='x."next"')}
        FROM "incoming" n LEFT JOIN "{table}" o ON {_is_replaced_sql(table)}
        LEFT JOIN (SELECT {keys}, min(row_valid_from) AS "next" FROM "{table}"
                   WHERE row_valid_from > $as_of AND {IS_NEVER_REPLACED_SQL} GROUP BY ALL) x
            ON {_same_key_sql(table, "x")}"""


def _merged_value_sql(name: str, is_given: bool) -> str:
    old = f'CASE WHEN n."{KEEP_OLD}" THEN o."{name}" END'
    return f'coalesce(n."{name}", {old})' if is_given else old


def _is_replaced_sql(table: str) -> str:
    """SQL condition: the row of the book (o) that an incoming row (n) replaces."""
    return f"{_same_key_sql(table, 'o')} AND {valid_on_sql('$as_of', 'o')}"


def _same_key_sql(table: str, other: str) -> str:
    keys = dictionary.load_tables()[table].key
    return " AND ".join(f'n."{key}" IS NOT DISTINCT FROM {other}."{key}"' for key in keys)


def list_dates_from(con: duckdb.DuckDBPyConnection, as_of: date) -> list[date]:
    """Dates at or after `as_of` for which the book holds loans: what an import at `as_of` may have changed."""
    found = con.execute(
        f"SELECT DISTINCT row_valid_from FROM loans WHERE row_valid_from >= ? AND {IS_NEVER_REPLACED_SQL} ORDER BY 1",
        [as_of],
    )
    return [row[0] for row in found.fetchall()]
