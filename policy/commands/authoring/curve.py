"""What each possible limit of a rule would catch."""

import argparse

from data.command_line import output
from data.queries import snapshots
from data.storage import book
from policy.authoring import threshold_curve
from policy.commands import policy_options
from policy.model.records import VERDICTS
from policy.runs import snapshot_check

ABOUT = "what each possible limit of a rule would catch"


def add_arguments(command: argparse.ArgumentParser) -> None:
    command.add_argument("rule_id", metavar="RULE", help="the rule's id")
    command.add_argument("--over", required=True, help="limits: 0.5,0.6 or 0.5..0.9/0.05 or 2024-01-01..2024-12-31/30")
    policy_options.add_judging_options(command)


def run(arguments: argparse.Namespace) -> int:
    policy, over = snapshot_check.load_policy(arguments.tables), threshold_curve.parse_values(arguments.over)
    with book.open_for_reading(arguments.book) as con:
        as_of = snapshots.resolve_snapshot(con, arguments.as_of)
        points = threshold_curve.compute_points(con, policy, arguments.rule_id, over, as_of, today=arguments.today)
    rule = policy.rules[arguments.rule_id]
    if arguments.json:
        found = [{"limit": p.limit, **p.counts, "loans": p.loans, "yuan": p.yuan} for p in points]
        output.print_json(
            {
                "rule_id": rule.rule_id,
                "comparator": rule.comparator,
                "unit": rule.unit,
                "as_of": as_of,
                "policy_version": policy.version,
                "limits": found,
            }
        )
        return 0
    print(
        f"{rule.rule_id} {rule.title_zh} / {rule.title_en}: {rule.measure} {rule.comparator} … ({rule.unit}), "
        f"as of {as_of}"
    )
    print(f"{'limit':>16}" + "".join(f"{verdict:>16}" for verdict in VERDICTS) + f"{'loans':>10}{'yuan':>22}")
    for point in points:
        print(
            f"{point.limit:>16}"
            + "".join(f"{point.counts[verdict]:>16}" for verdict in VERDICTS)
            + f"{point.loans:>10}{point.yuan:>22,}"
        )
    return 0
