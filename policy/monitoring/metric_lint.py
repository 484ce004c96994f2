"""What is wrong with the tables of metrics and of their groups: cells, clauses, dates, expressions."""

from collections.abc import Iterator
from itertools import combinations

from data.language.expressions import ExpressionError, did_you_mean
from data.messages.catalogue import bilingual
from policy.engine.scope import Scope, build_scope
from policy.model.problem import Problem
from policy.model.records import Policy, split_clause_ids
from policy.monitoring import metric_groups
from policy.monitoring.metric_definitions import (
    DIRECTIONS,
    EVERY_RULE,
    SUBJECTS,
    TABLE,
    Metric,
    build_cell_compilers,
    load_metrics,
    parse_metrics,
)


def find_problems(policy: Policy) -> list[Problem]:
    """What is wrong with the table: cells, clauses, dates, expressions."""
    if TABLE not in policy.texts:
        return []
    found = [*parse_metrics(policy.texts[TABLE])[1]]
    scopes = {subject: build_scope(policy, subject) for subject in SUBJECTS}
    for metric in load_metrics(policy):
        found += _find_bad_cells(metric)
        found += _find_bad_references(policy, metric)
        for subject in metric.subject_list:
            if subject in SUBJECTS:
                found += _find_bad_expressions(policy, metric, scopes[subject])
    found += _find_overlapping_versions(policy)
    found += metric_groups.find_problems(policy)
    return found


def _make_problem(metric: Metric, column: str, message: str, fix: str) -> Problem:
    return Problem(
        "error",
        TABLE,
        metric.place.row,
        column,
        bilingual("monitoring.of_metric", rule=metric.metric_id, message=message),
        fix,
    )


def _find_bad_cells(metric: Metric) -> Iterator[Problem]:
    """Cells that are empty, not one of the choices, or given without their counterpart."""
    for column in ("metric_id", "title_zh", "title_en", "subjects", "formula", "unit", "clause_id", "evidence"):
        if not getattr(metric, column):
            yield _make_problem(metric, column, bilingual("common.empty"), bilingual("common.fill_cell"))
    for subject in set(metric.subject_list) - set(SUBJECTS):
        yield _make_problem(
            metric,
            "subjects",
            bilingual("common.joined", subject=subject, near=did_you_mean(subject, SUBJECTS)),
            bilingual("common.use", known=" or ".join(SUBJECTS)),
        )
    if bool(metric.direction) != bool(metric.amber or metric.red):
        yield _make_problem(
            metric,
            "direction",
            bilingual("monitoring.direction_without_limit"),
            bilingual("monitoring.fill_both_or_neither"),
        )
    if metric.direction and metric.direction not in DIRECTIONS:
        yield _make_problem(
            metric,
            "direction",
            bilingual("monitoring.not_a_direction", direction=metric.direction),
            bilingual("common.use", known=" or ".join(DIRECTIONS)),
        )
    if bool(metric.lacking) != bool(metric.total):
        yield _make_problem(
            metric,
            "lacking",
            bilingual("monitoring.missing_without_total"),
            bilingual("monitoring.fill_both_or_neither"),
        )


def _find_bad_references(policy: Policy, metric: Metric) -> Iterator[Problem]:
    """Clauses and rules that the policy does not have."""
    for clause in split_clause_ids(metric.clause_id):
        if clause not in policy.clauses:
            yield _make_problem(
                metric,
                "clause_id",
                bilingual("common.unknown_clause", clause=clause, near=did_you_mean(clause, policy.clauses)),
                bilingual("monitoring.add_clause"),
            )
    for rule in split_clause_ids(metric.rules):
        if rule != EVERY_RULE and rule not in policy.rules:
            yield _make_problem(
                metric,
                "rules",
                bilingual("monitoring.unknown_rule", rule=rule, near=did_you_mean(rule, policy.rules)),
                bilingual("monitoring.name_rules"),
            )


def _find_bad_expressions(policy: Policy, metric: Metric, scope: Scope) -> Iterator[Problem]:
    for column, compile_cell in build_cell_compilers(policy, metric, scope).items():
        try:
            compile_cell()
        except ExpressionError as error:
            yield _make_problem(metric, column, error.full_message, bilingual("common.correct_cell"))


def _find_overlapping_versions(policy: Policy) -> Iterator[Problem]:
    for a, b in combinations(load_metrics(policy), 2):
        if a.metric_id == b.metric_id and a.effective_from < b.effective_to and b.effective_from < a.effective_to:
            yield _make_problem(
                b,
                "effective_from",
                bilingual("monitoring.overlapping_versions", row=a.place.row),
                bilingual("common.end_version_first"),
            )
