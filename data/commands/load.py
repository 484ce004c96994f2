"""Load exported files into the book."""

import argparse
import sys
from pathlib import Path

from data.commands import arguments as add
from data.history import supersession
from data.ingest import pipeline

ABOUT = "load exported files into the book"


def arguments(command: argparse.ArgumentParser) -> None:
    command.add_argument("files", nargs="+", type=Path, metavar="FILE")
    command.add_argument(
        "--as-of", required=True, type=add.parse_date, metavar="DATE", help="the date the files speak of"
    )
    command.add_argument("--profile", metavar="NAME", help="a mapping for files with headers of their own")
    scope = command.add_mutually_exclusive_group()
    scope.add_argument(
        "--partial",
        dest="scope",
        action="store_const",
        const=supersession.PARTIAL,
        help="the files hold only some of the rows: nothing that they leave out ends",
    )
    scope.add_argument(
        "--whole",
        dest="scope",
        action="store_const",
        const=supersession.WHOLE,
        help="the files hold everything: whatever they leave out ends, in every branch",
    )
    add.book_arguments(command)


def run(options: argparse.Namespace) -> int:
    try:
        report = pipeline.import_files(options.files, options.as_of, options.book, options.profile, options.scope)
    except pipeline.NothingLoadedError as error:
        add.print_result(error.report.as_json(), error.report.as_text(), options.json)
        raise
    add.print_result(report.as_json(), report.as_text(), options.json)
    if report.quarantined:
        print(
            f"Rows quarantined 已隔离的行: {report.quarantined}. See them with 查看: "
            f"python -m data quarantine --book {options.book}",
            file=sys.stderr,
        )
    return 0
