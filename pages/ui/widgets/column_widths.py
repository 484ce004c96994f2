"""How wide a column must be so that nothing in it is cut: the grid itself measures only the first rows it draws."""

from decimal import Decimal

import polars as pl

LETTER_WIDTH, CAPITAL_WIDTH, DIGIT_WIDTH, WIDE_LETTER_WIDTH = 7.7, 10.0, 9.0, 14.2  # pixels in the grid's font
FIRST_WIDE_LETTER = "\u2e80"  # where the wide letters begin
MAX_MEASURED_TEXTS = 20  # texts measured letter by letter
PADDING = 18
DATE_WIDTH = 98
MAX_TEXT_WIDTH = 440  # of a text; more of it is read by opening its cell
# Of columns whose long texts push the rest aside, or are the point.
MAX_COLUMN_WIDTHS = {"measured": 170, "limit_value": 170, "gist": 330, "clause_id": 150, "signals": 560}
NUMBER_FORMATS = {
    "amount": "{:,.2f}",
    "whole": "{:,.0f}",
    "share": "{:.2f}%",
    "rate": "{:,.1f}",
    "count": "{:,.0f}",
    "number": "{:,.6g}",
}


def compute_width(values: pl.Series, kind: str, label: str) -> int:
    """The pixels that the label and the longest value of the column take."""
    if kind == "date":
        longest = DATE_WIDTH
    elif kind in NUMBER_FORMATS:
        longest = max(
            (_measure_text(NUMBER_FORMATS[kind].format(value)) for value in _find_extremes(values)), default=0
        )
    else:
        longest = min(
            max(map(_measure_text, _find_longest_texts(values.cast(pl.String))), default=0),
            MAX_COLUMN_WIDTHS.get(values.name, MAX_TEXT_WIDTH),
        )
    return max(longest, _measure_text(label))


def _find_extremes(values: pl.Series) -> list[float]:
    """The largest and the smallest are the longest to write: a sign is a letter too."""
    return [float(value) for value in (values.max(), values.min()) if isinstance(value, int | float | Decimal)]


def _find_longest_texts(texts: pl.Series) -> list[str]:
    """Those in question for the longest, by their letters alone; a Chinese one takes three bytes."""
    wide = (texts.str.len_bytes() - texts.str.len_chars()) // 2
    order = (texts.str.len_chars() + wide).arg_sort(descending=True, nulls_last=True)
    return texts.gather(order.head(MAX_MEASURED_TEXTS)).drop_nulls().to_list()


def _measure_text(text: str) -> int:
    return round(sum(map(_measure_letter, text))) + PADDING


def _measure_letter(letter: str) -> float:
    if letter.isascii():
        return DIGIT_WIDTH if letter.isdigit() else CAPITAL_WIDTH if letter.isupper() else LETTER_WIDTH
    return WIDE_LETTER_WIDTH if letter >= FIRST_WIDE_LETTER else LETTER_WIDTH
