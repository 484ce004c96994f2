"""Load exported files into the book."""

import argparse
import sys
from pathlib import Path

from data.command_line import event_log, options, output
from data.errors import UsageError
from data.history import supersession
from data.ingest import pipeline, snapshot_series
from data.ingest.questions import open_questions
from data.ingest.report import ImportReport
from data.messages.catalogue import bilingual

ABOUT = "load exported files into the book"


def add_arguments(command: argparse.ArgumentParser) -> None:
    command.add_argument("files", nargs="+", type=Path, metavar="FILE")
    command.add_argument(
        "--as-of",
        type=options.parse_date,
        metavar="DATE",
        help="the snapshot date of the files; not needed with a profile that finds many days in a file (many_days)",
    )
    command.add_argument("--profile", metavar="NAME", help="a mapping for files with their own headers")
    scope = command.add_mutually_exclusive_group()
    scope.add_argument(
        "--partial",
        dest="scope",
        action="store_const",
        const=supersession.PARTIAL,
        help="the files contain only some of the rows: rows that they leave out stay valid",
    )
    scope.add_argument(
        "--whole",
        dest="scope",
        action="store_const",
        const=supersession.WHOLE,
        help="the files contain everything: rows that they leave out end, in every branch",
    )
    command.add_argument(
        "--assume",
        action="append",
        default=[],
        metavar="QUESTION=ANSWER",
        help="the answer to a question that the files leave open; without it the import asks and loads nothing",
    )
    options.add_book_and_json_options(command)
    options.add_log_option(command)


def run(arguments: argparse.Namespace) -> int:
    if snapshot_series.holds_many_days(arguments.profile):
        return _import_series(arguments)
    if arguments.as_of is None:
        raise UsageError(bilingual("commands.as_of_needed"))
    watch = event_log.Stopwatch()
    try:
        report = pipeline.import_files(
            arguments.files,
            arguments.as_of,
            arguments.book,
            arguments.profile,
            arguments.scope,
            assume=open_questions.parse_answers(arguments.assume),
        )
    except pipeline.NothingLoadedError as error:
        _record_import(error.report, "nothing_loaded", watch)
        output.print_result(error.report.as_json(), error.report.as_text(), as_json=arguments.json)
        raise
    _record_import(report, "already_loaded" if report.already_loaded else "loaded", watch)
    output.print_result(report.as_json(), report.as_text(), as_json=arguments.json)
    _print_quarantined(report.quarantined, arguments.book)
    return 0


def _import_series(arguments: argparse.Namespace) -> int:
    """Import of files with many snapshots: an event and a line for each."""
    watch = event_log.Stopwatch()
    series = snapshot_series.import_series(
        arguments.files,
        arguments.book,
        arguments.profile,
        arguments.as_of,
        arguments.scope,
        assume=open_questions.parse_answers(arguments.assume),
    )
    for report in series.reports:
        _record_import(report, "already_loaded" if report.already_loaded else "loaded", watch)
    output.print_result(series.as_json(), series.as_text(), as_json=arguments.json)
    _print_quarantined(series.merge().quarantined, arguments.book)
    return 0


def _print_quarantined(rows: int, book: Path) -> None:
    if rows:
        print(
            f"Rows quarantined 已隔离的行: {rows}. See them with 查看: python -m data quarantine --book {book}",
            file=sys.stderr,
        )


def _record_import(report: ImportReport, outcome: str, watch: event_log.Stopwatch) -> None:
    event_log.record_event(
        "import",
        batch=report.batch,
        as_of=report.as_of,
        rows=report.rows_in,
        loaded=report.loaded,
        quarantined=report.quarantined,
        seconds=watch.seconds,
        outcome=outcome,
    )
