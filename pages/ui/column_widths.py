"""How wide a column must be so that nothing in it is cut: the grid itself measures only the first rows it draws."""

import polars as pl

LETTER, DIGIT, WIDE = 7.7, 9.0, 14.2  # pixels of a Latin letter, a figure and a Chinese letter in the grid's font
PADDING = 18
DATE = 98
LONGEST = 440  # of a text; more of it is read by opening its cell
MOST = {"measured": 170, "limit_value": 170, "signals": 560}  # where long ones push the rest aside, or are the point
WRITTEN = {"amount": "{:,.2f}", "whole": "{:,.0f}", "share": "{:.2f}%", "rate": "{:,.1f}", "count": "{:,.0f}",
           "number": "{:,.6g}"}  # fmt: skip


def needed(values: pl.Series, kind: str, label: str) -> int:
    """The pixels that the label and the longest value of the column take."""
    if kind == "date":
        longest = DATE
    elif kind in WRITTEN:
        longest = _pixels(pl.Series([WRITTEN[kind].format(value) for value in _ends(values)], dtype=pl.String))
    else:
        longest = min(_pixels(values.cast(pl.String)), MOST.get(values.name, LONGEST))
    return max(longest, _pixels(pl.Series([label])))


def _ends(values: pl.Series) -> list[float]:
    """The largest and the smallest are the longest to write: a sign is a letter too."""
    return [float(value) for value in (values.max(), values.min()) if value is not None]


def _pixels(text: pl.Series) -> int:
    """Of the longest; a Chinese letter takes three bytes, a Latin one takes one."""
    letters, figures = text.str.len_chars(), text.str.count_matches(r"[0-9]")
    wide = (text.str.len_bytes() - letters) / 2
    pixels = letters * LETTER + wide * (WIDE - LETTER) + figures * (DIGIT - LETTER)
    return round(pixels.max() or 0) + PADDING
