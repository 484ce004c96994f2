"""How wide a column must be so that nothing in it is cut: the grid itself measures only the first rows it draws."""

import polars as pl

LETTER, CAPITAL, DIGIT, WIDE = 7.7, 10.0, 9.0, 14.2  # pixels of a Latin and a Chinese letter in the grid's font
PADDING = 18
DATE = 98
LONGEST = 440  # of a text; more of it is read by opening its cell
# Of columns whose long texts push the rest aside, or are the point.
MOST = {"measured": 170, "limit_value": 170, "gist": 330, "clause_id": 150, "signals": 560}
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
    letters = text.str.len_chars()
    figures, capitals = text.str.count_matches(r"[0-9]"), text.str.count_matches(r"[A-Z]")
    wide = (text.str.len_bytes() - letters) / 2
    pixels = letters * LETTER + wide * (WIDE - LETTER) + figures * (DIGIT - LETTER) + capitals * (CAPITAL - LETTER)
    return round(pixels.max() or 0) + PADDING
