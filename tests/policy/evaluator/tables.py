"""The policy's CSV tables, read again with nothing but the csv module."""

import csv
import io
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from functools import cache
from pathlib import Path
from typing import Any

FOREVER = date(9999, 12, 31)
DECIMAL_PLACES = {"money": 2, "rate": 6, "number": 6, "integer": 0}


@cache
def read_rows(text: str) -> list[dict[str, str]]:
    found = csv.DictReader(io.StringIO(text))
    return [{k: v.strip() for k, v in row.items()} for row in found if any(row.values())]


def read_folder(path: Path) -> dict[str, str]:
    return {f.relative_to(path).as_posix(): f.read_text(encoding="utf-8-sig") for f in sorted(path.rglob("*.csv"))}


@dataclass(frozen=True)
class ValidityPeriod:
    """[start, end) of a row."""

    start: date
    end: date

    def contains(self, day: date | None) -> bool | None:
        return None if day is None else self.start <= day < self.end


def validity_period(row: dict[str, str]) -> ValidityPeriod:
    return ValidityPeriod(
        date.fromisoformat(row["effective_from"]),
        date.fromisoformat(row["effective_to"]) if row["effective_to"] else FOREVER,
    )


@dataclass
class LimitTable:
    """A limit table: its hit policy, key columns and limit columns by type, and rows."""

    hit_policy: str
    keys: dict[str, str]
    values: dict[str, str]
    rows: list[dict[str, str]]


def read_limit_tables(texts: dict[str, str]) -> dict[str, LimitTable]:
    found: dict[str, LimitTable] = {}
    for row in read_rows(texts["limit_columns.csv"]):
        name = row["table"]
        if name not in found:
            found[name] = LimitTable(row["hit_policy"], {}, {}, read_rows(texts[f"limits/{name}.csv"]))
        (found[name].keys if row["role"] == "key" else found[name].values)[row["column"]] = row["type"]
    return found


def parse_limit(text: str, kind: str) -> Any:
    if not text:
        return None
    if kind in DECIMAL_PLACES:
        return Decimal(text).quantize(Decimal(1).scaleb(-DECIMAL_PLACES[kind]), ROUND_HALF_UP)
    if kind == "date":
        return date.fromisoformat(text)
    return {"true": True, "false": False}[text] if kind == "boolean" else text


def read_rules(texts: dict[str, str], subject: str) -> dict[str, list[dict[str, str]]]:
    """The versions of each rule about a subject."""
    found: dict[str, list[dict[str, str]]] = {}
    for name in sorted(texts):
        if name.startswith("rules/"):
            for row in read_rows(texts[name]):
                if row["subject"] == subject:
                    found.setdefault(row["rule_id"], []).append(row)
    return found
