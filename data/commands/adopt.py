"""Take verdicts that were judged on a cluster into the book."""

import argparse
from dataclasses import asdict
from pathlib import Path

from data.commands import arguments as add
from data.errors import InputError
from data.ingest import adoption
from data.storage import book

ABOUT = "take the verdicts of a check on a cluster into the book, as a run like any other"


def arguments(command: argparse.ArgumentParser) -> None:
    command.add_argument("folder", type=Path, metavar="DIR", help="the --out of that check")
    add.book_arguments(command)


def run(options: argparse.Namespace) -> int:
    if not options.book.exists():
        raise InputError(f"No book at {options.book}. Give the --book whose facts were judged.")
    with book.open_for_writing(options.book) as con:
        found = adoption.adopt_run(con, options.folder)
    records = sum(found.subjects.values())
    text = (
        f"Run 检查批次 {found.run_id}: {found.violations:,} violations 违规 of {records:,} records, judged by "
        f"{found.engine_version}."
    )
    add.print_result(asdict(found), text, options.json)
    return 0
