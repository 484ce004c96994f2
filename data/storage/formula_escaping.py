"""Text that spreadsheets must not take for a formula: the one way out for every CSV and XLSX.

A cell whose text begins with = + - @ TAB or CR gets an apostrophe before it. Numbers and dates stay what they are.
"""

import re
from pathlib import Path

import polars as pl

from data.storage import private_files

FORMULA_START = r"^[=+\-@\t\r]"
XLSXWRITER_OPTIONS = {
    "in_memory": True,
    "strings_to_formulas": False,
    "strings_to_urls": False,
    "strings_to_numbers": False,
}
"""Options of xlsxwriter by which text is written as text, never as a formula, a link or a number."""


def escape_text(cell: str) -> str:
    return f"'{cell}" if re.match(FORMULA_START, cell) else cell


def escape_frame(rows: pl.DataFrame) -> pl.DataFrame:
    """The same rows with every text cell inert, and every header too."""
    safe = rows.with_columns(_escape_column(name) for name, kind in rows.schema.items() if kind == pl.String)
    return safe.rename(escape_text)


def _escape_column(name: str) -> pl.Expr:
    column = pl.col(name)
    return (
        pl.when(column.str.contains(FORMULA_START))
        .then(pl.concat_str(pl.lit("'"), column))
        .otherwise(column)
        .alias(name)
    )


def render_csv(rows: pl.DataFrame) -> bytes:
    """CSV in UTF-8 with a byte-order mark, which is what Excel and WPS need to read Chinese."""
    return encode_csv(escape_frame(rows).write_csv())


def encode_csv(text: str) -> bytes:
    """A CSV as bytes, with the mark; a table of the policy, whose cells must stay as they are."""
    return text.encode("utf-8-sig")


def write_csv(rows: pl.DataFrame, path: Path) -> None:
    """Writes the rows in place of what stood at `path`; after an error that stays."""
    private_files.write_output(path, render_csv(rows))
