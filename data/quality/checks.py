"""Data quality: what cannot be right in the data themselves, apart from any policy.

Each check is a row of tables/quality.csv: a condition in our own SQL over a row `t` of one table as it stands at as_of
(loans with their snapshot; `quality_<table>` are the standing rows of the others). Thresholds: quality_limits.csv.
"""

import hashlib
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cache
from typing import Any

import duckdb
import polars as pl

from data import dictionary, table_files
from data.history import guarantees
from data.history.validity import valid_on_sql
from data.quality import counts_store
from data.reference import book_settings
from data.storage import query

SEVERITIES = ("error", "warning", "info")
QUARANTINE_TABLE = "quarantine"
TEXT_COLUMNS = ("title_zh", "title_en", "remedy_zh", "remedy_en")


@dataclass(frozen=True)
class QualityCheck:
    check_id: str
    table: str
    severity: str
    condition: str
    shown_fields: tuple[str, ...]
    title_zh: str
    title_en: str
    remedy_zh: str
    remedy_en: str


@cache
def load_checks() -> dict[str, QualityCheck]:
    return {
        r["check_id"]: QualityCheck(
            r["check_id"],
            r["table"],
            r["severity"],
            r["condition"],
            tuple(filter(None, r["shows"].split("|"))),
            r["title_zh"],
            r["title_en"],
            r["do_zh"],
            r["do_en"],
        )
        for r in table_files.read_rows("quality.csv")
    }


def list_findings(cursor: duckdb.DuckDBPyConnection, as_of: date, batch: str | None = None) -> pl.DataFrame:
    """Every check over the data as they stand at as_of (of one batch only): gravest first, then the most rows.

    [check_id, table, severity, rows, checked, amount, foreign, title_zh, title_en, remedy_zh, remedy_en]; `amount`: the
    sum of the balance (or amount) of the rows found, None where a table has none; `foreign`: the sums of those in other
    currencies, which no amount holds (USD 5,000.50, HKD 7.00); `checked` 0: there was nothing to check.
    """
    kept = {} if batch else counts_store.load_counts(cursor, as_of, _hash_checks())
    counted = kept or _count_all_tables(cursor, as_of, batch)
    found = [
        {"check_id": check.check_id, "table": check.table, "severity": check.severity}
        | {name: counted[check.check_id][name] for name in ("rows", "checked", "amount", "foreign")}
        | {name: getattr(check, name) for name in TEXT_COLUMNS}
        for check in load_checks().values()
    ]
    rank = pl.col("severity").replace_strict({name: i for i, name in enumerate(SEVERITIES)}, return_dtype=pl.Int8)
    types: dict[str, pl.DataType] = {"amount": pl.Decimal(38, 2), "foreign": pl.String()}
    frame = pl.DataFrame(found, schema_overrides=types, infer_schema_length=None)
    return frame.sort(rank, -pl.col("rows"), "check_id")


def count_and_store(con: duckdb.DuckDBPyConnection, as_of: date) -> None:
    """Count, and keep the counts in the book."""
    counts_store.store_counts(con, as_of, _hash_checks(), _count_all_tables(con, as_of, None))


def _count_all_tables(cursor: duckdb.DuckDBPyConnection, as_of: date, batch: str | None) -> dict[str, dict[str, Any]]:
    _create_quality_views(cursor, as_of)
    return {
        check_id: count
        for table in _list_checked_tables()
        for check_id, count in _count_table(cursor, table, batch).items()
    }


@cache
def _hash_checks() -> str:
    """Of the checks and their limits."""
    texts = (table_files.find_table_file(name).read_bytes() for name in ("quality.csv", "quality_limits.csv"))
    return hashlib.sha256(b"\0".join(texts)).hexdigest()


def list_rows_of_finding(
    cursor: duckdb.DuckDBPyConnection, as_of: date, check_id: str, batch: str | None = None
) -> pl.DataFrame:
    """The rows behind one finding, the largest amount first.

    [check_id, table, row_id, loan_id, borrower_id, branch_id, amount, detail, batch_id, source_file, source_row]
    """
    _create_quality_views(cursor, as_of)
    check = load_checks()[check_id]
    shown = ", ', ', ".join(
        f"""'{name}=' || coalesce(CAST(t."{name}" AS VARCHAR), '-')""" for name in check.shown_fields
    )
    detail = f"concat({shown})" if shown else "''"
    own = {"loan_id", "borrower_id", "branch_id"} & _column_names(check.table)
    lacks_loan = "branch_id" in own or "loan_id" not in own
    place = {
        "loan_id": "t.loan_id" if "loan_id" in own else "NULL::VARCHAR",
        "borrower_id": "t.borrower_id" if "borrower_id" in own else "NULL::VARCHAR" if lacks_loan else "l.borrower_id",
        "branch_id": "t.branch_id" if "branch_id" in own else "NULL::VARCHAR" if lacks_loan else "l.branch_id",
    }
    loan = "" if lacks_loan else "LEFT JOIN quality_loans l ON l.loan_id = t.loan_id"
    return query.fetch_frame(
        cursor,
        f"""SELECT $check AS check_id, $table AS "table", {_row_key_sql(check.table)} AS row_id,
            {", ".join(f"{sql} AS {name}" for name, sql in place.items())},
            {_amount_sql(check.table)} AS amount, {detail} AS detail,
            t.batch_id, t.source_file, CAST(t.source_row AS BIGINT) AS source_row
        FROM ({_checked_rows_sql(check.table)}) t {loan}
        WHERE ({check.condition}) {"AND t.batch_id = $batch" if batch else ""}
        ORDER BY amount DESC NULLS LAST, row_id, source_file, source_row""",
        check=check.check_id,
        table=check.table,
        **({"batch": batch} if batch else {}),
    )


