"""How far from the limits, and what cures a violation."""

import argparse
from dataclasses import dataclass
from datetime import date
from typing import Any

import duckdb
import polars as pl

from data.command_line import output
from data.errors import InputError
from data.messages.catalogue import bilingual
from data.queries import snapshots
from data.storage import book
from policy.commands import policy_options
from policy.engine import verdict_evidence
from policy.model.records import Policy
from policy.monitoring import headroom, remedies
from policy.monitoring.remedies import Remedy
from policy.runs import snapshot_check

ABOUT = "how far each record is from each limit, and what exactly cures a violation"


def add_arguments(command: argparse.ArgumentParser) -> None:
    policy_options.add_reading_options(command)
    command.add_argument("--loan", help="only this loan and what belongs to it")
    command.add_argument("--rule", help="only this rule")


@dataclass(frozen=True)
class _HeadroomReport:
    """`remedies`: what would cure the violations; `distances`: see headroom.compute_distances."""

    as_of: date
    distances: pl.DataFrame
    remedies: list[Remedy]


def run(arguments: argparse.Namespace) -> int:
    policy = snapshot_check.load_policy(arguments.tables)
    if arguments.rule is not None and arguments.rule not in policy.rules:
        raise InputError(bilingual("commands.unknown_rule", rule=arguments.rule))
    with book.open_for_reading(arguments.book) as con:
        report = _build_report(con, policy, arguments)
    each = arguments.loan is not None or arguments.rule is not None
    if arguments.json:
        rows = report.distances.to_dicts() if each else _summarize_by_rule(report.distances).to_dicts()
        output.print_json(
            {
                "as_of": report.as_of,
                "policy_version": policy.version,
                "distances" if each else "rules": rows,
                "cures": [_remedy_json(policy, remedy) for remedy in report.remedies],
            }
        )
        return 0
    print(f"As of {report.as_of}, policy {policy.version}")
    _print_records(policy, report.distances) if each else _print_rules(report.distances)
    for remedy in report.remedies:
        print(f"  {remedy.rule_id:24}{remedy.subject_id:26}" + "; ".join(remedies.format_remedy(policy, remedy, "en")))
    return 0


def _build_report(con: duckdb.DuckDBPyConnection, policy: Policy, arguments: argparse.Namespace) -> _HeadroomReport:
    """For one loan, one rule, or everything. Raises InputError when the snapshot has no such loan."""
    as_of = snapshots.resolve_snapshot(con, arguments.as_of)
    if arguments.loan is not None:
        verdict_evidence.require_loan(con, as_of, arguments.loan)
    rules = (arguments.rule,) if arguments.rule else ()
    subjects = [policy.rules[arguments.rule].subject] if arguments.rule else policy.subjects
    frames = [headroom.compute_distances(con, policy, as_of, s, rules, arguments.loan) for s in subjects]
    distances = pl.concat([frame for frame in frames if frame.width] or [pl.DataFrame()])
    found = [r for s in subjects for r in remedies.compute_remedies(con, policy, as_of, s, rules, arguments.loan)]
    return _HeadroomReport(as_of, distances, found)


def _summarize_by_rule(distances: pl.DataFrame) -> pl.DataFrame:
    return distances.group_by("rule_id", maintain_order=True).agg(
        records=pl.len(),
        violated=pl.col("violated").sum(),
        least=pl.col("distance").min(),
        median=pl.col("distance").median(),
    )


def _print_rules(distances: pl.DataFrame) -> None:
    for row in _summarize_by_rule(distances).iter_rows(named=True):
        print(
            f"{row['rule_id']:28}{row['records']:>9} judged{row['violated']:>8} violated, "
            f"distance from {row['least']}, median {row['median']}"
        )


def _print_records(policy: Policy, distances: pl.DataFrame) -> None:
    for row in distances.iter_rows(named=True):
        rule = policy.rules[row["rule_id"]]
        unit = "days" if rule.unit == "date" else rule.unit
        text = f"{row['measured']} {rule.comparator} {row['limit']}, distance {row['distance'].normalize():f} {unit}"
        print(f"{'violation' if row['violated'] else 'pass':11}{row['subject_id']:26}{row['rule_id']:24}{text}")


def _remedy_json(policy: Policy, remedy: Remedy) -> dict[str, Any]:
    return {
        "subject": remedy.subject,
        "subject_id": remedy.subject_id,
        "rule_id": remedy.rule_id,
        "action": remedy.cure.action,
        "amount": remedy.amount,
        "options": remedy.options,
        "zh": remedies.format_remedy(policy, remedy, "zh"),
        "en": remedies.format_remedy(policy, remedy, "en"),
    }
