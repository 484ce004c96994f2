"""Cases of a test kept as a table: each row of a CSV file beside the test is one case."""

import csv
import re
from pathlib import Path

import pytest

ESCAPE = re.compile(r"\\u([0-9a-f]{4})|\\n")
VALUE_SEPARATOR = " | "
ID_LENGTH = 60
Row = dict[str, str]


def load_rows(file: Path) -> list[Row]:
    """The rows of a case table. A character that cannot be seen is written as \\u3000, a line break as \\n."""
    with file.open(encoding="utf-8", newline="") as lines:
        return [{name: _unescape(cell) for name, cell in row.items()} for row in csv.DictReader(lines, strict=True)]


def params_of_file(file: Path, **only: str) -> list[pytest.ParameterSet]:
    """Each row whose columns equal `only` as the parameter of one test; its id names the row as a spreadsheet counts."""
    return [
        pytest.param(row, id=f"row {number}: {', '.join(row.values())[:ID_LENGTH]}")
        for number, row in enumerate(load_rows(file), start=2)
        if only.items() <= row.items()
    ]


def split_values(cell: str) -> list[str]:
    """The values of a cell that lists several; an empty cell lists none."""
    return cell.split(VALUE_SEPARATOR) if cell else []


def _unescape(cell: str) -> str:
    return ESCAPE.sub(lambda found: chr(int(found[1], 16)) if found[1] else "\n", cell)
