"""Which tables a policy folder has, and which columns each: rows of table_columns.csv.

A row with the column `*` says whether a folder must have the table. `choices` names the words a cell may hold: joined
by |, or a list of the vocabulary, the subjects, or the open code lists. `references` names the table whose ids a cell
holds, joined by |.
"""

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

SCHEMA_FILE = Path(__file__).parent / "table_columns.csv"
WHOLE_TABLE = "*"


@dataclass(frozen=True)
class ColumnSpec:
    """`is_required`: its cells must be filled. `default`: what an empty cell means. `is_key`: no two rows share it."""

    name: str
    is_required: bool
    is_key: bool
    type: str
    default: str
    choices: str
    references: str


@dataclass(frozen=True)
class TableSpec:
    is_required: bool
    columns: Mapping[str, ColumnSpec]


@cache
def load_schema() -> dict[str, TableSpec]:
    """File, or folder/*.csv → its columns in order."""
    columns: dict[str, dict[str, ColumnSpec]] = {}
    required = set()
    with SCHEMA_FILE.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            own = columns.setdefault(row["file"], {})
            if row["column"] != WHOLE_TABLE:
                own[row["column"]] = _parse_column(row)
            elif row["required"]:
                required.add(row["file"])
    return {name: TableSpec(name in required, own) for name, own in columns.items()}


def _parse_column(row: dict[str, str]) -> ColumnSpec:
    return ColumnSpec(
        row["column"],
        bool(row["required"]),
        bool(row["key"]),
        row["type"],
        row["default"],
        row["choices"],
        row["references"],
    )


def find_table_spec(name: str) -> TableSpec | None:
    """The table of this file name; the files of a folder (rules/credit.csv) share one."""
    folder, slash, _ = name.partition("/")
    return load_schema().get(f"{folder}/*.csv" if slash else name)


def table_columns(name: str) -> Mapping[str, ColumnSpec]:
    """The columns of a table in order. Raises KeyError for a file that is not a policy table."""
    spec = find_table_spec(name)
    if spec is None:
        raise KeyError(name)
    return spec.columns
