"""Seven loans at two month-ends, few enough to work every figure out by hand."""

from datetime import date
from pathlib import Path

import duckdb
import polars as pl
import pytest

from data.facts import derivation
from data.storage import book, name_search
from policy.monitoring import metric_store
from policy.runs import snapshot_check
from tests import shared_books
from tests.shipped_policy import POLICY

EARLIER_DATE, SNAPSHOT_DATE = date(2026, 9, 30), date(2026, 10, 31)
INJECTION_NAME = (
    "![a](http://127.0.0.1:9/leak.png) =1+1"  # a name that markdown would fetch and a spreadsheet would compute
)

# loan, borrower, branch, currency, balance, classification, days past due, security, disbursed, maturity, status
LOANS = [
    ("L1", "B1", "001", "CNY", 1_000_000, "normal", 0, "guarantee", date(2023, 11, 5), date(2026, 11, 5), "normal"),
    (
        "L2",
        "B6",
        "001",
        "CNY",
        500_000,
        "special_mention",
        20,
        "credit",
        date(2026, 1, 15),
        date(2027, 1, 15),
        "normal",
    ),
    ("L3", "B2", "001", "CNY", 300_000, "substandard", 95, "credit", date(2020, 10, 1), date(2026, 10, 1), "overdue"),
    ("L4", "B3", "002", "CNY", 200_000, None, None, None, date(2024, 1, 1), date(2029, 1, 1), "normal"),
    ("L5", "B3", "002", "CNY", 0, "normal", 0, "credit", date(2024, 1, 1), date(2025, 1, 1), "settled"),
    ("L6", "B4", "002", "USD", 9_999_999, "normal", 0, "credit", date(2024, 1, 1), date(2027, 1, 1), "normal"),
    ("L7", "B5", "002", "CNY", 250_000, "loss", 200, "credit", date(2025, 6, 1), date(2027, 6, 1), "overdue"),
]
NAMES = {"B1": "甲公司", "B2": "乙公司", "B3": INJECTION_NAME, "B4": "Fourth Ltd", "B5": "戊公司", "B6": "甲公司分厂"}
BRANCHES = {"001": "城东支行", "002": "城西支行"}
# At the month-end before, all was as now but for these balances and classes.
EARLIER_VALUES = {"L3": (300_000, "special_mention", 65), "L7": (450_000, "doubtful", 170)}


def _loan_rows() -> pl.DataFrame:
    return pl.DataFrame(
        [
            dict(  # noqa: C408
                loan_id=i,
                contract_no=f"C{i}",
                borrower_id=b,
                branch_id=branch,
                branch_name=BRANCHES[branch],
                officer_id=f"O{branch}",
                product_code="working_capital",
                principal=balance or 100,
                balance=balance,
                currency=currency,
                guarantee_type=security,
                disbursed_on=start,
                original_maturity=end,
                current_maturity=end,
                extension_count=0,
                status=status,
            )
            for i, b, branch, currency, balance, _, _, security, start, end, status in LOANS
        ]
    )


def _snapshot_rows(day: date, classified: bool, valued: bool) -> pl.DataFrame:
    rows = []
    for loan, _, _, _, *state, _, _, _, _ in LOANS:
        balance, kind, overdue = EARLIER_VALUES.get(loan, state) if day == EARLIER_DATE else state
        rows.append((loan, day, balance if valued else None, kind if classified else None, overdue))
    names = {
        "loan_id": pl.String,
        "snapshot_date": pl.Date,
        "balance": pl.Int64,
        "classification": pl.String,
        "days_past_due": pl.Int64,
    }
    return pl.DataFrame(rows, schema=names, orient="row")


def _insert_rows(con: duckdb.DuckDBPyConnection, table: str, rows: pl.DataFrame, as_of: date) -> None:
    rows = rows.with_columns(row_valid_from=as_of, batch_id=pl.lit(str(as_of)))
    columns = ", ".join(f'"{name}"' for name in rows.columns)
    con.register("rows_in", rows.to_arrow())
    con.execute(f'INSERT INTO "{table}" ({columns}) SELECT {columns} FROM rows_in')
    con.unregister("rows_in")


def _insert_batch(con: duckdb.DuckDBPyConnection, day: date, table: str) -> None:
    con.execute(
        "INSERT INTO batches (batch_id, fingerprint, as_of) VALUES ($id, $id, $day)", {"id": str(day), "day": day}
    )
    con.execute(
        """INSERT INTO batch_tables (batch_id, table_name, file, rows_in, loaded, quarantined, ignored)
           VALUES ($id, $table, 'by hand', $rows, $loaded, 2, 1)""",
        {"id": str(day), "table": table, "rows": len(LOANS) + 3, "loaded": len(LOANS)},
    )


def build_book(path: Path, *, classified: bool = True, valued: bool = True, checked: bool = True) -> Path:
    """Write the book: the class and the balance of its loans can be left out of the snapshots."""
    with book.open_for_writing(path) as con:
        _insert_rows(con, "loans", _loan_rows(), EARLIER_DATE)
        _insert_rows(
            con, "borrowers", pl.DataFrame({"borrower_id": list(NAMES), "name": list(NAMES.values())}), EARLIER_DATE
        )
        name_search.fill_missing_keys(con, "borrowers")
        _insert_rows(
            con,
            "guarantees",
            pl.DataFrame(
                {
                    "guarantee_id": ["G1", "G2"],
                    "loan_id": ["L1", "L1"],
                    "kind": ["guarantee", "guarantee"],
                    "provider_id": ["P1", "P2"],
                    "provider_name": ["赵保", INJECTION_NAME],
                    "status": ["active", "active"],
                    "end": [date(2031, 1, 1)] * 2,
                }
            ),
            EARLIER_DATE,
        )
        _insert_rows(
            con,
            "extensions",
            pl.DataFrame(
                {
                    "request_id": ["R1", "R2", "R4"],
                    "loan_id": ["L7", "L2", "L4"],
                    "seq": [1] * 3,
                    "decision": ["pending"] * 3,
                    "application_date": [date(2026, 10, 30), date(2026, 9, 1), date(2026, 9, 1)],
                    "reason": ["周转", None, "="],
                    "requested_maturity": [date(2030, 11, 5), date(2027, 7, 15), date(2040, 1, 1)],
                }
            ),
            EARLIER_DATE,
        )
        for day, table in ((EARLIER_DATE, "loans"), (SNAPSHOT_DATE, "snapshots")):
            _insert_rows(con, "snapshots", _snapshot_rows(day, classified, valued), day)
            _insert_batch(con, day, table)
            derivation.derive_facts(con, day)
        if checked:
            snapshot_check.judge_snapshot(con, POLICY, SNAPSHOT_DATE)
    return path


def copy_checked_book(factory: pytest.TempPathFactory) -> Path:
    """Copy the book, its newer month-end checked, with the metrics of both days stored as a check stores them."""

    def build(path: Path) -> None:
        build_book(path)
        with book.open_for_writing(path) as con:
            for day in (EARLIER_DATE, SNAPSHOT_DATE):
                metric_store.evaluate_and_store(con, POLICY, day)

    return shared_books.copy_shared_book(factory, "seven-loans-checked", build)


def copy_unchecked_book(factory: pytest.TempPathFactory) -> Path:
    """Copy the book before any check."""
    return shared_books.copy_shared_book(factory, "seven-loans", lambda path: build_book(path, checked=False))
