"""One way to show a table: columns named in the language, dates as dates, money with its digits, nothing cut.

Frames go to Streamlit as Arrow tables: any other kind it sends through pandas first, which takes as long again.
"""

from collections.abc import Mapping

import polars as pl
import streamlit as st

from pages.ui.i18n import numbers
from pages.ui.i18n.language import by_language, t
from pages.ui.widgets import column_widths

ROW_HEIGHT, HEADER_HEIGHT = 35, 37  # pixels of the grid
SHORT_HEIGHT, TALL_HEIGHT = 370, 475  # the most that a table takes; half of the next row shows that it goes on
PAGE_SIZE = 500  # rows on screen at a time where there may be very many; the workbook has all
LAZY_FROM_ROWS = 20_000  # rows from which the browser fetches them as it scrolls
FORMATS = {
    "amount": "%,.2f",
    "whole": "%,.0f",
    "share": "%.2f%%",
    "rate": "%,.1f",
    "count": "%,d",
    "number": "localized",
}


def configure_column(kind: str, label: str, values: pl.Series) -> dict[str, object]:
    """The configuration of one column; numbers stay numbers, so that a click on the header sorts them."""
    width = column_widths.compute_width(values, kind, label)
    if kind == "date":
        return st.column_config.DateColumn(label, format="YYYY-MM-DD", width=width)
    if kind in FORMATS:
        return st.column_config.NumberColumn(label, format=FORMATS[kind], width=width)
    return st.column_config.TextColumn(label, width=width)


def build_alt_text(columns: Mapping[str, Mapping[str, object]]) -> str:
    """A table in words for who cannot see it: what its columns are."""
    return t("table.alt", columns=by_language("、", ", ").join(str(config["label"]) for config in columns.values()))


def _prepare_frame(frame: pl.DataFrame, kinds: dict[str, str]) -> pl.DataFrame:
    """Decimals as floats for the grid, shares as percent."""
    shares = [pl.col(name).cast(pl.Float64) * 100 for name, kind in kinds.items() if kind == "share"]
    amounts = [pl.col(name).cast(pl.Float64) for name, kind in kinds.items() if kind in ("amount", "whole")]
    return frame.select(list(kinds)).with_columns(shares + amounts)


def _build_options(
    prepared: pl.DataFrame, kinds: dict[str, str], names: dict[str, str], height: int | str
) -> dict[str, object]:
    """What every table has; `height` is the most it takes, a table of fewer rows is as tall as they are."""
    columns = {
        name: configure_column(kind, names.get(name) or t(f"col.{name}"), prepared[name])
        for name, kind in kinds.items()
    }
    fits = isinstance(height, int) and prepared.height * ROW_HEIGHT + HEADER_HEIGHT <= height
    return {
        "hide_index": True,
        "column_config": columns,
        "placeholder": numbers.NOTHING,
        "height": "content" if fits else height,
        "alt": build_alt_text(columns),
    }


def find_non_empty_columns(frame: pl.DataFrame, kinds: dict[str, str]) -> dict[str, str]:
    """The columns in which anything stands: of a thin register one would see little but dashes."""
    return {name: kind for name, kind in kinds.items() if not frame[name].is_null().all()}


def paginate_rows(rows: pl.DataFrame, key: str) -> pl.DataFrame:
    """The page of the rows that is chosen; no choice is drawn where one page has them all."""
    pages = -(-rows.height // PAGE_SIZE)
    number = st.pagination(pages, key=key) if pages > 1 else 1
    return rows.slice((number - 1) * PAGE_SIZE, PAGE_SIZE)


def draw_table(
    frame: pl.DataFrame,
    kinds: dict[str, str],
    *,
    key: str | None = None,
    selectable: bool = False,
    selected_row: int | None = None,
    height: int | str = "auto",
    names: dict[str, str] | None = None,
    blank: str = numbers.NOTHING,
) -> int | None:
    """A table of the columns in `kinds` (name → text, date, or a kind of FORMATS); the row picked, if any.

    `names`: what columns are called that the words do not know. `blank`: how a cell without a value is shown.
    """
    ready = _prepare_frame(frame, kinds)
    options = _build_options(ready, kinds, names or {}, height) | {"key": key, "placeholder": blank}
    if not selectable:
        lazy = frame.height > LAZY_FROM_ROWS
        st.dataframe(ready if lazy else ready.to_arrow(), lazy=lazy, **options)
        return None
    start = {"selection": {"rows": [selected_row], "columns": [], "cells": []}} if selected_row is not None else None
    options |= {"on_select": "rerun", "selection_mode": "single-row", "selection_default": start}
    state = st.dataframe(ready.to_arrow(), **options)
    return state.selection.rows[0] if state.selection.rows else None


def draw_multiselect_table(frame: pl.DataFrame, kinds: dict[str, str], *, key: str, height: int) -> list[int]:
    """A table, of its rows' height or this, of which any rows may be picked; their numbers."""
    ready = _prepare_frame(frame, kinds)
    state = st.dataframe(
        ready.to_arrow(),
        key=key,
        on_select="rerun",
        selection_mode="multi-row",
        **_build_options(ready, kinds, {}, height),
    )
    return state.selection.rows
