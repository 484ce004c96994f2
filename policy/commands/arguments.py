"""Arguments that several commands take."""

import argparse
from datetime import date
from pathlib import Path

from data.storage import book


def parse_day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"'{text}' is no date; write it as 2024-01-31") from error


def parse_day_count(text: str) -> int:
    if not text.isdecimal() or not 0 < int(text) <= 3660:
        raise argparse.ArgumentTypeError(f"'{text}' is no number of days; write 1 to 3660")
    return int(text)


def parse_count(text: str) -> int:
    if not text.isdecimal() or not 0 < int(text) <= 9999:
        raise argparse.ArgumentTypeError(f"'{text}' is no number; write 1 or more")
    return int(text)


def tables_option(command: argparse.ArgumentParser) -> None:
    command.add_argument("--tables", help="folder of policy tables (default: the shipped ones)")


def json_option(command: argparse.ArgumentParser) -> None:
    command.add_argument("--json", action="store_true", help="print one JSON object")


def as_of_option(command: argparse.ArgumentParser) -> None:
    command.add_argument("--as-of", type=parse_day, help="the day of judgement, a snapshot (default: the latest)")


def book_option(command: argparse.ArgumentParser) -> None:
    command.add_argument("--book", type=Path, default=book.default_path(), help="the book's file")


def today_option(command: argparse.ArgumentParser) -> None:
    command.add_argument("--today", action="store_true", help="judge old acts by the rules in force at --as-of")


def judging_options(command: argparse.ArgumentParser) -> None:
    """What every command takes that judges the records of a book."""
    for add in (tables_option, json_option, as_of_option, book_option, today_option):
        add(command)
