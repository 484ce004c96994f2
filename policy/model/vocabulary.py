"""The words that rules may use: stages, families, units, grades of evidence and severities with their labels.

Rows of vocabulary.csv. A folder's own rows are added to the shipped ones, and a row of the same code replaces it.
"""

import csv
import io
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from policy.model.table_folder import SHIPPED_TABLES

TABLE = "vocabulary.csv"
RANK_DIGITS = 9
LISTS = ("severity", "stage", "family", "unit", "evidence")


@dataclass(frozen=True)
class Word:
    """`rank`: the place in its list, the most severe or the earliest first. A unit without a label is not written."""

    code: str
    zh: str
    en: str
    rank: int


Vocabulary = Mapping[str, Mapping[str, Word]]


def parse_vocabulary(text: str = "") -> Vocabulary:
    """List → code → word, in the order of the ranks. `text`: a folder's own table, added to the shipped one."""
    return _parse_text(text)


@cache
def _parse_text(text: str) -> Vocabulary:
    words: dict[str, dict[str, Word]] = {name: {} for name in LISTS}
    for row in (*_parse_rows(_read_shipped_text()), *_parse_rows(text)):
        if row.get("list") in words and is_rank(row.get("rank") or ""):
            words[row["list"]][row["code"]] = Word(row["code"], row["zh"], row["en"], int(row["rank"]))
    return {name: dict(sorted(found.items(), key=lambda pair: pair[1].rank)) for name, found in words.items()}


def is_rank(cell: str) -> bool:
    """Whether a cell is a place in a list."""
    return cell.isdecimal() and len(cell) <= RANK_DIGITS


@cache
def _read_shipped_text() -> str:
    return (SHIPPED_TABLES / TABLE).read_text(encoding="utf-8-sig")


def _parse_rows(text: str) -> list[dict[str, str]]:
    """The rows with a cell for each of the table's columns; lint reports the others."""
    rows = csv.DictReader(io.StringIO(text))
    return [{name: cell.strip() for name, cell in row.items()} for row in rows if None not in (*row, *row.values())]
