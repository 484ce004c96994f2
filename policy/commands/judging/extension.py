"""May a loan be extended."""

import argparse
from dataclasses import asdict
from pathlib import Path
from typing import Any

from data.command_line import options, output
from data.errors import UsageError
from data.messages.catalogue import bilingual
from data.queries import snapshots
from data.storage import book
from policy.commands import policy_options, printing
from policy.extensions import extension_decision, request_files
from policy.extensions.consequences import Consequences, OutcomeChange, RatioChange
from policy.model.extension_outcomes import Consequence, ExposureRatio
from policy.model.records import Policy
from policy.runs import snapshot_check

ABOUT = "may a loan be extended"


def add_arguments(command: argparse.ArgumentParser) -> None:
    policy_options.add_judging_options(command)
    command.add_argument("--loan", help="the loan's id")
    command.add_argument("--to", type=options.parse_date, help="the new maturity asked for")
    command.add_argument("--applied", type=options.parse_date, help="the day of the application")
    command.add_argument("--consent", help="all, none, or the providers who consent, comma separated")
    command.add_argument("--requests", type=Path, help="a CSV of requests instead of one loan")
    command.add_argument("--out", type=Path, help="the CSV to write the decisions to")


def run(arguments: argparse.Namespace) -> int:
    many = arguments.requests is not None
    missing = [n for n in (("out",) if many else ("loan", "to", "applied")) if getattr(arguments, n) is None]
    if missing:
        raise UsageError(bilingual("commands.needs_options", options=f"--{', --'.join(missing)}"))
    policy = snapshot_check.load_policy(arguments.tables)
    return (_decide_file if many else _decide_loan)(arguments, policy)


def _decide_file(arguments: argparse.Namespace, policy: Policy) -> int:
    asked = request_files.read_requests(arguments.requests)
    with book.open_for_reading(arguments.book) as con:
        decided = request_files.decide_requests(con, policy, snapshots.resolve_snapshot(con, arguments.as_of), asked)
    request_files.write_decisions(arguments.out, decided)
    counts = {row["verdict"]: row["len"] for row in decided.group_by("verdict").len().to_dicts()}
    if arguments.json:
        output.print_json(
            {"requests": len(decided), "out": str(arguments.out)}
            | {o: counts.get(o, 0) for o in extension_decision.OUTCOMES}
        )
    else:
        print(f"{len(decided)} requests decided into {arguments.out}: {counts}")
    return 0


def _decide_loan(arguments: argparse.Namespace, policy: Policy) -> int:
    request = extension_decision.Request(arguments.loan, arguments.applied, arguments.to, arguments.consent)
    with book.open_for_reading(arguments.book) as con:
        as_of = snapshots.resolve_snapshot(con, arguments.as_of)
        decision = extension_decision.judge_request(con, policy, as_of, request, today=arguments.today)
        follows = extension_decision.compute_consequences(con, policy, as_of, request)
    if arguments.json:
        lines = [printing.verdict_json(policy, line) for line in decision.lines]
        output.print_json(
            {
                **asdict(decision),
                "lines": lines,
                "consequences": _consequences_json(follows),
                "as_of": as_of,
                "policy_version": policy.version,
            }
        )
        return 0
    printing.print_sentence(extension_decision.describe_missing_rules(policy))
    print(
        f"Loan {decision.loan_id}: {decision.verdict}. Term class {decision.term_class}, latest permitted maturity "
        f"{decision.latest_permitted}, apply by {decision.apply_by}."
    )
    printing.print_verdicts(policy, decision.lines)
    _print_consequences(follows)
    return 0


def _consequences_json(follows: Consequences) -> dict[str, list[dict[str, Any]]]:
    return {
        "changes": [
            _change_json(change.consequence, change)
            | {"unit": change.consequence.unit, "difference": change.difference, "missing": change.missing}
            for change in follows.changes
        ],
        "ratios": [
            _change_json(ratio.exposure_ratio, ratio)
            | {"level": ratio.level, "balance_before": ratio.part_before, "balance_after": ratio.part_after}
            for ratio in follows.ratios
        ],
    }


def _change_json(row: Consequence | ExposureRatio, found: OutcomeChange | RatioChange) -> dict[str, Any]:
    name = row.outcome if isinstance(row, Consequence) else row.ratio
    return {
        "name": name,
        "before": found.before,
        "after": found.after,
        "zh": row.zh,
        "en": row.en,
        "clause_id": row.clause_id,
        "evidence": row.evidence,
    }


def _print_consequences(follows: Consequences) -> None:
    print("If granted:")
    for change in follows.changes:
        why = f" (missing: {', '.join(change.missing)})" if change.missing else ""
        consequence = change.consequence
        print(f"  {consequence.outcome:20}{change.before!s:>24} -> {change.after!s:24}{why}  {consequence.zh}")
    for ratio in follows.ratios:
        before, after = (f"{value:.6f}" if value is not None else "-" for value in (ratio.before, ratio.after))
        row = ratio.exposure_ratio
        print(f"  {row.ratio:20}{before:>24} -> {after:24}  {row.zh} ({ratio.level})")
