"""The message catalogue: every sentence of data and policy by its id, in English and Chinese.

The texts are rows of `texts/*.csv` (key, en, zh), one file a room. Values in braces are filled in by name, and may be
such sentences themselves; `{n:row|rows}` is the word that goes with n.
"""

import csv
import re
import string
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import polars as pl

TEXTS = Path(__file__).parent / "texts"
LANGUAGES = ("en", "zh")
TERM = "term."


class BilingualText(str):
    """A text in English that knows itself in Chinese (`zh`)."""

    zh: str

    def __new__(cls, english: str, chinese: str = "") -> "BilingualText":
        text = super().__new__(cls, english)
        text.zh = chinese or english
        return text


class _Plural(string.Formatter):
    """Fills a sentence; `{n:loan|loans}` is the word that goes with n, not n."""

    def format_field(self, value: object, spec: str) -> str:
        one, either, many = spec.partition("|")
        return (one if str(value) == "1" else many) if either else str(super().format_field(value, spec))


def read_catalogue(folder: Path) -> dict[str, dict[str, str]]:
    """The texts of every CSV file of a folder by key: {key: {"en": …, "zh": …}}. Raises ValueError for a key twice."""
    texts: dict[str, dict[str, str]] = {}
    for path in sorted(folder.glob("*.csv")):
        with path.open(encoding="utf-8", newline="") as file:
            for row in csv.DictReader(file):
                if row["key"] in texts:
                    raise ValueError(f"{path.name}: the key '{row['key']}' occurs twice in {folder}")
                texts[row["key"]] = {language: row[language] for language in LANGUAGES}
    return texts


@cache
def load_catalogue() -> dict[str, dict[str, str]]:
    """Every text of data and policy by key."""
    return read_catalogue(TEXTS)


def fill_text(text: str, values: Mapping[str, object]) -> str:
    """The text with its values in place of the names in braces."""
    return _Plural().vformat(text, (), values)


def to_chinese(value: object) -> object:
    """A sentence in Chinese; anything else, such as a name or a number, as it is."""
    return getattr(value, "zh", value)


def bilingual(key: str, /, **values: object) -> BilingualText:
    """The sentence of this key with its values, in both languages. Raises KeyError for a key without a row."""
    row = load_catalogue()[key]
    chinese = {name: to_chinese(value) for name, value in values.items()}
    return BilingualText(fill_text(row["en"], values), fill_text(row["zh"], chinese))


def term(text: str) -> BilingualText:
    """A word that occurs in a sentence, such as the kind of a value; one without a row stays as it is."""
    row = load_catalogue().get(TERM + re.sub(r"\W", "_", text))
    return BilingualText(row["en"], row["zh"]) if row else BilingualText(text)


Note = Mapping[str, Any]
"""A message of a batch report: its id, its text as en and zh, and what it is about."""


def import_note(key: str, /, **values: Any) -> dict[str, str]:
    """A message of a batch report: {"id": key, "en": …, "zh": …}."""
    row = load_catalogue()[key]
    chinese = {name: to_chinese(value) for name, value in values.items()}
    return {"id": key, "en": fill_text(row["en"], values), "zh": fill_text(row["zh"], chinese)}


def message_expression(key: str, language: str, columns: dict[str, pl.Expr]) -> pl.Expr:
    """The message as a text column; a null in a placeholder reads as nothing."""
    parts = re.split(r"\{(\w+)\}", load_catalogue()[key][language])
    exprs = [columns[part] if i % 2 else pl.lit(part) for i, part in enumerate(parts)]
    return pl.concat_str([expr.cast(pl.String).fill_null("") for expr in exprs])
