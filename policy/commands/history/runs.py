"""The runs that the book keeps."""

import argparse
from dataclasses import asdict

from data.command_line import options, output
from data.storage import book
from policy.model.records import VERDICTS
from policy.runs import store

ABOUT = "list the runs that the book keeps"


def add_arguments(command: argparse.ArgumentParser) -> None:
    options.add_book_option(command)
    options.add_json_option(command)


def run(arguments: argparse.Namespace) -> int:
    with book.open_for_reading(arguments.book) as con:
        found, totals = store.list_runs(con), store.count_verdicts_by_run(con)
    if arguments.json:
        counted = [asdict(each) | {"counts": totals.get(each.run_id, {})} for each in found]
        output.print_json({"book": str(arguments.book), "runs": counted})
        return 0
    print(f"{'run':42}{'as of':12}{'rules':7}{'judged (UTC)':18}" + "".join(f"{verdict:>16}" for verdict in VERDICTS))
    for each in found:
        counts = totals.get(each.run_id, {})
        print(
            f"{each.run_id:42}{each.as_of!s:12}{each.rules_of:7}{each.judged_at:%Y-%m-%d %H:%M}  "
            + "".join(f"{counts.get(verdict, 0):>16}" for verdict in VERDICTS)
        )
    print(f"{len(found)} runs.")
    return 0
