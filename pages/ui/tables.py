"""One way to show a table: columns named in the language, dates as dates, money with its digits."""

import polars as pl
import streamlit as st

from pages.ui.language import say

WIDTHS = {
    "severity": 90,
    "title": 290,
    "measured": 140,
    "limit_value": 150,
    "reason": 190,
    "kept_reason": 420,
    "field": 170,
    "finding": 330,
    "remedy": 320,
    "clause": 105,
    "sentence": 430,
    "row_name": 230,
    "needs": 260,
    "signals": 300,
    "clause_groups": 300,
}
AMOUNT = 140  # a table sizes a column by its first cells, and those may be blank
ROW = 35  # the height of a row on the screen, roughly
LAZY = 20_000  # rows from which the browser fetches them as it scrolls


def column(name: str, kind: str, label: str) -> object:
    """The configuration of one column; numbers stay numbers, so that a click on the header sorts them."""
    if kind == "date":
        return st.column_config.DateColumn(label, format="YYYY-MM-DD")
    if kind == "amount":
        return st.column_config.NumberColumn(label, format="%,.2f", width=AMOUNT)
    if kind == "share":
        return st.column_config.NumberColumn(label, format="%.2f%%")
    if kind == "rate":
        return st.column_config.NumberColumn(label, format="%,.1f")
    if kind == "count":
        return st.column_config.NumberColumn(label, format="%,d")
    return st.column_config.TextColumn(label, width=WIDTHS.get(name))


def _ready(frame: pl.DataFrame, kinds: dict[str, str]) -> pl.DataFrame:
    """Decimals as floats for the grid, shares as percent."""
    shares = [pl.col(name).cast(pl.Float64) * 100 for name, kind in kinds.items() if kind == "share"]
    amounts = [pl.col(name).cast(pl.Float64) for name, kind in kinds.items() if kind == "amount"]
    return frame.select(list(kinds)).with_columns(shares + amounts)


def show(frame: pl.DataFrame, kinds: dict[str, str], *, key: str | None = None, pick: bool = False,
         chosen: int | None = None, height: int | str = "auto") -> int | None:  # fmt: skip
    """A table of the columns in `kinds` (name → text, date, amount, share, rate, count); the row picked, if any."""
    configuration = {name: column(name, kind, say(f"col.{name}")) for name, kind in kinds.items()}
    options = {"hide_index": True, "column_config": configuration, "placeholder": "—", "height": height, "key": key}
    if not pick:
        st.dataframe(_ready(frame, kinds), lazy=frame.height > LAZY, **options)
        return None
    start = {"selection": {"rows": [chosen], "columns": [], "cells": []}} if chosen is not None else None
    state = st.dataframe(
        _ready(frame, kinds), on_select="rerun", selection_mode="single-row", selection_default=start, **options
    )
    return state.selection.rows[0] if state.selection.rows else None


def several(frame: pl.DataFrame, kinds: dict[str, str], *, key: str, height: int) -> list[int]:
    """A table, of its rows' height or this, of which any rows may be picked; their numbers."""
    configuration = {name: column(name, kind, say(f"col.{name}")) for name, kind in kinds.items()}
    state = st.dataframe(
        _ready(frame, kinds), hide_index=True, column_config=configuration, placeholder="—", key=key,
        height=height if frame.height > height // ROW else "content", on_select="rerun", selection_mode="multi-row",
    )  # fmt: skip
    return state.selection.rows
