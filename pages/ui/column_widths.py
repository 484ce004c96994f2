"""How wide a column must be so that nothing in it is cut: the grid itself measures only the first rows it draws."""

import polars as pl

NARROW, WIDE = 7.9, 14.2  # pixels of a Latin and of a Chinese letter in the grid's font
PADDING = 18
DATE = 98
LONGEST = 420  # of a text; more of it is read by opening its cell
WRITTEN = {"amount": "{:,.2f}", "whole": "{:,.0f}", "share": "{:.2f}%", "rate": "{:,.1f}", "count": "{:,.0f}",
           "number": "{:,.6g}"}  # fmt: skip


def needed(values: pl.Series, kind: str, label: str) -> int:
    """The pixels that the label and the longest value of the column take."""
    if kind == "date":
        longest = DATE
    elif kind in WRITTEN:
        longest = _pixels(pl.Series([WRITTEN[kind].format(value) for value in _ends(values)], dtype=pl.String))
    else:
        longest = min(_pixels(values.cast(pl.String)), LONGEST)
    return max(longest, _pixels(pl.Series([label])))


def _ends(values: pl.Series) -> list[float]:
    """The largest and the smallest are the longest to write: a sign is a letter too."""
    return [float(value) for value in (values.max(), values.min()) if value is not None]


def _pixels(text: pl.Series) -> int:
    """Of the longest; a Chinese letter takes three bytes, a Latin one takes one."""
    letters = text.str.len_chars()
    wide = (text.str.len_bytes() - letters) / 2
    return round((letters * NARROW + wide * (WIDE - NARROW)).max() or 0) + PADDING
