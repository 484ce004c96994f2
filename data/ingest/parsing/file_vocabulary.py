"""Word lists of exported files: placeholders, units, words of total rows and ignorable headers."""

import csv
import re
import unicodedata
from dataclasses import dataclass
from decimal import Decimal
from functools import cache

import polars as pl

from data.dictionary import TABLES


def rows(table: str) -> list[dict[str, str]]:
    with (TABLES / table).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


UNIMPORTANT = re.compile(r"[\s_:.,;()\[\]<>《》【】\u200b-\u200d\ufeff'\"]")


def plain(text: str) -> str:
    """For comparing headers and labels: width, case, spaces and punctuation do not count."""
    return UNIMPORTANT.sub("", unicodedata.normalize("NFKC", text)).casefold()


def plain_column(texts: pl.Series) -> pl.Series:
    """plain, for whole columns."""
    return texts.str.normalize("NFKC").str.replace_all(UNIMPORTANT.pattern, "").str.to_lowercase()


@cache
def blanks(kind: str) -> tuple[str, ...]:
    """Cell texts that mean 'nothing' for a field kind ('id' or a dictionary type), upper case."""
    found = [r["value"] for r in rows("sentinels.csv") if r["kind"] == "blank" and _covers(r["types"], kind)]
    return tuple(value.upper() for value in found)


@cache
def blank_patterns(kind: str) -> tuple[str, ...]:
    return tuple(r["value"] for r in rows("sentinels.csv") if r["kind"] == "pattern" and _covers(r["types"], kind))


def _covers(types: str, kind: str) -> bool:
    return types == "any" or kind in types.split("|")


@cache
def placeholder_dates() -> tuple[str, ...]:
    return tuple(r["value"] for r in rows("sentinels.csv") if r["kind"] == "date")


@dataclass(frozen=True)
class Unit:
    name: str
    type: str
    factor: Decimal


@cache
def units(field_type: str) -> dict[str, Unit]:
    """Unit texts (NFKC) that a field type may carry, longest first."""
    found = {
        unicodedata.normalize("NFKC", r["unit"]): Unit(r["unit"], r["types"], Decimal(r["factor"]))
        for r in rows("units.csv")
        if r["types"] == field_type
    }
    return dict(sorted(found.items(), key=lambda item: -len(item[0])))


@cache
def ignored(kind: str) -> frozenset[str]:
    """Plain words of kind total, sign or header."""
    return frozenset(plain(r["text"]) for r in rows("ignored.csv") if r["kind"] == kind)


@cache
def patterns(kind: str) -> tuple[str, ...]:
    """Patterns of whole cells that make a row a `total`, or of lines that stand by themselves (`line`)."""
    return tuple(r["text"] for r in rows("ignored.csv") if r["kind"] == f"{kind} pattern")


@cache
def home_currency() -> str:
    return next(r["value"] for r in rows("quality_limits.csv") if r["limit"] == "home_currency")


@cache
def wide_steps() -> dict[str, str]:
    """Plain header -> step code, for files with one date column a process step."""
    return {plain(alias): r["step_code"] for r in rows("wide_events.csv") for alias in r["aliases"].split("|")}


@cache
def required(table: str) -> tuple[tuple[str, ...], ...]:
    """Groups of fields of which a row must fill at least one each."""
    return tuple(tuple(r["any_of"].split("|")) for r in rows("required.csv") if r["table"] == table)


@cache
def open_ends(field: str) -> frozenset[str]:
    """Texts by which this field says that it has no end."""
    return frozenset(
        r["value"] for r in rows("sentinels.csv") if r["kind"] == "open" and field in r["types"].split("|")
    )


@cache
def _settings() -> dict[str, str]:
    return {r["name"]: r["value"] for r in rows("reading.csv")}


def setting(name: str) -> str:
    return _settings()[name]


def fraction_highest(field: str) -> str:
    """The highest value up to which a column of this field is read as fractions instead of percent."""
    return _settings().get(f"fraction_highest_{field}", _settings()["fraction_highest"])
