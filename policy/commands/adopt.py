"""Take the verdicts of a cluster into the book, with what every check keeps beside them."""

import argparse
import json
from datetime import UTC, datetime
from pathlib import Path

from data.errors import InputError
from data.ingest import adoption
from data.storage import book
from policy.commands import arguments as add
from policy.commands import printing
from policy.runs import recording, snapshot_check

ABOUT = "take the verdicts of a check on a cluster into the book, with metrics and the life of violations"


def arguments(command: argparse.ArgumentParser) -> None:
    command.add_argument("folder", type=Path, metavar="DIR", help="the --out of that check")
    for argument in (add.tables_option, add.book_option, add.json_option):
        argument(command)


def run(arguments: argparse.Namespace) -> int:
    policy = snapshot_check.load_policy(arguments.tables)
    if not arguments.book.exists():
        raise InputError(f"No book at {arguments.book}. Give the --book whose facts were judged.")
    with book.open_for_writing(arguments.book) as con:
        now = datetime.now(UTC).replace(tzinfo=None)
        con.execute(
            "INSERT OR IGNORE INTO policy_versions VALUES (?, ?, ?)",
            [policy.version, json.dumps(policy.texts, ensure_ascii=False), now],
        )
        found = adoption.adopt_run(con, arguments.folder)
        recording.record_results(con, policy, found.run_id)
    if arguments.json:
        printing.print_json(vars(found))
        return 0
    print(
        f"Run {found.run_id}: {found.violations:,} violations of {sum(found.subjects.values()):,} records, "
        f"judged by {found.engine_version}."
    )
    return 0
