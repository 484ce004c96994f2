"""How wide a column must be so that nothing in it is cut: the grid itself measures only the first rows it draws."""

import polars as pl

LETTER, CAPITAL, DIGIT, WIDE = 7.7, 10.0, 9.0, 14.2  # pixels in the grid's font
CHINESE = "\u2e80"  # where the wide letters begin
CLOSE = 20  # texts measured letter by letter
PADDING = 18
DATE = 98
LONGEST = 440  # of a text; more of it is read by opening its cell
# Of columns whose long texts push the rest aside, or are the point.
MOST = {"measured": 170, "limit_value": 170, "gist": 330, "clause_id": 150, "signals": 560}
WRITTEN = {
    "amount": "{:,.2f}",
    "whole": "{:,.0f}",
    "share": "{:.2f}%",
    "rate": "{:,.1f}",
    "count": "{:,.0f}",
    "number": "{:,.6g}",
}


def needed(values: pl.Series, kind: str, label: str) -> int:
    """The pixels that the label and the longest value of the column take."""
    if kind == "date":
        longest = DATE
    elif kind in WRITTEN:
        longest = max((_pixels(WRITTEN[kind].format(value)) for value in _ends(values)), default=0)
    else:
        longest = min(max(map(_pixels, _longest(values.cast(pl.String))), default=0), MOST.get(values.name, LONGEST))
    return max(longest, _pixels(label))


def _ends(values: pl.Series) -> list[float]:
    """The largest and the smallest are the longest to write: a sign is a letter too."""
    return [float(value) for value in (values.max(), values.min()) if value is not None]


def _longest(texts: pl.Series) -> list[str]:
    """Those in question for the longest, by their letters alone; a Chinese one takes three bytes."""
    wide = (texts.str.len_bytes() - texts.str.len_chars()) // 2
    order = (texts.str.len_chars() + wide).arg_sort(descending=True, nulls_last=True)
    return texts.gather(order.head(CLOSE)).drop_nulls().to_list()


def _pixels(text: str) -> int:
    return round(sum(map(_letter, text))) + PADDING


def _letter(letter: str) -> float:
    if letter.isascii():
        return DIGIT if letter.isdigit() else CAPITAL if letter.isupper() else LETTER
    return WIDE if letter >= CHINESE else LETTER
