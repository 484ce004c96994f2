"""Arguments that several commands take, and how they print."""

import argparse
import json
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb

from data.errors import BookError
from data.facts import derivation
from data.storage import book


def parse_date(text: str) -> date:
    """A date as 2024-01-31 or 20240131."""
    form = "%Y%m%d" if text.isdigit() else "%Y-%m-%d"
    try:
        return datetime.strptime(text, form).date()
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"'{text}' is not a date; write 2024-01-31") from error


def book_arguments(command: argparse.ArgumentParser) -> None:
    command.add_argument("--book", type=Path, default=book.default_path(), metavar="PATH")
    command.add_argument("--json", action="store_true", help="print one JSON object")


def resolve_snapshot(cursor: duckdb.DuckDBPyConnection, as_of: date | None) -> date:
    """The snapshot asked for, or the latest. Raises BookError when the book has none for it."""
    days = derivation.list_as_of_dates(cursor)
    if as_of is None and days:
        return days[-1]
    if as_of in days:
        return as_of
    known = ", ".join(str(found) for found in days) or "none"
    raise BookError(f"The book has no snapshot{'' if as_of is None else f' of {as_of}'}. Snapshots: {known}.")


def print_result(content: object, text: str, as_json: bool) -> None:
    print(json.dumps(content, ensure_ascii=False, default=str) if as_json else text)


def decimals_to_floats(value: Any) -> Any:
    """The same, with decimals as numbers, for JSON."""
    if isinstance(value, dict):
        return {name: decimals_to_floats(part) for name, part in value.items()}
    if isinstance(value, list):
        return [decimals_to_floats(part) for part in value]
    return float(value) if isinstance(value, Decimal) else value
