"""Take verdicts that were judged on a cluster into the book, alone: policy adopt adds metrics and lifecycle."""

import argparse
from dataclasses import asdict
from pathlib import Path

from data.command_line import event_log, options, output
from data.errors import InputError
from data.ingest import adoption
from data.messages.catalogue import bilingual
from data.storage import book

ABOUT = (
    "take the verdicts of a check on a cluster into the book, without metrics and lifecycle (python -m policy adopt)"
)


def add_arguments(command: argparse.ArgumentParser) -> None:
    command.add_argument("folder", type=Path, metavar="DIR", help="the --out of that check")
    options.add_book_and_json_options(command)
    options.add_log_option(command)


def run(arguments: argparse.Namespace) -> int:
    if not arguments.book.exists():
        raise InputError(bilingual("commands.no_book_to_adopt", book=arguments.book))
    watch = event_log.Stopwatch()
    with book.open_for_writing(arguments.book) as con:
        found = adoption.adopt_run(con, arguments.folder)
    records = sum(found.subjects.values())
    event_log.record_event(
        "adopt",
        run=found.run_id,
        as_of=found.as_of,
        rows=records,
        violations=found.violations,
        seconds=watch.seconds,
        outcome="adopted",
    )
    text = (
        f"Run 检查批次 {found.run_id}: {found.violations:,} violations 违规 of {records:,} records, judged by "
        f"{found.engine_version}."
    )
    output.print_result(asdict(found), text, as_json=arguments.json)
    return 0
