"""What is wrong with the tables of metrics and of their groups: cells, clauses, dates, expressions."""

from collections.abc import Iterator
from itertools import combinations

from policy import metric_groups
from policy.columns import Columns
from policy.expressions import ExpressionError, near
from policy.metrics import DIRECTIONS, EVERY_RULE, SUBJECTS, TABLE, Metric, metrics, parts, read
from policy.model import Policy, Problem, clause_ids


def problems(policy: Policy) -> list[Problem]:
    """What is wrong with the table: cells, clauses, dates, expressions."""
    if TABLE not in policy.texts:
        return []
    found = [*read(policy.texts[TABLE])[1]]
    columns = {subject: Columns(policy, subject) for subject in SUBJECTS}
    for metric in metrics(policy):
        found += _cells(policy, metric)
        for subject in metric.of:
            if subject in SUBJECTS:
                found += _expressions(policy, metric, columns[subject])
    found += _twice(policy)
    found += metric_groups.problems(policy)
    return found


def _at(metric: Metric, column: str, message: str, fix: str) -> Problem:
    return Problem("error", TABLE, metric.place.row, column, f"{metric.metric_id}: {message}", fix)


def _cells(policy: Policy, metric: Metric) -> Iterator[Problem]:
    for column in ("metric_id", "title_zh", "title_en", "subjects", "formula", "unit", "clause_id", "evidence"):
        if not getattr(metric, column):
            yield _at(metric, column, "is empty.", "Fill the cell.")
    for subject in set(metric.of) - set(SUBJECTS):
        yield _at(metric, "subjects", f"'{subject}'{near(subject, SUBJECTS)}.", f"Use {' or '.join(SUBJECTS)}.")
    if bool(metric.direction) != bool(metric.amber or metric.red):
        yield _at(metric, "direction", "stands without a limit, or a limit without it.", "Fill both, or neither.")
    if metric.direction and metric.direction not in DIRECTIONS:
        yield _at(metric, "direction", f"'{metric.direction}' is no direction.", f"Use {' or '.join(DIRECTIONS)}.")
    if bool(metric.lacking) != bool(metric.total):
        yield _at(metric, "lacking", "stands without a total, or the total without it.", "Fill both, or neither.")
    for clause in clause_ids(metric.clause_id):
        if clause not in policy.clauses:
            yield _at(metric, "clause_id", f"unknown clause '{clause}'{near(clause, policy.clauses)}.", "Add it.")
    for rule in clause_ids(metric.rules):
        if rule != EVERY_RULE and rule not in policy.rules:
            yield _at(metric, "rules", f"unknown rule '{rule}'{near(rule, policy.rules)}.", "Name rules, or *.")


def _expressions(policy: Policy, metric: Metric, columns: Columns) -> Iterator[Problem]:
    for column, compile_cell in parts(policy, metric, columns).items():
        try:
            compile_cell()
        except ExpressionError as error:
            yield _at(metric, column, str(error), "Mend the cell.")


def _twice(policy: Policy) -> Iterator[Problem]:
    for a, b in combinations(metrics(policy), 2):
        if a.metric_id == b.metric_id and a.effective_from < b.effective_to and b.effective_from < a.effective_to:
            yield _at(b, "effective_from", f"is in force twice (see row {a.place.row}).", "End one version first.")
