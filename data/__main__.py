"""The command line of the book: import, quarantine, demo."""

import argparse
import json
import os
import sys
from datetime import date, datetime
from pathlib import Path

from data import book, importing, quarantine
from data.errors import LoanlightError


def day(text: str) -> date:
    """A date as 2024-01-31 or 20240131."""
    form = "%Y%m%d" if text.isdigit() else "%Y-%m-%d"
    try:
        return datetime.strptime(text, form).date()
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"'{text}' is not a date; write 2024-01-31") from error


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m data", description="The loan book: import files, see what failed.")
    commands = parser.add_subparsers(dest="command", required=True)
    load = commands.add_parser("import", help="load exported files into the book")
    load.add_argument("files", nargs="+", type=Path, metavar="FILE")
    load.add_argument("--as-of", required=True, type=day, metavar="DATE", help="the date the files speak of")
    load.add_argument("--profile", metavar="NAME", help="a mapping for files with headers of their own")
    kept = commands.add_parser("quarantine", help="list the rows that could not be loaded, with reasons")
    demo = commands.add_parser("demo", help="make a demo book")
    demo.add_argument("--loans", type=int, default=5000, metavar="N")
    demo.add_argument("--seed", type=int, default=1, metavar="S")
    for command in (load, kept, demo):
        command.add_argument("--book", type=Path, default=book.default_path(), metavar="PATH")
        command.add_argument("--json", action="store_true", help="print one JSON object")
    return parser


def _import(options: argparse.Namespace) -> None:
    try:
        report = importing.import_files(options.files, options.as_of, options.book, options.profile)
    except importing.NothingLoadedError as error:
        _show(error.report.as_json(), error.report.as_text(), options.json)
        raise
    _show(report.as_json(), report.as_text(), options.json)
    if report.quarantined:
        print(
            f"{report.quarantined} rows were quarantined 行已隔离; see them with 查看: "
            f"python -m data quarantine --book {options.book}",
            file=sys.stderr,
        )


def _quarantine(options: argparse.Namespace) -> None:
    found = quarantine.rows(options.book)
    _show(found, quarantine.text(found), options.json)


def _demo(options: argparse.Namespace) -> None:
    from data import demo

    made = demo.build(options.book, options.loans, options.seed)
    _show(made, "\n".join(f"{name}: {value}" for name, value in made.items()), options.json)


def _show(content: object, text: str, as_json: bool) -> None:
    print(json.dumps(content, ensure_ascii=False, default=str) if as_json else text)


def main(argv: list[str] | None = None) -> int:
    """Exit status 0, or 1 with one message for an error the user can act on; argparse exits with 2 by itself."""
    options = _parser().parse_args(argv)
    commands = {"import": _import, "quarantine": _quarantine, "demo": _demo}
    try:
        commands[options.command](options)
    except LoanlightError as error:
        print(error, file=sys.stderr)
        return 1
    except BrokenPipeError:
        # The reader of our output has gone; Python would complain once more when it closes stdout.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except OSError as error:
        print(f"{error.filename or options.book}: {error.strerror}. Nothing was changed.", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
