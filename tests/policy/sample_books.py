"""Small books made row by row, for tests that need to know every value."""

from datetime import date
from pathlib import Path
from typing import Any

import duckdb

from data.facts import derivation
from data.storage import book

AS_OF = date(2024, 6, 30)


def insert_row(con: duckdb.DuckDBPyConnection, table: str, as_of: date = AS_OF, **values: Any) -> None:
    """Insert a row of a register valid from the day, or of the batches of the day."""
    row = values | {"as_of" if table == "batches" else "row_valid_from": as_of}
    names = ", ".join(f'"{name}"' for name in row)
    con.execute(f'INSERT INTO "{table}" ({names}) VALUES ({", ".join("?" * len(row))})', list(row.values()))


def insert_loan(con: duckdb.DuckDBPyConnection, loan_id: str, as_of: date = AS_OF, **values: Any) -> None:
    snapshot = {name: values.pop(name) for name in ("classification", "days_past_due") if name in values}
    insert_row(con, "loans", as_of, loan_id=loan_id, **values)
    insert_row(con, "snapshots", as_of, loan_id=loan_id, snapshot_date=as_of, balance=values.get("balance"), **snapshot)


def make_book(path: Path, loans: dict[str, dict[str, Any]], others: list[tuple[str, dict[str, Any]]] = ()) -> Path:  # type: ignore[assignment]
    """A book with these loans and rows of other tables, its facts built at AS_OF."""
    with book.open_for_writing(path) as con:
        insert_row(con, "batches", batch_id="test")
        for loan_id, values in loans.items():
            insert_loan(con, loan_id, **values)
        for table, values in others:
            insert_row(con, table, **values)
        derivation.derive_facts(con, AS_OF)
    return path
