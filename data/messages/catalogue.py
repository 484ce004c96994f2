"""Texts for the user, English and Chinese, kept in a table; placeholders are filled by values or by columns."""

import csv
import re
from functools import cache
from string import Formatter
from typing import Any

import polars as pl

from data.dictionary import TABLES

LANGUAGES = ("en", "zh")


@cache
def _texts() -> dict[str, dict[str, str]]:
    with (TABLES / "messages.csv").open(encoding="utf-8", newline="") as file:
        return {row["id"]: row for row in csv.DictReader(file)}


def note(message: str, **values: Any) -> dict[str, str]:
    """One message in both languages: {"id", "en", "zh"}."""
    return {"id": message} | {lang: Formatter().vformat(_texts()[message][lang], (), values) for lang in LANGUAGES}


def expression(message: str, language: str, columns: dict[str, pl.Expr]) -> pl.Expr:
    """The message as a text column; a null in a placeholder reads as nothing."""
    parts = re.split(r"\{(\w+)\}", _texts()[message][language])
    exprs = [columns[part] if i % 2 else pl.lit(part) for i, part in enumerate(parts)]
    return pl.concat_str([expr.cast(pl.String).fill_null("") for expr in exprs])
