"""Compiles the rows of consequences.csv and exposure_ratios.csv, and reports what is wrong with them."""

from collections.abc import Iterator
from dataclasses import dataclass

from data.language.expressions import KINDS, ExpressionError, TypedExpression
from data.language.type_checking import compile_text
from data.messages.catalogue import bilingual, term
from policy.engine.query_builder import QueryBuilder
from policy.engine.scope import build_scope
from policy.model.extension_outcomes import CONSEQUENCE_STATES, Consequence, ExposureRatio
from policy.model.policy_cache import cached_by_policy
from policy.model.problem import Problem
from policy.model.records import Policy

SUBJECT = "extension"


@dataclass(eq=False)
class CompiledConsequences:
    request: QueryBuilder
    outcomes: list[tuple[Consequence, TypedExpression]]
    loan: QueryBuilder
    ratios: list[tuple[ExposureRatio, TypedExpression, TypedExpression]]
    problems: list[Problem]


@cached_by_policy
def compile_policy(policy: Policy) -> CompiledConsequences:
    # A request has no rows of its own below it, and a loan's share of a ratio depends on the loan alone.
    request, loan = (QueryBuilder(build_scope(policy, name, with_aggregates=False)) for name in (SUBJECT, "loan"))
    found = CompiledConsequences(request, [], loan, [], [])
    for row in policy.consequences:
        try:
            found.outcomes.append((row, _compile_outcome(request, row)))
        except ExpressionError as error:
            found.problems.append(_make_problem(row, "expression", error.full_message))
    for ratio in policy.exposure_ratios:
        try:
            found.ratios.append((ratio, _compile_condition(loan, ratio.part), _compile_condition(loan, ratio.whole)))
        except ExpressionError as error:
            found.problems.append(_make_problem(ratio, "part", error.full_message))
    return found


def _make_problem(row: Consequence | ExposureRatio, column: str, message: str) -> Problem:
    return Problem("error", row.place.table, row.place.row, column, message, bilingual("common.correct_cell"))


def _compile_outcome(query: QueryBuilder, row: Consequence) -> TypedExpression:
    scope = query.scope
    if row.state not in CONSEQUENCE_STATES:
        raise ExpressionError(
            bilingual("extensions.unknown_state", state=row.state, known=", ".join(CONSEQUENCE_STATES))
        )
    if row.state == "sets" and row.outcome not in scope.facts:
        raise ExpressionError(bilingual("extensions.not_a_request_field", outcome=row.outcome))
    typed = compile_text(row.expression, scope.make_resolver(scope.resolve_act_date(row.act_date)))
    if typed.kind != KINDS.get(row.type):
        raise ExpressionError(bilingual("extensions.other_type", kind=term(typed.kind), type=row.type))
    query.add_lookups(typed.sql)
    return typed


def _compile_condition(query: QueryBuilder, text: str) -> TypedExpression:
    scope = query.scope
    typed = compile_text(text, scope.make_resolver(scope.resolve_act_date("as_of")))
    if typed.kind != "boolean":
        raise ExpressionError(bilingual("common.gives_where_true_false", kind=term(typed.kind)))
    query.add_lookups(typed.sql)
    return typed


def find_problems(policy: Policy) -> Iterator[Problem]:
    """What is wrong with the rows of consequences.csv and exposure_ratios.csv."""
    yield from compile_policy(policy).problems
    rows: list[Consequence | ExposureRatio] = [*policy.consequences, *policy.exposure_ratios]
    for row in rows:
        for clause in row.clause_id.split("|"):
            if clause not in policy.clauses:
                yield _make_problem(row, "clause_id", bilingual("extensions.unknown_clause", clause=clause))
