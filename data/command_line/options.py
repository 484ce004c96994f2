"""The options that several commands take, and what parses their values."""

import argparse
from datetime import date, datetime
from pathlib import Path

from data.messages.catalogue import bilingual

MAX_DAYS = 3660
MAX_COUNT = 9999


def parse_date(text: str) -> date:
    """A date written as 2024-01-31 or 20240131. Raises ArgumentTypeError for anything else."""
    form = "%Y%m%d" if text.isdigit() else "%Y-%m-%d"
    try:
        return datetime.strptime(text, form).date()
    except ValueError as error:
        raise argparse.ArgumentTypeError(bilingual("command_line.not_a_date", text=text)) from error


def parse_day_count(text: str) -> int:
    """A number of days from 1 to 3660. Raises ArgumentTypeError for anything else."""
    return _parse_positive(text, MAX_DAYS)


def parse_count(text: str) -> int:
    """A number from 1 to 9999. Raises ArgumentTypeError for anything else."""
    return _parse_positive(text, MAX_COUNT)


def _parse_positive(text: str, maximum: int) -> int:
    if not text.isdecimal() or not 0 < int(text) <= maximum:
        raise argparse.ArgumentTypeError(bilingual("command_line.not_a_count", text=text, maximum=maximum))
    return int(text)


def add_book_option(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--book",
        type=Path,
        metavar="PATH",
        help="the book's file (default: LOANLIGHT_BOOK, or book.duckdb)",
    )
    command.set_defaults(finds_book=True)


def add_json_option(command: argparse.ArgumentParser) -> None:
    command.add_argument("--json", action="store_true", help="print one JSON object")


def add_book_and_json_options(command: argparse.ArgumentParser) -> None:
    add_book_option(command)
    add_json_option(command)


def add_as_of_option(command: argparse.ArgumentParser, about: str = "the snapshot (default: the latest)") -> None:
    command.add_argument("--as-of", type=parse_date, metavar="DATE", help=about)


def add_log_option(command: argparse.ArgumentParser) -> None:
    """`--log-file` of the commands that run unattended; the runner writes their start and end to it."""
    command.add_argument(
        "--log-file", metavar="PATH", help="append one line an event to this file; - for standard error"
    )
