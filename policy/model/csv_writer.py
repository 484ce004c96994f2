"""CSV for spreadsheets: UTF-8 with a mark, and no cell that a spreadsheet would run as a formula."""

from pathlib import Path

import polars as pl

from data.errors import InputError
from data.messages.catalogue import bilingual
from data.storage import formula_escaping


def write_csv(path: Path, frame: pl.DataFrame) -> None:
    """Texts that begin like a formula get an apostrophe before them; numbers stay numbers.

    Raises InputError when the file cannot be written.
    """
    try:
        formula_escaping.write_csv(frame, path)
    except OSError as error:
        raise InputError(bilingual("common.not_writable", path=path, why=error.strerror or error)) from error
