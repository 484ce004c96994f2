"""Which schema a book has: the numbers of schema_versions.csv, and the row that says so in the book."""

import csv
import hashlib
import json
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

import duckdb

from data import dictionary
from data.errors import BookError
from data.messages.catalogue import bilingual
from data.storage.system_tables import load_system_tables
from data.version import read_version

VERSIONS_FILE = Path(__file__).with_name("schema_versions.csv")
VERSION_TABLE = "book_version"
FIRST_VERSION = 1
"""Books made before they stated their version."""


@dataclass(frozen=True)
class SchemaVersion:
    """`fingerprint`: a digest of all declared tables and columns; `product`: the version that introduced it."""

    number: int
    product: str
    fingerprint: str


@cache
def load_current_version() -> SchemaVersion:
    """The last row of schema_versions.csv: what this program writes."""
    with VERSIONS_FILE.open(encoding="utf-8", newline="") as file:
        last = list(csv.DictReader(file))[-1]
    return SchemaVersion(int(last["schema"]), last["product"], last["fingerprint"])


def compute_fingerprint() -> str:
    """A digest of the tables and columns that the program declares; a change of it needs a new schema version."""
    registers = {
        name: [(field.name, field.sql_type) for field in dictionary.fields_of_table(name).values()]
        for name in dictionary.load_tables()
    }
    system = {table.name: list(table.columns.items()) for table in load_system_tables().values()}
    text = json.dumps([registers, dictionary.LINEAGE_COLUMNS, system], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def read_schema_version(con: duckdb.DuckDBPyConnection) -> int:
    """The schema number of a book; FIRST_VERSION when it does not state one."""
    if not _has_version_table(con):
        return FIRST_VERSION
    row = con.execute(f"SELECT schema_version FROM {VERSION_TABLE}").fetchone()
    return int(row[0]) if row else FIRST_VERSION


def require_known_version(con: duckdb.DuckDBPyConnection, path: Path) -> None:
    """Raises BookError for a book that a newer version of the program wrote; `path` is named in it."""
    if not _has_version_table(con):
        return
    row = con.execute(f"SELECT schema_version, product_version FROM {VERSION_TABLE}").fetchone()
    known = load_current_version().number
    if row and row[0] > known:
        names = {"product": row[1], "found": row[0], "present": read_version(), "known": known}
        raise BookError(bilingual("storage.book_of_newer_version", path=path, **names))


def write_version(con: duckdb.DuckDBPyConnection) -> None:
    """State the present versions of schema and product in the book."""
    con.execute(f"DELETE FROM {VERSION_TABLE}")
    now = datetime.now(UTC).replace(tzinfo=None)
    con.execute(f"INSERT INTO {VERSION_TABLE} VALUES (?, ?, ?)", [load_current_version().number, read_version(), now])


def _has_version_table(con: duckdb.DuckDBPyConnection) -> bool:
    found = con.execute("SELECT 1 FROM duckdb_tables() WHERE table_name = ?", [VERSION_TABLE]).fetchone()
    return found is not None
