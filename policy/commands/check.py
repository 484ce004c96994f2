"""Judge a snapshot and keep the run."""

import argparse
from typing import Any

from data import book
from data.errors import InputError
from policy import judging
from policy.commands import arguments as add
from policy.commands import printing
from policy.model import VERDICTS

ABOUT = "judge a snapshot and keep the run"


def arguments(command: argparse.ArgumentParser) -> None:
    add.judging(command)


def run(arguments: argparse.Namespace) -> int:
    policy = judging.load(arguments.tables)
    if not arguments.book.exists():
        raise InputError(f"No book at {arguments.book}. Import a file first: python -m data import FILE --as-of DATE.")
    with book.writing(arguments.book) as con:
        run = judging.check(con, policy, judging.pick_as_of(con, arguments.as_of), today=arguments.today)
    rules = [_rule_json(policy, counted) for counted in run.rules]
    if arguments.json:
        printing.as_json({"policy_version": run.policy_version, "as_of": run.as_of, "run_id": run.run_id,
                     "subjects": run.subjects, "rules": rules})  # fmt: skip
        return 0
    print(f"Run {run.run_id}: policy {run.policy_version}, as of {run.as_of}, "
          + ", ".join(f"{n} {subject}" for subject, n in run.subjects.items()))  # fmt: skip
    print(f"{'rule':34}{'severity':10}" + "".join(f"{verdict:>16}" for verdict in VERDICTS))
    for rule in rules:
        print(f"{rule['rule_id']:34}{rule['severity']:10}" + "".join(f"{rule[verdict]:>16}" for verdict in VERDICTS))
    return 0


def _rule_json(policy: Any, counted: judging.RuleCounts) -> dict[str, Any]:
    rule = policy.rules[counted.rule_id]
    return {
        "rule_id": rule.rule_id,
        "family": rule.family,
        "subject": rule.subject,
        "severity": rule.severity,
    } | counted.counts
