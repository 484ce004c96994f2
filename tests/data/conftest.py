"""Fixtures of the import tests."""

from collections.abc import Callable
from pathlib import Path

import pytest
from desk import Desk


@pytest.fixture
def desk(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Desk:
    return Desk(tmp_path, capsys)


@pytest.fixture
def unchanged(desk: Desk) -> Callable[[], bool]:
    """A book with one loan; tells whether it still holds just that."""
    assert desk.load_text("借据号,贷款余额\nL0,100\n", "first.csv").status == 0
    before = desk.content()
    return lambda: desk.content() == before
