"""Word lists of exported files: placeholders, units, words of total rows and ignorable headers."""

import re
import unicodedata
from dataclasses import dataclass
from decimal import Decimal
from functools import cache

import polars as pl

from data.table_files import read_rows

UNIMPORTANT = re.compile(r"[\s_:.,;()\[\]<>《》【】\u200b-\u200d\ufeff'\"]")
MARKS = re.compile(r"^[*★☆–—-]+|[*★☆–—-]+$")
"""The star of a column that must be filled, and dashes around a text."""


def normalise_text(text: str) -> str:
    """For comparing headers and labels: width, case, spaces, punctuation, and marks at the ends do not count."""
    return MARKS.sub("", UNIMPORTANT.sub("", unicodedata.normalize("NFKC", text))).casefold()


def normalise_column(texts: pl.Series) -> pl.Series:
    """As normalise_text, for a whole column."""
    plain = texts.str.normalize("NFKC").str.replace_all(UNIMPORTANT.pattern, "")
    return plain.str.replace_all(MARKS.pattern, "").str.to_lowercase()


@cache
def load_blanks(kind: str) -> tuple[str, ...]:
    """Cell texts that mean 'nothing' for a field kind ('id' or a dictionary type), upper case."""
    found = [
        r["value"] for r in read_rows("null_markers.csv") if r["kind"] == "blank" and _covers_kind(r["types"], kind)
    ]
    return tuple(value.upper() for value in found)


@cache
def load_blank_patterns(kind: str) -> tuple[str, ...]:
    return tuple(
        r["value"] for r in read_rows("null_markers.csv") if r["kind"] == "pattern" and _covers_kind(r["types"], kind)
    )


def _covers_kind(types: str, kind: str) -> bool:
    return types == "any" or kind in types.split("|")


@cache
def load_placeholder_dates() -> tuple[str, ...]:
    return tuple(r["value"] for r in read_rows("null_markers.csv") if r["kind"] == "date")


@dataclass(frozen=True)
class Unit:
    name: str
    type: str
    factor: Decimal
    zh: str
    en: str


@cache
def load_units(field_type: str) -> dict[str, Unit]:
    """Unit texts (NFKC) that a field type may carry, longest first."""
    found = {
        unicodedata.normalize("NFKC", r["unit"]): Unit(r["unit"], r["types"], Decimal(r["factor"]), r["zh"], r["en"])
        for r in read_rows("units.csv")
        if r["types"] == field_type
    }
    return dict(sorted(found.items(), key=lambda item: -len(item[0])))


@cache
def load_ignored_words(kind: str) -> frozenset[str]:
    """Plain words of kind total, sign, header or sheet."""
    return frozenset(normalise_text(r["text"]) for r in read_rows("non_data_rows.csv") if r["kind"] == kind)


@cache
def load_row_patterns(kind: str) -> tuple[str, ...]:
    """Patterns of whole cells that make a row a `total`, or of remarks on a line of their own (`line`)."""
    return tuple(r["text"] for r in read_rows("non_data_rows.csv") if r["kind"] == f"{kind} pattern")


@cache
def load_home_currency() -> str:
    return next(r["value"] for r in read_rows("quality_limits.csv") if r["limit"] == "home_currency")


@cache
def load_event_columns() -> dict[str, str]:
    """Plain header -> step code, for files with one date column a process step."""
    return {
        normalise_text(alias): r["step_code"]
        for r in read_rows("event_column_aliases.csv")
        for alias in r["aliases"].split("|")
    }


@cache
def load_required_fields(table: str) -> tuple[tuple[str, ...], ...]:
    """Groups of fields of which a row must fill at least one each."""
    return tuple(tuple(r["any_of"].split("|")) for r in read_rows("required_fields.csv") if r["table"] == table)


@cache
def load_open_ends(field: str) -> frozenset[str]:
    """Texts by which this field states that it has no end date."""
    return frozenset(
        r["value"] for r in read_rows("null_markers.csv") if r["kind"] == "open" and field in r["types"].split("|")
    )


@cache
def _load_settings() -> dict[str, str]:
    return {r["name"]: r["value"] for r in read_rows("parsing_defaults.csv")}


def read_setting(name: str) -> str:
    return _load_settings()[name]


def read_max_fraction(field: str) -> str:
    """The highest value up to which a column of this field is read as fractions instead of percent."""
    return _load_settings().get(f"fraction_highest_{field}", _load_settings()["fraction_highest"])
