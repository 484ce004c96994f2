"""Judge a snapshot and keep the run."""

import argparse
import sys
from datetime import date
from typing import Any

import duckdb

from data.errors import InputError
from data.facts import derivation
from data.storage import book
from policy.authoring.expiry import find_expiring_rows
from policy.commands import arguments as add
from policy.commands import engine, printing
from policy.model.records import VERDICTS, Policy
from policy.runs import recording, snapshot_check

ABOUT = "judge a snapshot and keep the run"


def arguments(command: argparse.ArgumentParser) -> None:
    add.judging_options(command)
    command.add_argument("--all", action="store_true", help="judge every snapshot, so that violations have a history")
    command.add_argument(
        "--last", type=add.parse_count, metavar="N", help="judge the last N snapshots, the oldest first"
    )
    engine.arguments(command)


def run(arguments: argparse.Namespace) -> int:
    if wrong := engine.describe_option_conflict(arguments):
        print(f"python -m policy check: error: {wrong}", file=sys.stderr)
        return 2
    if engine.runs_on_cluster(arguments):
        return engine.run(arguments)
    if sum(map(bool, (arguments.all, arguments.last, arguments.as_of))) > 1:
        print("python -m policy check: error: give one of --all, --last and --as-of", file=sys.stderr)
        return 2
    policy = snapshot_check.load_policy(arguments.tables)
    if not arguments.book.exists():
        raise InputError(f"No book at {arguments.book}. Import a file first: python -m data import FILE --as-of DATE.")
    with book.open_for_writing(arguments.book) as con:
        days = _list_days(con, arguments)
        found = []
        for day in days:
            found.append(
                recording.check_and_record(con, policy, day, today=arguments.today, refresh_later_runs=day == days[-1])
            )
            book.commit_to_draft(con)
    for warning in find_expiring_rows(policy, found[-1].as_of):
        print(f"warning: {warning}", file=sys.stderr)
    said = [_run_json(policy, each) for each in found]
    if arguments.json:
        printing.print_json(
            {"policy_version": policy.version, "runs": said} if arguments.all or arguments.last else said[0]
        )
        return 0
    for each in said:
        _print_run(each)
    return 0


def _list_days(con: duckdb.DuckDBPyConnection, arguments: argparse.Namespace) -> list[date]:
    last = snapshot_check.resolve_snapshot(con, arguments.as_of)
    if arguments.all or arguments.last:
        return derivation.list_as_of_dates(con)[-(arguments.last or 0) :]
    return [last]


def _print_run(run: dict[str, Any]) -> None:
    print(
        f"Run {run['run_id']}: policy {run['policy_version']}, as of {run['as_of']}, "
        + ", ".join(f"{n} {subject}" for subject, n in run["subjects"].items())
    )
    print(f"{'rule':34}{'severity':10}" + "".join(f"{verdict:>16}" for verdict in VERDICTS))
    for rule in run["rules"]:
        print(f"{rule['rule_id']:34}{rule['severity']:10}" + "".join(f"{rule[verdict]:>16}" for verdict in VERDICTS))


def _run_json(policy: Policy, run: snapshot_check.CheckResult) -> dict[str, Any]:
    rules = [_rule_json(policy, counted) for counted in run.rules]
    return {
        "policy_version": run.policy_version,
        "as_of": run.as_of,
        "run_id": run.run_id,
        "subjects": run.subjects,
        "rules": rules,
    }


def _rule_json(policy: Policy, counted: snapshot_check.RuleCounts) -> dict[str, Any]:
    rule = policy.rules[counted.rule_id]
    return {
        "rule_id": rule.rule_id,
        "family": rule.family,
        "subject": rule.subject,
        "severity": rule.severity,
    } | counted.counts