def list_batch_findings(con: duckdb.DuckDBPyConnection, as_of: date, batch: str) -> list[dict[str, Any]]:
    """The checks that found rows among those of the batch, for its report."""
    found = list_findings(con, as_of, batch).filter(pl.col("rows") > 0)
    reported = found.select(
        "check_id",
        "table",
        "severity",
        "rows",
        pl.col("amount").cast(pl.String),
        "foreign",
        pl.col("title_zh").alias("zh"),
        pl.col("title_en").alias("en"),
    )
    return reported.to_dicts()


def format_amounts(own: Decimal | None, foreign: str | None) -> str:
    """The amount of a finding as text: 1,000.00; USD 5.00; a dash where there is none."""
    return "; ".join(([f"{own:,}"] if own is not None else []) + ([foreign] if foreign else [])) or "-"


def _list_checked_tables() -> list[str]:
    return list(dict.fromkeys(check.table for check in load_checks().values()))


def _create_quality_views(cursor: duckdb.DuckDBPyConnection, as_of: date) -> None:
    """The thresholds as variables, and quality_<table>: the rows that stand at as_of, with where they came from."""
    cursor.execute("SET VARIABLE as_of = CAST($as_of AS DATE)", {"as_of": as_of})
    for row in table_files.read_rows("quality_limits.csv"):
        cast = "VARCHAR" if row["unit"] == "currency" else "DECIMAL(18,2)"
        cursor.execute(f"SET VARIABLE {row['limit']} = CAST($value AS {cast})", {"value": row["value"]})
    book_settings.set_variables(cursor)
    day = "getvariable('as_of')"
    for table in dictionary.load_tables():
        rows = f'FROM "{table}" WHERE {valid_on_sql(day)}'
        if table == guarantees.TABLE:
            rows = guarantees.joined_rows_sql(cursor, day)
        cursor.execute(f"CREATE OR REPLACE TEMP VIEW quality_{table} AS {rows}")


def _checked_rows_sql(table: str) -> str:
    """SQL: the rows that a check of the table sees as t."""
    if table == QUARANTINE_TABLE:
        return (
            "SELECT q.*, q.file AS source_file, q.row_number AS source_row, b.as_of FROM quarantine q "
            "JOIN batches b USING (batch_id) WHERE b.as_of = getvariable('as_of') AND b.withdrawn_at IS NULL"
        )
    if table == "loans":
        lineage = ", ".join(("loan_id", *dictionary.LINEAGE_COLUMNS))
        return (
            f"SELECT l.* EXCLUDE (balance), s.* EXCLUDE ({lineage}) FROM quality_loans l "
            "JOIN quality_snapshots s ON s.loan_id = l.loan_id AND s.snapshot_date = getvariable('as_of')"
        )
    return f"FROM quality_{table}"


def _column_names(table: str) -> set[str]:
    return set() if table == QUARANTINE_TABLE else set(dictionary.fields_of_table(table))


def _row_key_sql(table: str) -> str:
    if table == QUARANTINE_TABLE:
        return "t.value"
    return "concat_ws('/', " + ", ".join(f't."{key}"' for key in dictionary.load_tables()[table].key) + ")"


def _amount_sql(table: str) -> str:
    named = [name for name in ("balance", "amount", "appraised_value") if name in _column_names(table)]
    found = ", ".join(f't."{name}"' for name in named)
    return f"CAST(coalesce({found}, NULL) AS DECIMAL(38,2))" if found else "NULL::DECIMAL(38,2)"


def _count_table(cursor: duckdb.DuckDBPyConnection, table: str, batch: str | None) -> dict[str, dict[str, Any]]:
    """Check -> rows, checked, amount, foreign of one table, in one scan; of an empty table without one."""
    own = [check for check in load_checks().values() if check.table == table]
    values = {"batch": batch} if batch else {}
    condition = "WHERE t.batch_id = $batch" if batch else ""
    rows = f"({_checked_rows_sql(table)}) t {condition}"
    if not cursor.execute(f"SELECT EXISTS (FROM {rows})", values).fetchall()[0][0]:
        return {check.check_id: _sum_currencies([], i) for i, check in enumerate(own)}
    marks = ", ".join(f"({check.condition}) AS c{i}" for i, check in enumerate(own))
    sums = (f"count(*) FILTER (c{i}) AS rows{i}, sum(amount) FILTER (c{i}) AS amount{i}" for i in range(len(own)))
    home = "getvariable('home_currency')"
    currency = f"nullif(t.currency, {home})" if "currency" in _column_names(table) else "NULL::VARCHAR"
    counted = query.fetch_frame(
        cursor,
        f"""SELECT currency, count(*) AS checked, {", ".join(sums)}
        FROM (SELECT {currency} AS currency, {_amount_sql(table)} AS amount, {marks} FROM {rows})
        GROUP BY currency ORDER BY currency""",
        **values,
    ).rows(named=True)
    return {check.check_id: _sum_currencies(counted, i) for i, check in enumerate(own)}


def _sum_currencies(counted: list[dict[str, Any]], number: int) -> dict[str, Any]:
    """One check over the rows of each currency; those of the bank's own have none here."""
    held = [row for row in counted if row[f"amount{number}"] is not None]
    own = [row[f"amount{number}"] for row in held if row["currency"] is None]
    foreign = [f"{row['currency']} {row[f'amount{number}']:,.2f}" for row in held if row["currency"] is not None]
    return {
        "rows": sum(row[f"rows{number}"] for row in counted),
        "checked": sum(row["checked"] for row in counted),
        "amount": sum(own) if own else None,
        "foreign": ", ".join(foreign) or None,
    }
