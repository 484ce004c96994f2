"""Take the verdicts of a cluster into the book, and record what follows every check."""

import argparse
from pathlib import Path

import duckdb

from data.command_line import event_log, options, output
from data.errors import InputError
from data.ingest import adoption
from data.ingest.adoption import AdoptedRun
from data.messages.catalogue import bilingual
from data.storage import book
from policy.checks import recording
from policy.commands import policy_options
from policy.model.records import Policy
from policy.runs import snapshot_check, store

ABOUT = "take the verdicts of a check on a cluster into the book, with metrics and the life of violations"


def add_arguments(command: argparse.ArgumentParser) -> None:
    command.add_argument("folder", type=Path, metavar="DIR", help="the --out of that check")
    policy_options.add_tables_option(command)
    options.add_book_and_json_options(command)
    options.add_log_option(command)


def run(arguments: argparse.Namespace) -> int:
    policy = snapshot_check.load_policy(arguments.tables)
    if not arguments.book.exists():
        raise InputError(bilingual("commands.no_book_to_adopt", book=arguments.book))
    watch = event_log.Stopwatch()
    with book.open_for_writing(arguments.book) as con:
        adopted = _adopt_and_record(con, policy, arguments.folder)
    records = sum(adopted.subjects.values())
    event_log.record_event(
        "adopt",
        run=adopted.run_id,
        as_of=adopted.as_of,
        rows=records,
        violations=adopted.violations,
        seconds=watch.seconds,
        outcome="adopted",
    )
    text = (
        f"Run {adopted.run_id}: {adopted.violations:,} violations of {records:,} records, judged by "
        f"{adopted.engine_version}."
    )
    output.print_result(vars(adopted), text, as_json=arguments.json)
    return 0


def _adopt_and_record(con: duckdb.DuckDBPyConnection, policy: Policy, folder: Path) -> AdoptedRun:
    store.store_policy(con, policy)
    adopted = adoption.adopt_run(con, folder)
    recording.record_results(con, policy, adopted.run_id)
    return adopted
