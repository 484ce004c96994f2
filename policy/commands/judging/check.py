"""Judge snapshots and store the runs."""

import argparse
import sys
from datetime import date
from typing import Any

import duckdb

from data.command_line import event_log, options, output
from data.errors import InputError, UsageError
from data.facts import derivation
from data.messages.catalogue import bilingual
from data.queries import snapshots
from data.storage import book
from policy.authoring.expiry import find_expiring_rows
from policy.checks import recording
from policy.commands import policy_options
from policy.commands.judging import cluster
from policy.engine.batch import RuleCounts
from policy.model.records import VERDICTS, Policy
from policy.runs import snapshot_check
from policy.runs.snapshot_check import CheckResult

ABOUT = "judge a snapshot and keep the run"


def add_arguments(command: argparse.ArgumentParser) -> None:
    policy_options.add_judging_options(command)
    command.add_argument("--all", action="store_true", help="judge every snapshot, so that violations have a history")
    command.add_argument(
        "--last", type=options.parse_count, metavar="N", help="judge the last N snapshots, the oldest first"
    )
    options.add_log_option(command)
    cluster.add_arguments(command)


def run(arguments: argparse.Namespace) -> int:
    cluster.require_matching_options(arguments)
    if cluster.is_chosen(arguments):
        return cluster.run(arguments)
    if sum(map(bool, (arguments.all, arguments.last, arguments.as_of))) > 1:
        raise UsageError(bilingual("commands.one_choice_of_snapshots"))
    policy = snapshot_check.load_policy(arguments.tables)
    if not arguments.book.exists():
        raise InputError(bilingual("commands.no_book", book=arguments.book))
    with book.open_for_writing(arguments.book) as con:
        results = _check_snapshots(con, policy, _list_days(con, arguments), today=arguments.today)
    for warning in find_expiring_rows(policy, results[-1].as_of):
        print(f"warning: {warning}", file=sys.stderr)
    runs = [_build_run_json(policy, result) for result in results]
    if not arguments.json:
        for each in runs:
            _print_run(each)
    elif arguments.all or arguments.last:
        output.print_json({"policy_version": policy.version, "runs": runs})
    else:
        output.print_json(runs[0])
    return 0


def _list_days(con: duckdb.DuckDBPyConnection, arguments: argparse.Namespace) -> list[date]:
    """The snapshots to judge, the oldest first."""
    last = snapshots.resolve_snapshot(con, arguments.as_of)
    if arguments.all or arguments.last:
        return derivation.list_as_of_dates(con)[-(arguments.last or 0) :]
    return [last]


def _check_snapshots(
    con: duckdb.DuckDBPyConnection, policy: Policy, days: list[date], *, today: bool
) -> list[CheckResult]:
    results = []
    for day in days:
        watch = event_log.Stopwatch()
        result = recording.check_and_record(con, policy, day, today=today, refresh_later_runs=day == days[-1])
        book.commit_to_draft(con)
        _record_check(result, watch)
        results.append(result)
    return results


def _record_check(result: CheckResult, watch: event_log.Stopwatch) -> None:
    event_log.record_event(
        "check",
        run=result.run_id,
        as_of=result.as_of,
        rows=sum(result.subjects.values()),
        violations=sum(rule.counts["violation"] for rule in result.rules),
        not_assessable=sum(rule.counts["not_assessable"] for rule in result.rules),
        seconds=watch.seconds,
        outcome="checked",
    )


def _print_run(run: dict[str, Any]) -> None:
    print(
        f"Run {run['run_id']}: policy {run['policy_version']}, as of {run['as_of']}, "
        + ", ".join(f"{n} {subject}" for subject, n in run["subjects"].items())
    )
    print(f"{'rule':34}{'severity':10}" + "".join(f"{verdict:>16}" for verdict in VERDICTS))
    for rule in run["rules"]:
        print(f"{rule['rule_id']:34}{rule['severity']:10}" + "".join(f"{rule[verdict]:>16}" for verdict in VERDICTS))


def _build_run_json(policy: Policy, result: CheckResult) -> dict[str, Any]:
    return {
        "policy_version": result.policy_version,
        "as_of": result.as_of,
        "run_id": result.run_id,
        "subjects": result.subjects,
        "rules": [_build_rule_json(policy, counted) for counted in result.rules],
    }


def _build_rule_json(policy: Policy, counted: RuleCounts) -> dict[str, object]:
    rule = policy.rules[counted.rule_id]
    identity = {"rule_id": rule.rule_id, "family": rule.family, "subject": rule.subject, "severity": rule.severity}
    return {**identity, **counted.counts}
