"""Fixtures of the tests of the book: a desk to import at, and a ledger to put rows in by hand."""

from collections.abc import Callable, Iterator
from pathlib import Path

import duckdb
import pytest
from desk import Desk
from ledger import Ledger, opened, undone


@pytest.fixture
def desk(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Desk:
    return Desk(tmp_path, capsys)


@pytest.fixture
def unchanged(desk: Desk) -> Callable[[], bool]:
    """A book with one loan; tells whether it still holds just that."""
    assert desk.load_text("借据号,贷款余额\nL0,100\n", "first.csv").status == 0
    before = desk.content()
    return lambda: desk.content() == before


@pytest.fixture(scope="module")
def con() -> Iterator[duckdb.DuckDBPyConnection]:
    with opened() as con:
        yield con


@pytest.fixture
def ledger(con: duckdb.DuckDBPyConnection) -> Iterator[Ledger]:
    with undone(con) as ledger:
        yield ledger
