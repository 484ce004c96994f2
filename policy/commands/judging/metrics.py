"""The health of the bank, or of one branch."""

import argparse
from dataclasses import asdict
from typing import Any

from data.command_line import output
from data.queries import portfolio, snapshots
from data.storage import book
from policy.commands import data_state, policy_options
from policy.monitoring import metric_definitions, metrics
from policy.monitoring.metric_definitions import Metric
from policy.monitoring.metrics import MetricValue
from policy.runs import snapshot_check

ABOUT = "portfolio health: every metric with its limits, for the bank or a branch"


def add_arguments(command: argparse.ArgumentParser) -> None:
    policy_options.add_reading_options(command)
    command.add_argument("--branch", help="one branch (default: the whole bank; --json without it: every branch too)")


def run(arguments: argparse.Namespace) -> int:
    policy = snapshot_check.load_policy(arguments.tables)
    with book.open_for_reading(arguments.book) as con:
        as_of = snapshots.resolve_snapshot(con, arguments.as_of)
        data_state.warn_of_data_change_on(con, as_of)
        currency, sums = portfolio.find_main_currency(con, as_of), portfolio.sum_by_currency(con, as_of)
        values = metrics.evaluate_metrics(con, policy, as_of)
    known = {metric.metric_id: metric for metric in metric_definitions.select_in_force(policy, as_of)}
    shown = metrics.select_branch_values(values, arguments.branch)
    if arguments.json:
        every = values if arguments.branch is None else shown
        output.print_json(
            {
                "as_of": as_of,
                "policy_version": policy.version,
                "currency": currency,
                "balances": sums.to_dicts(),
                "metrics": [_metric_json(known[value.metric_id], value) for value in every],
            }
        )
        return 0
    print(f"{arguments.branch or 'Whole bank'}, as of {as_of}, in {currency}, policy {policy.version}")
    for name, loans, balance in sums.iter_rows():
        if name != currency:
            print(f"not in these figures 未计入: {name} {balance:,.2f}, {loans} loans 笔")
    for value in shown:
        print(_format_metric(known[value.metric_id], value))
    return 0


def _metric_json(metric: Metric, value: MetricValue) -> dict[str, Any]:
    names = ("title_zh", "title_en", "unit", "direction", "formula", "clause_id", "evidence", "needs_zh", "needs_en")
    return asdict(value) | {name: getattr(metric, name) for name in names}


def _format_metric(metric: Metric, value: MetricValue) -> str:
    text = (
        _format_number(metric, value.value)
        if value.value is not None
        else f"{value.reason}: {', '.join(value.missing)}".rstrip(": ")
    )
    limits = (
        f"amber {_format_number(metric, value.amber)}, red {_format_number(metric, value.red)}"
        if metric.direction
        else ""
    )
    lacking = f"; {value.lacking} of {value.total} lack {metric.needs_en}" if value.lacking else ""
    lacking = f"; needs {metric.needs_en}" if value.reason == "not_set" else lacking
    if value.low is not None:
        lacking += f"; between {_format_number(metric, value.low)} and {_format_number(metric, value.high)}"
    lacking += f"; {value.derived} concluded from other fields" if value.derived else ""
    return f"{value.status:6}{metric.metric_id:26}{text:>20}  {metric.title_zh} / {metric.title_en}  {limits}{lacking}"


def _format_number(metric: Metric, number: Any) -> str:
    if number is None:
        return "-"
    return f"{number:.2%}" if metric.unit == "ratio" else f"{number.normalize():f}"
