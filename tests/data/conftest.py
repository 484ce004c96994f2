"""Fixtures of the tests of the book: a desk to import at, and a ledger to put rows in by hand."""

from collections.abc import Callable, Iterator
from pathlib import Path

import duckdb
import pytest

from tests.data.cli_import import ImportCli
from tests.data.facts_book import FactsBook, open_empty_book, roll_back_at_end


@pytest.fixture
def cli(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> ImportCli:
    return ImportCli(tmp_path, capsys)


@pytest.fixture
def book_is_unchanged(cli: ImportCli) -> Callable[[], bool]:
    """A book with one loan; tells whether it still holds just that."""
    assert cli.import_text("借据号,贷款余额\nL0,100\n", "first.csv").status == 0
    before = cli.read_all_tables()
    return lambda: cli.read_all_tables() == before


@pytest.fixture(scope="module")
def con() -> Iterator[duckdb.DuckDBPyConnection]:
    with open_empty_book() as con:
        yield con


@pytest.fixture
def facts_book(con: duckdb.DuckDBPyConnection) -> Iterator[FactsBook]:
    with roll_back_at_end(con) as ledger:
        yield ledger
