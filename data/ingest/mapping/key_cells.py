"""The cells of a row's key: which columns they are, and where they hold a word instead of a number."""

import re

import polars as pl

from data.ingest.mapping.mapping import SheetMapping
from data.ingest.parsing import file_vocabulary
from data.ingest.parsing.cell_parsing import ID_SUFFIXES

FEW = 1000
"""Rows that are looked at one by one whatever their share."""


def list_key_columns(mapping: SheetMapping) -> list[str]:
    group = file_vocabulary.load_required_fields(mapping.table)[0]
    own = [feed for feed in mapping.column_mappings if feed.table == mapping.table and feed.field in group]
    return [column for feed in own for column in feed.columns if column in mapping.headers]


def has_numbers_for_keys(mapping: SheetMapping) -> bool:
    """Whether the key is a number of something, and not a name."""
    return all(name.endswith(ID_SUFFIXES) for name in file_vocabulary.load_required_fields(mapping.table)[0])


def find_suspects(body: pl.DataFrame, mapping: SheetMapping) -> pl.Series:
    """Indexes of the rows that may not be records: no key, a word of total rows in it, or no digit."""
    keys = list_key_columns(mapping)
    if not keys:
        return pl.Series(dtype=pl.UInt32)
    found = body.select(
        lacks_key=pl.all_horizontal(_lacks_key(column, mapping.headers[column]) for column in keys),
        is_word=pl.all_horizontal(_is_word(column) for column in keys),
    )
    words = found["is_word"]
    if words.sum() <= max(FEW, len(body) // 10):
        return (found["lacks_key"] | words).arg_true()
    return found["lacks_key"].arg_true()


def _is_word(column: str) -> pl.Expr:
    return ~pl.col(column).fill_null("").str.contains(r"\d")


def _lacks_key(column: str, header: str) -> pl.Expr:
    marks = sorted(file_vocabulary.load_ignored_words("total") | file_vocabulary.load_ignored_words("sign"))
    spaced = "|".join(
        (*(r"[\s_]*".join(map(re.escape, word)) for word in marks), *file_vocabulary.load_row_patterns("total"))
    )
    cell = pl.col(column)
    return cell.is_null() | (cell.str.strip_chars() == "") | cell.str.contains(f"(?i){spaced}") | (cell == header)
