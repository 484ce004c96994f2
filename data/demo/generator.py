"""The demo book: an invented rural bank over 13 month-ends, the same for the same loans and seed on any machine."""

import csv
from datetime import date, timedelta
from pathlib import Path

import duckdb

from data import dictionary
from data.errors import BookError, InputError
from data.facts import derivation
from data.messages.catalogue import bilingual
from data.storage import book, name_search, schema

SQL_FOLDER = Path(__file__).parent / "sql"
TABLES_FOLDER = Path(__file__).parent / "tables"
DEMO_PROFILE = "demo"
# Temporary tables that the registers are written from, in order.
PLAN_TABLES = (
    "macros",
    "lookups",
    "owners",
    "loan_plan",
    "extension_plan",
    "borrower_since",
    "guarantee_plan",
    "loan_state",
)
SOURCE_TABLES = (
    "branches",
    "staff",
    "borrower_types",
    "products",
    "terms",
    "collateral",
    "industries",
    "fates",
    "classes",
    "documents",
    "courses",
    "names",
)


def build_book(path: Path, loans: int, seed: int) -> dict[str, int | list[str]]:
    """Replace the book with a demo of so many loans at its last month-end, whose facts are derived too.

    Returns rows per table, and the month-ends. Raises InputError for a number of loans that makes no book, BookError
    when the book holds imported batches.
    """
    if loans < 1:
        raise InputError(bilingual("demo.too_few_loans", loans=loans))
    with book.open_for_writing(path) as con:
        _clear_book(con, path)
        days = _write_tables(con, loans, seed)
        derivation.derive_facts(con, days[-1])
        counts = {table: _count_rows(con, table) for table in dictionary.load_tables()}
    return counts | {"as_of": [day.isoformat() for day in days]}


def _clear_book(con: duckdb.DuckDBPyConnection, path: Path) -> None:
    imported = con.execute("SELECT count(*) FROM batches WHERE profile IS DISTINCT FROM ?", [DEMO_PROFILE]).fetchone()
    if imported != (0,):
        raise BookError(bilingual("demo.book_has_imports", path=path))
    _drop_tables(con, temporary=False)
    schema.create_tables_in_transaction(con)


def _drop_tables(con: duckdb.DuckDBPyConnection, *, temporary: bool) -> None:
    found = con.execute("SELECT table_name FROM duckdb_tables() WHERE temporary = $temporary", {"temporary": temporary})
    for (table,) in found.fetchall():
        con.execute(f'DROP TABLE "{table}"')


def _write_tables(con: duckdb.DuckDBPyConnection, loans: int, seed: int) -> list[date]:
    """Fill every table of the dictionary; returns the month-ends, oldest first."""
    settings = {row["name"]: row["value"] for row in _read_rows("settings")}
    _set_variables(con, settings, loans, seed)
    for name in SOURCE_TABLES:
        _load_source_table(con, name)
    for name in PLAN_TABLES:
        con.execute(_read_sql(name))
    for table in dictionary.load_tables():
        if table != "snapshots":
            _insert_rows(con, table)
            name_search.fill_missing_keys(con, table)
    for month in range(int(settings["snapshots"])):
        con.execute("SET VARIABLE month = $month", {"month": month})
        _insert_rows(con, "snapshots")
    con.execute(_read_sql("batches"))
    for table in dictionary.load_tables():
        _insert_batch_counts(con, table)
    _drop_tables(con, temporary=True)
    return derivation.list_as_of_dates(con)


def _set_variables(con: duckdb.DuckDBPyConnection, settings: dict[str, str], loans: int, seed: int) -> None:
    last = date.fromisoformat(settings["last_snapshot"])
    values: dict[str, object] = {name: int(value) for name, value in settings.items() if value.isdigit()}
    values |= {
        "loans": loans,
        "seed": str(seed),
        "last_day": last,
        "first_day": _month_end_before(last, int(settings["snapshots"]) - 1),
        "shares": {row["kind"]: int(row["share"]) for row in _read_rows("faults")},
    }
    for name, value in values.items():
        con.execute(f"SET VARIABLE {name} = $value", {"value": value})


def _month_end_before(last: date, months_before: int) -> date:
    month = last.year * 12 + last.month - months_before
    return date(month // 12, month % 12 + 1, 1) - timedelta(1)


def _load_source_table(con: duckdb.DuckDBPyConnection, name: str) -> None:
    """demo_<name>.csv as a temporary table of text columns."""
    rows = [list(row.values()) for row in _read_rows(name)]
    columns = ", ".join(f'"{column}" VARCHAR' for column in _read_rows(name)[0])
    con.execute(f"CREATE OR REPLACE TEMP TABLE demo_{name} ({columns})")
    con.executemany(f"INSERT INTO demo_{name} VALUES ({', '.join('?' * len(rows[0]))})", rows)


def _insert_rows(con: duckdb.DuckDBPyConnection, table: str) -> None:
    lineage = "'demo-' || strftime(row_valid_from, '%Y%m%d') AS batch_id, $file AS source_file"
    con.execute(
        f'INSERT INTO "{table}" BY NAME SELECT *, {lineage} FROM ({_read_sql(table)})', {"file": f"demo {table}"}
    )


def _insert_batch_counts(con: duckdb.DuckDBPyConnection, table: str) -> None:
    """What each month's batch brought: a loans file has a line for every loan that stands, changed or not."""
    source, money = ("snapshots", "sum(balance)") if table in ("loans", "snapshots") else (table, "NULL")
    con.execute(
        f"INSERT INTO batch_tables BY NAME SELECT batch_id, $table AS table_name, 'demo ' || $table AS file, "
        f"count(*) AS rows_in, count(*) AS loaded, 0 AS quarantined, 0 AS ignored, "
        f'{money} AS balance_in, {money} AS balance_loaded FROM "{source}" GROUP BY batch_id',
        {"table": table},
    )


def _count_rows(con: duckdb.DuckDBPyConnection, table: str) -> int:
    found = con.execute(f'SELECT count(*) FROM "{table}"').fetchone()
    return found[0] if found else 0


def _read_rows(name: str) -> list[dict[str, str]]:
    with (TABLES_FOLDER / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def _read_sql(name: str) -> str:
    return (SQL_FOLDER / f"{name}.sql").read_text(encoding="utf-8")
