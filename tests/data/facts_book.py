"""A book in memory for the tests of facts: rows are put in by hand, and facts read back."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date

import duckdb

from data import dictionary
from data.facts import derivation
from data.storage import schema

AS_OF = date(2026, 10, 31)


class FactsBook:
    """Puts rows into a book and reads facts back."""

    def __init__(self, con: duckdb.DuckDBPyConnection) -> None:
        self.con = con

    def insert(self, table: str, **row: object) -> None:
        row = {"row_valid_from": AS_OF, **row}
        columns = ", ".join(f'"{name}"' for name in row)
        self.con.execute(
            f"INSERT INTO {table} ({columns}) VALUES ({', '.join('?' * len(row))})",
            list(row.values()),
        )

    def insert_loan(self, loan_id: str = "L1", snapshot: dict | None = None, **row: object) -> None:
        day = row.get("row_valid_from", AS_OF)
        self.insert("loans", loan_id=loan_id, **row)
        self.insert(
            "snapshots",
            **{"loan_id": loan_id, "snapshot_date": day, "row_valid_from": day, "balance": 100} | (snapshot or {}),
        )

    def build_facts(self, as_of: date = AS_OF) -> dict[str, int]:
        return derivation.derive_facts(self.con, as_of)

    def read_facts(self, subject: str, key: str, as_of: date = AS_OF) -> dict:
        identity = dictionary.load_subjects()[subject].id
        cursor = self.con.execute(f"FROM facts_{subject} WHERE as_of = ? AND {identity} = ?", [as_of, key])
        rows = cursor.fetchall()
        assert len(rows) == 1
        return dict(zip([column[0] for column in cursor.description], rows[0], strict=True))

    def read_loan_fact(self, name: str, loan_id: str = "L1") -> object:
        self.build_facts()
        return self.read_facts("loan", loan_id)[name]

    def hypothetical_facts(self, *requests: tuple[str, str | None]) -> list[dict]:
        """Extension facts of what-if requests (loan_id, consent), in the order asked."""
        self.build_facts()
        self.con.execute("CREATE OR REPLACE TEMP TABLE asked (request_id VARCHAR, loan_id VARCHAR, consent VARCHAR)")
        for number, (loan_id, consent) in enumerate(requests):
            self.con.execute("INSERT INTO asked VALUES (?, ?, ?)", [f"T{number:03}", loan_id, consent])
        self.con.execute(
            f"CREATE OR REPLACE TEMP VIEW tried AS SELECT *, DATE '{AS_OF}' AS application_date, "
            f"DATE '{AS_OF}' + 200 AS requested_maturity FROM asked"
        )
        cursor = self.con.execute(
            f"FROM {derivation.derive_hypothetical_facts(self.con, AS_OF, 'tried')} ORDER BY request_id"
        )
        rows = cursor.fetchall()
        return [dict(zip([column[0] for column in cursor.description], row, strict=True)) for row in rows]


@contextmanager
def open_empty_book() -> Iterator[duckdb.DuckDBPyConnection]:
    """An empty book."""
    con = duckdb.connect()
    con.execute("SET TimeZone='Asia/Shanghai'")
    schema.create_tables(con)
    yield con
    con.close()


@contextmanager
def roll_back_at_end(con: duckdb.DuckDBPyConnection) -> Iterator[FactsBook]:
    """A ledger whose rows are taken back at the end: quicker than a new book a test."""
    con.execute("BEGIN")
    yield FactsBook(con)
    con.execute("ROLLBACK")
