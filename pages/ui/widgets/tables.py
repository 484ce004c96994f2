"""The one way to show a table: columns named in the language, dates as dates, money with its digits, nothing cut.

Frames go to Streamlit as Arrow tables: any other kind it sends through pandas first, which takes as long again.
"""

from collections.abc import Mapping
from typing import Literal, TypedDict

import polars as pl
import streamlit as st
from streamlit.elements.arrow import DataframeStateInput
from streamlit.elements.lib.column_types import ColumnConfig

from pages.ui.i18n import numbers
from pages.ui.i18n.language import by_language, t
from pages.ui.widgets import column_widths

TableHeight = int | Literal["auto", "content", "stretch"]
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


class TableOptions(TypedDict):
    """What st.dataframe is told of every table."""

    hide_index: bool
    column_config: dict[str, ColumnConfig]
    placeholder: str
    height: TableHeight
    alt: str


def configure_column(kind: str, label: str, values: pl.Series) -> ColumnConfig:
    """The configuration of one column; numbers stay numbers, so that a click on the header sorts them."""
    width = column_widths.compute_width(values, kind, label)
    if kind == "date":
        return st.column_config.DateColumn(label, format="YYYY-MM-DD", width=width)
    if kind in FORMATS:
        return st.column_config.NumberColumn(label, format=FORMATS[kind], width=width)
    return st.column_config.TextColumn(label, width=width)


def build_alt_text(columns: Mapping[str, Mapping[str, object]]) -> str:
    """A table in words, for people who cannot see it: the names of its columns."""
    return t("table.alt", columns=by_language("、", ", ").join(str(config["label"]) for config in columns.values()))


def _prepare_frame(frame: pl.DataFrame, kinds: dict[str, str]) -> pl.DataFrame:
    """Decimals as floats for the grid, shares as percent."""
    shares = [pl.col(name).cast(pl.Float64) * 100 for name, kind in kinds.items() if kind == "share"]
    amounts = [pl.col(name).cast(pl.Float64) for name, kind in kinds.items() if kind in ("amount", "whole")]
    return frame.select(list(kinds)).with_columns(shares + amounts)


def _build_options(
    prepared: pl.DataFrame, kinds: dict[str, str], names: dict[str, str], height: TableHeight, blank: str
) -> TableOptions:
    """The options of every table; `height` is its largest in pixels, a table of fewer rows is as tall as they are."""
    columns = {
        name: configure_column(kind, names.get(name) or t(f"col.{name}"), prepared[name])
        for name, kind in kinds.items()
    }
    fits = isinstance(height, int) and prepared.height * ROW_HEIGHT + HEADER_HEIGHT <= height
    return {
        "hide_index": True,
        "column_config": columns,
        "placeholder": blank,
        "height": "content" if fits else height,
        "alt": build_alt_text(columns),
    }


def find_non_empty_columns(frame: pl.DataFrame, kinds: dict[str, str]) -> dict[str, str]:
    """The columns that have a value in any row: a sparse register would show little but dashes."""
    return {name: kind for name, kind in kinds.items() if not frame[name].is_null().all()}


def paginate_rows(rows: pl.DataFrame, key: str) -> pl.DataFrame:
    """The selected page of the rows; no selector is drawn where one page holds them all."""
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
    height: TableHeight = "auto",
    names: dict[str, str] | None = None,
    blank: str = numbers.NOTHING,
) -> int | None:
    """A table of the columns in `kinds` (name → text, date, or a kind of FORMATS); the number of the selected row.

    `names`: titles of columns without a text `col.*`. `blank`: how a cell without a value is shown.
    """
    ready = _prepare_frame(frame, kinds)
    options = _build_options(ready, kinds, names or {}, height, blank)
    if not selectable:
        lazy = frame.height > LAZY_FROM_ROWS
        st.dataframe(ready if lazy else ready.to_arrow(), lazy=lazy, key=key, **options)
        return None
    start: DataframeStateInput | None = None
    if selected_row is not None:
        start = {"selection": {"rows": [selected_row], "columns": [], "cells": []}}
    state = st.dataframe(
        ready.to_arrow(), key=key, on_select="rerun", selection_mode="single-row", selection_default=start, **options
    )
    return state.selection.rows[0] if state.selection.rows else None


def draw_multiselect_table(frame: pl.DataFrame, kinds: dict[str, str], *, key: str, height: int) -> list[int]:
    """A table of at most this height in pixels, in which several rows can be selected; their numbers."""
    ready = _prepare_frame(frame, kinds)
    state = st.dataframe(
        ready.to_arrow(),
        key=key,
        on_select="rerun",
        selection_mode="multi-row",
        **_build_options(ready, kinds, {}, height, numbers.NOTHING),
    )
    return list(state.selection.rows)
