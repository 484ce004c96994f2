"""Lookups of a profile: the columns of another file, joined by a key of one column or several."""

import polars as pl

from data.errors import InputError
from data.ingest.files.sheet_cells import select_filled_rows
from data.ingest.profiles.profile_model import Lookup
from data.ingest.profiles.profile_recognition import RecognisedFile, require_column
from data.messages.catalogue import bilingual

KEY = "_key"
Join = tuple[tuple[str, ...], pl.DataFrame]
"""The columns to match, and the frame whose keys they match."""


def list_key_names(columns: tuple[str, ...]) -> list[str]:
    """The names of the keys of a lookup frame."""
    return [f"{KEY}{i}" for i in range(len(columns))]


def join_lookup(rows: pl.DataFrame, columns: tuple[str, ...], other: pl.DataFrame) -> pl.DataFrame:
    """The rows with the columns of the other frame; an empty key meets nothing."""
    keys = list_key_names(columns)
    matched = rows.with_columns(
        pl.col(column).str.strip_chars().alias(key) for column, key in zip(columns, keys, strict=True)
    )
    return matched.join(other, on=keys, how="left", maintain_order="left").drop(keys)


def select_data_rows(entry: RecognisedFile) -> pl.DataFrame:
    return select_filled_rows(entry.sheet.cells, entry.row, list(entry.headers))


def resolve_row_filters(entry: RecognisedFile) -> dict[str, list[str]]:
    """Column of the sheet -> the texts of which its rows must hold one."""
    return {
        require_column(entry.sheet.name, name, entry.index_columns()): texts
        for name, texts in entry.spec.row_filters.items()
    }


def build_lookup_frame(lookup: Lookup, other: RecognisedFile) -> pl.DataFrame:
    """The keys and the other file's columns as name.header. Raises InputError when a key occurs twice."""
    keep = resolve_row_filters(other)
    rows = select_data_rows(other).filter(
        pl.all_horizontal(pl.lit(True), *(pl.col(column).is_in(texts) for column, texts in keep.items()))
    )
    found = [require_column(other.sheet.name, name, other.index_columns()) for name in lookup.key]
    keys = list_key_names(lookup.key)
    named = rows.select(
        *(pl.col(column).str.strip_chars().alias(key) for column, key in zip(found, keys, strict=True)),
        *(pl.col(column).alias(f"{lookup.name}.{header}") for column, header in other.headers.items()),
    ).filter(pl.all_horizontal(pl.col(keys).is_not_null()))
    twice = named.filter(pl.struct(keys).is_duplicated())
    if len(twice):
        value = " + ".join(str(part) for part in twice.select(keys).row(0))
        key = " + ".join(lookup.key)
        raise InputError(bilingual("mapping.lookup_key_not_unique", name=other.sheet.name, key=key, value=value))
    return named
