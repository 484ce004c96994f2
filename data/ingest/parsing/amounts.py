"""Amounts, rates and numbers as files write them: separators, currency signs, units, brackets, exponents."""

from dataclasses import dataclass
from decimal import Decimal

import polars as pl

from data.ingest.parsing import file_vocabulary, rate_units

AROUND = "#"
EXACT = pl.Decimal(38, 10)
PLAIN = r"^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$"
NEGATIVE = r"^(?:\(([^()-]*)\)|(\d[\d,]*\.\d+)-)$"
"""(1,000.00) and 1,000.00-, as ledgers write negative amounts."""
GROUPED = r"^[+-]?\d{1,3}(,\d{3})+(\.\d*)?$"


@dataclass(frozen=True)
class ParsedAmounts:
    """Decimals with ten places, null where the text is not one; `own_unit` marks cells with a unit of their own."""

    values: pl.Series
    own_unit: pl.Series | None


def parse(cells: pl.Series, field_type: str, factor: Decimal, period: str = "") -> ParsedAmounts:
    """Amounts in the field's unit (yuan, percent); `factor` is the column's unit in it, `period` that of its rates."""
    values = cells.cast(EXACT, strict=False)
    if factor != 1:
        values = _multiply_exact(values, pl.repeat(factor, len(values), dtype=EXACT, eager=True))
    left = (values.is_null() & cells.is_not_null()).arg_true()
    if not len(left):
        return ParsedAmounts(values, None)
    frame = _parse_irregular(cells.gather(left), field_type, factor, period)
    has_own = frame["value"].is_not_null() & (frame["factor"] != factor)
    own = pl.repeat(False, len(cells), dtype=pl.Boolean, eager=True).scatter(left, has_own) if has_own.any() else None
    return ParsedAmounts(values.scatter(left, frame["value"]), own)


def _multiply_exact(values: pl.Series, factors: pl.Series) -> pl.Series:
    """Product, null where it does not fit."""
    fits = values.abs() < Decimal(10) ** 18
    return pl.select(pl.when(fits).then(values) * factors).to_series().cast(EXACT)


def _parse_irregular(cells: pl.Series, field_type: str, factor: Decimal, period: str) -> pl.DataFrame:
    """Columns value, and factor: the unit of the cell, or else of the column."""
    frame = cells.str.normalize("NFKC").str.strip_prefix("'").str.replace_all(r"\s", "").rename("text").to_frame()
    frame = frame.with_columns(negative=pl.col("text").str.contains(NEGATIVE), factor=pl.lit(None, EXACT))
    frame = frame.with_columns(text=pl.col("text").str.replace(NEGATIVE, "$1$2"))
    for name, unit_factor in _load_units(field_type, period).items():
        frame = _strip_unit(frame, name, unit_factor)
    grouped = pl.col("text").str.contains(GROUPED)
    number = pl.when(grouped).then(pl.col("text").str.replace_all(",", "", literal=True)).otherwise(pl.col("text"))
    frame = frame.with_columns(text=number).with_columns(
        value=pl.when(pl.col("text").str.contains(PLAIN)).then(pl.col("text")).cast(EXACT, strict=False)
    )
    value = pl.when(pl.col("negative")).then(-pl.col("value")).otherwise(pl.col("value"))
    frame = frame.with_columns(value=value, factor=pl.col("factor").fill_null(pl.lit(factor, EXACT)))
    return frame.with_columns(value=_multiply_exact(frame["value"], frame["factor"]))


def _load_units(field_type: str, period: str) -> dict[str, Decimal]:
    if field_type == "rate":
        return rate_units.load_units(period)
    return {name: unit.factor for name, unit in file_vocabulary.load_units(field_type).items()}


def _strip_unit(frame: pl.DataFrame, name: str, factor: Decimal) -> pl.DataFrame:
    """Strip a unit before or after the number, and remember its factor; a cell's own unit beats the column's.

    A unit written 月利率#% surrounds the number.
    """
    text = pl.col("text")
    before, around, after = name.partition(AROUND)
    if around:
        has = text.str.starts_with(before) & text.str.ends_with(after)
        bare = text.str.strip_prefix(before).str.strip_suffix(after).str.strip_chars(":")
    else:
        has = text.str.ends_with(name) | text.str.starts_with(name)
        bare = text.str.strip_suffix(name).str.strip_prefix(name)
    scale = pl.when(has & (pl.col("factor").is_null() | (factor != 1))).then(pl.lit(factor, EXACT))
    return frame.with_columns(text=pl.when(has).then(bare).otherwise(text), factor=scale.otherwise(pl.col("factor")))
