"""The CSV files of data/tables, which a bank may edit: where each is, and its rows.

For one version a table may still have the former file name and the former column names of renamed_tables.csv; the
user is warned on stderr.
"""

import csv
import sys
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from data.messages.catalogue import BilingualText, bilingual

TABLES_FOLDER = Path(__file__).parent / "tables"
RENAMED_TABLES = Path(__file__).with_name("renamed_tables.csv")


@dataclass(frozen=True)
class FormerNames:
    """What a table and its columns were called: `columns` maps former names to the present ones."""

    file: str
    columns: dict[str, str]


@cache
def load_former_names() -> dict[str, FormerNames]:
    """The former names of each renamed table, by its present file name."""
    with RENAMED_TABLES.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    return {row["name"]: FormerNames(row["former_name"], _parse_pairs(row["former_columns"])) for row in rows}


def _parse_pairs(cell: str) -> dict[str, str]:
    """'opening=magic|what=what_en' -> {'opening': 'magic', 'what': 'what_en'}."""
    pairs = (part.partition("=") for part in cell.split("|") if part)
    return {former: present for former, _, present in pairs}


def find_table_file(name: str) -> Path:
    """The file of a table; a file with the table's former name takes precedence, with a warning."""
    former = load_former_names().get(name)
    former_path = TABLES_FOLDER / former.file if former and former.file else None
    if former_path is None or not former_path.is_file():
        return TABLES_FOLDER / name
    _warn(bilingual("tables.former_file_name", former=former_path.name, name=name))
    return former_path


def read_rows(name: str) -> list[dict[str, str]]:
    """The rows of a table by the present names of its columns."""
    with find_table_file(name).open(encoding="utf-8", newline="") as file:
        reader = csv.DictReader(file)
        rows, header = list(reader), reader.fieldnames or []
    former = load_former_names().get(name)
    renamed = {old: new for old, new in former.columns.items() if old in header} if former else {}
    if not renamed:
        return rows
    changes = ", ".join(f"{old} -> {new}" for old, new in renamed.items())
    _warn(bilingual("tables.former_column_names", name=name, changes=changes))
    return [{renamed.get(column, column): cell for column, cell in row.items()} for row in rows]


@cache
def _warn(message: BilingualText) -> None:
    """One line on stderr, once for each message."""
    print(f"{message} {message.zh}", file=sys.stderr)
