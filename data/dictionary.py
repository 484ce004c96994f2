"""The data dictionary: tables, fields, code lists and the facts that rules may read."""

import csv
import os
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from data.table_files import read_rows

CODES_FILE = "codes.csv"
DUCKDB_TYPES = {
    "text": "VARCHAR",
    "code": "VARCHAR",
    "money": "DECIMAL(18,2)",
    "rate": "DECIMAL(9,6)",
    "number": "DECIMAL(18,6)",
    "integer": "INTEGER",
    "date": "DATE",
    "timestamp": "TIMESTAMP",
    "boolean": "BOOLEAN",
    "list": "VARCHAR[]",
}
LINEAGE_COLUMNS = {
    "row_valid_from": "DATE",
    "row_valid_to": "DATE",
    "batch_id": "VARCHAR",
    "source_file": "VARCHAR",
    "source_row": "INTEGER",
}
IDENTITY_FIELDS = ("loan_id", "borrower_id", "branch_id", "officer_id")


@dataclass(frozen=True)
class Field:
    """A column of a book table or a fact; `owner` is the table or the subject, `unit` yuan, months, days …"""

    owner: str
    name: str
    type: str
    unit: str
    codes: str
    zh: str
    en: str
    aliases: tuple[str, ...] = ()

    @property
    def sql_type(self) -> str:
        return DUCKDB_TYPES[self.type]

    @property
    def code_list(self) -> str | None:
        return self.codes.rstrip("?+") or None

    @property
    def is_open_list(self) -> bool:
        """Codes outside the list are kept as they are (a bank's own products), instead of being quarantined."""
        return self.codes.endswith(("?", "+"))


@dataclass(frozen=True)
class Table:
    """`absent`: a row that a newer file leaves out `ends`, or `stays`; `corrects`: it ends if both speak of one day."""

    name: str
    key: tuple[str, ...]
    key_from: tuple[str, ...]
    zh: str
    en: str
    when_missing: str


@dataclass(frozen=True)
class Code:
    code: str
    rank: int
    zh: str
    en: str
    attr: str
    aliases: tuple[str, ...]


@dataclass(frozen=True)
class Subject:
    """`key`: the fact by which the rows of other subjects belong to one of these."""

    name: str
    id: str
    key: str
    tables: tuple[str, ...]
    zh: str
    en: str


def _split_cell(cell: str) -> tuple[str, ...]:
    return tuple(part for part in cell.split("|") if part)


@cache
def load_tables() -> dict[str, Table]:
    return {
        r["table"]: Table(
            r["table"], _split_cell(r["key"]), _split_cell(r["key_from"]), r["zh"], r["en"], r["absent"] or "stays"
        )
        for r in read_rows("tables.csv")
    }


@cache
def fields_of_table(table: str) -> dict[str, Field]:
    """The fields of one book table, in order."""
    return {
        r["field"]: Field(
            table, r["field"], r["type"], r["unit"], r["codes"], r["zh"], r["en"], _split_cell(r["aliases"])
        )
        for r in read_rows("fields.csv")
        if r["table"] == table
    }


def codes_of_list(code_list: str) -> dict[str, Code]:
    """The codes of a list: the shipped ones, and for an open list those of codes.csv in the bank's policy folder."""
    return _load_codes(_find_own_codes()).get(code_list, {})


def _find_own_codes() -> tuple[str, int] | None:
    """The bank's codes.csv with the time of its last change; None where there is no such file."""
    folder = os.environ.get("LOANLIGHT_TABLES")
    path = Path(folder) / CODES_FILE if folder else None
    return (str(path), path.stat().st_mtime_ns) if path and path.is_file() else None


@cache
def _load_codes(own: tuple[str, int] | None) -> dict[str, dict[str, Code]]:
    found: dict[str, dict[str, Code]] = {}
    for row in read_rows(CODES_FILE):
        found.setdefault(row["list"], {})[row["code"]] = _parse_code(row)
    for row in _read_own_codes(Path(own[0])) if own else ():
        found.setdefault(row["list"], {}).setdefault(row["code"], _parse_code(row))
    return found


def _read_own_codes(path: Path) -> list[dict[str, str]]:
    """The usable rows of a bank's codes: those of open lists; `python -m policy lint` reports the others."""
    with path.open(encoding="utf-8-sig", newline="", errors="replace") as file:
        rows = [{name: cell or "" for name, cell in row.items() if name} for row in csv.DictReader(file)]
    open_lists = find_open_lists()
    return [row for row in rows if row.get("list") in open_lists and row.get("rank", "").isdecimal()]


def _parse_code(row: dict[str, str]) -> Code:
    aliases = _split_cell(row.get("aliases", ""))
    return Code(row["code"], int(row["rank"]), row["zh"], row["en"], row.get("attr", ""), aliases)


@cache
def find_finer_lists() -> frozenset[str]:
    """Lists marked with a plus: their codes may be written finer by more digits (C13 as C1310)."""
    marked = {r["codes"] for name in ("fields.csv", "facts.csv") for r in read_rows(name) if r["codes"].endswith("+")}
    return frozenset(mark.rstrip("+") for mark in marked)


@cache
def find_open_lists() -> tuple[str, ...]:
    """Lists whose unknown codes are kept: those that every field and fact marks as open."""
    marks = [r["codes"] for name in ("fields.csv", "facts.csv") for r in read_rows(name) if r["codes"]]
    closed = {mark for mark in marks if not mark.endswith(("?", "+"))}
    return tuple(dict.fromkeys(mark.rstrip("?+") for mark in marks if mark.rstrip("?+") not in closed))


def has_code(code_list: str, code: str) -> bool:
    """Whether the list holds the code, or in a finer list one that it begins with."""
    known = codes_of_list(code_list)
    finer = code_list in find_finer_lists() and any(code[len(one) :].isdigit() for one in known if code.startswith(one))
    return code in known or finer


def list_code_rows() -> list[tuple[str, str, int, str, str, str]]:
    """(list, code, rank, zh, en, attr) of every code, the bank's own included."""
    lists = _load_codes(_find_own_codes())
    return [(name, c.code, c.rank, c.zh, c.en, c.attr) for name, codes in lists.items() for c in codes.values()]


@cache
def load_subjects() -> dict[str, Subject]:
    return {
        r["subject"]: Subject(r["subject"], r["id"], r["key"], _split_cell(r["tables"]), r["zh"], r["en"])
        for r in read_rows("subjects.csv")
    }


@cache
def facts_of_subject(subject: str) -> dict[str, Field]:
    """Every field a rule about this subject may read: its tables' own fields, the derived facts, and identity."""
    loans = fields_of_table("loans")
    found = {"as_of": Field(subject, "as_of", "date", "", "", "判定日", "As of")}
    found |= {name: loans[name] for name in IDENTITY_FIELDS}
    for table in load_subjects()[subject].tables:
        found |= fields_of_table(table)
    derived = [r for r in read_rows("facts.csv") if r["subject"] == subject]
    found |= {
        r["field"]: Field(subject, r["field"], r["type"], r["unit"], r["codes"], r["zh"], r["en"]) for r in derived
    }
    return found
