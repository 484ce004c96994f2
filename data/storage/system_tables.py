"""The tables of the book beside its registers and facts, declared once in system_tables.csv.

A table is created with the book, or by the module that first fills it. Registers and facts come from the data
dictionary. New columns are added at the end of their table, so that books of earlier versions can be brought up to it.
"""

import csv
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from data.reference.dimensions import load_dimensions

TABLES_FILE = Path(__file__).parent / "system_tables.csv"
ANY_DIMENSIONS = "*"
"""In place of a column name: one column for each dimension of dimensions.csv other than the branch."""


@dataclass(frozen=True)
class SystemTable:
    """`columns`: name -> SQL type, in their order; `is_created_with_book`: else by the module that first fills it."""

    name: str
    columns: dict[str, str]
    primary_key: str | None
    is_created_with_book: bool

    def create_sql(self, create: str = "CREATE TABLE IF NOT EXISTS") -> str:
        """SQL that creates the table; `create`: its first words."""
        parts = (
            f'"{name}" {sql_type}' + (" PRIMARY KEY" if name == self.primary_key else "")
            for name, sql_type in self.columns.items()
        )
        return f"{create} {self.name} ({', '.join(parts)})"


@cache
def load_system_tables() -> dict[str, SystemTable]:
    """Every system table by name, in the order of the file."""
    with TABLES_FILE.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    return {name: _build_table(name, [row for row in rows if row["table"] == name]) for name in _list_names(rows)}


def list_run_tables() -> list[str]:
    """The tables that hold something of a run, by its run_id."""
    return [table.name for table in load_system_tables().values() if "run_id" in table.columns]


def _list_names(rows: list[dict[str, str]]) -> list[str]:
    return list(dict.fromkeys(row["table"] for row in rows))


def _build_table(name: str, rows: list[dict[str, str]]) -> SystemTable:
    keys = [row["column"] for row in rows if row["primary_key"]]
    return SystemTable(
        name,
        {column: row["type"] for row in rows for column in _expand_column(row["column"])},
        keys[0] if keys else None,
        rows[0]["created"] == "with_book",
    )


def _expand_column(column: str) -> list[str]:
    if column != ANY_DIMENSIONS:
        return [column]
    return [name for name in load_dimensions() if name != "branch_id"]
