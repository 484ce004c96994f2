"""Books of several snapshots, each brought by a batch, for the tests of runs in time."""

from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import polars as pl

from data import dictionary
from data.facts import derivation
from data.history import versions
from data.history.versions import KEEP_OLD
from policy.model import csv_reader
from policy.model.records import Policy
from tests.policy import policy_builder

MONTH_STARTS = tuple(date(2024, month, 1) for month in range(1, 13))
POLARS_TYPES = {"DATE": pl.Date, "INTEGER": pl.Int32, "BOOLEAN": pl.Boolean, "VARCHAR": pl.String}


def _build_frame(table: str, rows: list[dict[str, Any]]) -> pl.DataFrame:
    fields = dictionary.fields_of_table(table)
    names = [name for name in fields if any(name in row for row in rows)]
    schema = {name: POLARS_TYPES.get(fields[name].sql_type, pl.Decimal(18, 2)) for name in names}
    frame = pl.DataFrame([{name: row.get(name) for name in names} for row in rows], schema=schema)
    return frame.with_columns(
        pl.lit("test").alias("source_file"), pl.lit(1).alias("source_row"), pl.lit(False).alias(KEEP_OLD)
    )


def load_batch(
    con: duckdb.DuckDBPyConnection, name: str, as_of: date, loans: dict[str, dict[str, Any]], *, order: int = 0
) -> None:
    """Loans with their snapshot rows of as_of, as an import of that day brings them; `order` of two on one day."""
    con.execute(
        "INSERT INTO batches (batch_id, fingerprint, as_of, loaded_at) VALUES (?, ?, ?, ?)",
        [name, f"content of {name}", as_of, f"2030-01-01 00:{as_of.month:02}:{order:02}"],
    )
    versions.store_rows(
        con, "loans", _build_frame("loans", [{"loan_id": key, **row} for key, row in loans.items()]), as_of, name
    )
    own = dictionary.fields_of_table("snapshots")
    snapshots = [
        {"loan_id": key, "snapshot_date": as_of, "balance": None} | {n: v for n, v in row.items() if n in own}
        for key, row in loans.items()
    ]
    versions.store_rows(con, "snapshots", _build_frame("snapshots", snapshots), as_of, name)


def build_facts(con: duckdb.DuckDBPyConnection, *days: date) -> None:
    for day in days:
        derivation.derive_facts(con, day)


def read_policy(texts: dict[str, str]) -> Policy:
    """The policy of these texts, whose rows must all be readable."""
    found, problems = csv_reader.read_policy(texts)
    assert problems == []
    return found


def write_tables(folder: Path, texts: dict[str, str]) -> Path:
    """The texts of a policy as a folder of tables."""
    for name, text in texts.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    return folder


def balance_limit_policy(value: str, **cells: str) -> Policy:
    """One rule on the balance with this limit."""
    return policy_builder.build_policy([{"limit": value, **cells}])
