"""What a workbook shows of a number: the cases are rows of number_formats.csv."""

from pathlib import Path

import pytest

from data.ingest.formats import number_formats
from tests import cases

CASES = Path(__file__).parent / "cases" / "number_formats.csv"


@pytest.mark.parametrize("row", cases.params_of_file(CASES))
def test_a_number_under_a_format(row: cases.Row) -> None:
    shown = number_formats.show_number(row["format"], float(row["value"]))
    assert (shown[:2] if shown else ("", "")) == (row["kind"], row["shown"])
    assert number_formats.changes_meaning(row["format"]) or shown is None
