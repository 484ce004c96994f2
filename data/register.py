"""The dated register: rows of a batch take effect from its as-of date, and nothing is deleted."""

from datetime import date

import duckdb
import polars as pl

from data import dictionary
from data.staging import KEEP_OLD


def load(con: duckdb.DuckDBPyConnection, table: str, rows: pl.DataFrame, as_of: date, batch_id: str) -> None:
    """Close what the rows replace and insert them; with KEEP_OLD a null does not replace a value held."""
    con.register("staged", rows)
    con.execute('CREATE TEMP TABLE "incoming" AS SELECT * FROM "staged"')
    con.unregister("staged")
    is_new = con.execute(f'SELECT count(*) FROM "{table}"').fetchone() == (0,)
    _insert(con, table, [name for name in rows.columns if name in dictionary.fields(table)], is_new, as_of, batch_id)
    con.execute('DROP TABLE "incoming"')


def _same_key(table: str, left: str, right: str) -> str:
    keys = dictionary.tables()[table].key
    return " AND ".join(f'{left}."{key}" IS NOT DISTINCT FROM {right}."{key}"' for key in keys)


def _insert(
    con: duckdb.DuckDBPyConnection, table: str, given: list[str], is_new: bool, as_of: date, batch_id: str
) -> None:
    targets = ", ".join(f'"{name}"' for name in (*dictionary.fields(table), *dictionary.LINEAGE))
    lineage = '$as_of::DATE, {until}, $batch, n."source_file", n."source_row"'
    values = {"as_of": as_of, "batch": batch_id}
    if is_new:
        own = ", ".join(f'n."{name}"' if name in given else "NULL" for name in dictionary.fields(table))
        source = '"incoming" n'
        con.execute(f'INSERT INTO "{table}" ({targets}) SELECT {own}, {lineage.format(until="NULL")} FROM {source}', values)
        return
    kept = ", ".join(_value(name, given) for name in dictionary.fields(table))
    con.execute(
        f"""CREATE TEMP TABLE "merged" AS SELECT {kept}, {lineage.format(until='x."next"')}
        FROM "incoming" n
        LEFT JOIN "{table}" o ON {_same_key(table, "o", "n")}
            AND o."as_of" <= $as_of AND (o."until" IS NULL OR o."until" > $as_of)
        LEFT JOIN (SELECT {_keys(table)}, min("as_of") AS "next" FROM "{table}" WHERE "as_of" > $as_of GROUP BY ALL) x
            ON {_same_key(table, "x", "n")}""",
        values,
    )
    con.execute(
        f"""UPDATE "{table}" o SET "until" = $as_of FROM "incoming" n
        WHERE {_same_key(table, "o", "n")} AND o."as_of" <= $as_of AND (o."until" IS NULL OR o."until" > $as_of)""",
        {"as_of": as_of},
    )
    con.execute(f'INSERT INTO "{table}" ({targets}) SELECT * FROM "merged"')
    con.execute('DROP TABLE "merged"')


def _keys(table: str) -> str:
    return ", ".join(f'"{key}"' for key in dictionary.tables()[table].key)


def _value(name: str, given: list[str]) -> str:
    old = f'CASE WHEN n."{KEEP_OLD}" THEN o."{name}" END'
    return f'coalesce(n."{name}", {old})' if name in given else old


def dates_from(con: duckdb.DuckDBPyConnection, as_of: date) -> list[date]:
    """Dates at or after `as_of` for which the book holds loans: what an import at `as_of` may have changed."""
    found = con.execute(
        'SELECT DISTINCT "as_of" FROM "loans" WHERE "as_of" >= ? AND ("until" IS NULL OR "until" > "as_of") ORDER BY 1',
        [as_of],
    )
    return [row[0] for row in found.fetchall()]
