"""What is wrong with the tables of metrics and of their groups: cells, clauses, dates, expressions."""

from collections.abc import Iterator
from itertools import combinations

from data.messages.catalogue import bilingual
from policy.engine.columns import Columns
from policy.language.expressions import ExpressionError, near
from policy.model.records import Policy, Problem, clause_ids
from policy.monitoring import metric_groups
from policy.monitoring.metrics import DIRECTIONS, EVERY_RULE, SUBJECTS, TABLE, Metric, metrics, parts, read


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
    return Problem(
        "error",
        TABLE,
        metric.place.row,
        column,
        bilingual("monitoring.joined_2", rule=metric.metric_id, message=message),
        fix,
    )


def _cells(policy: Policy, metric: Metric) -> Iterator[Problem]:
    for column in ("metric_id", "title_zh", "title_en", "subjects", "formula", "unit", "clause_id", "evidence"):
        if not getattr(metric, column):
            yield _at(metric, column, bilingual("common.empty"), bilingual("common.fill_cell"))
    for subject in set(metric.of) - set(SUBJECTS):
        yield _at(
            metric,
            "subjects",
            bilingual("common.joined", subject=subject, near=near(subject, SUBJECTS)),
            bilingual("common.use", known=" or ".join(SUBJECTS)),
        )
    if bool(metric.direction) != bool(metric.amber or metric.red):
        yield _at(
            metric,
            "direction",
            bilingual("monitoring.stands_without_limit_limit"),
            bilingual("monitoring.fill_both_neither"),
        )
    if metric.direction and metric.direction not in DIRECTIONS:
        yield _at(
            metric,
            "direction",
            bilingual("monitoring.no_direction", direction=metric.direction),
            bilingual("common.use", known=" or ".join(DIRECTIONS)),
        )
    if bool(metric.lacking) != bool(metric.total):
        yield _at(
            metric,
            "lacking",
            bilingual("monitoring.stands_without_total_total"),
            bilingual("monitoring.fill_both_neither"),
        )
    for clause in clause_ids(metric.clause_id):
        if clause not in policy.clauses:
            yield _at(
                metric,
                "clause_id",
                bilingual("common.unknown_clause", clause=clause, near=near(clause, policy.clauses)),
                bilingual("monitoring.add"),
            )
    for rule in clause_ids(metric.rules):
        if rule != EVERY_RULE and rule not in policy.rules:
            yield _at(
                metric,
                "rules",
                bilingual("monitoring.unknown_rule", rule=rule, near=near(rule, policy.rules)),
                bilingual("monitoring.name_rules"),
            )


def _expressions(policy: Policy, metric: Metric, columns: Columns) -> Iterator[Problem]:
    for column, compile_cell in parts(policy, metric, columns).items():
        try:
            compile_cell()
        except ExpressionError as error:
            yield _at(metric, column, error.told, bilingual("common.mend_cell"))


def _twice(policy: Policy) -> Iterator[Problem]:
    for a, b in combinations(metrics(policy), 2):
        if a.metric_id == b.metric_id and a.effective_from < b.effective_to and b.effective_from < a.effective_to:
            yield _at(
                b,
                "effective_from",
                bilingual("monitoring.force_twice_see_row", row=a.place.row),
                bilingual("common.end_version_first"),
            )
