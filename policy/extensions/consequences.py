"""What an extension brings about: class, observation, provision, rate bracket, and the ratios of branch and bank.

Every outcome is a row of consequences.csv, worked out over the facts of the request as they are and as they would be.
"""

from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Any

import duckdb
from sqlglot import exp

from data.facts import prepared_statements
from data.language import functions
from data.language.dialects import quote_identifier
from data.language.expressions import TypedExpression
from policy.engine.query_builder import QueryBuilder
from policy.engine.single_record import Record, fetch_records
from policy.extensions.consequence_compiler import CompiledConsequences, compile_policy
from policy.model.extension_outcomes import Consequence, ExposureRatio
from policy.model.records import Policy

LEVELS = ("branch", "bank")


@dataclass(frozen=True)
class OutcomeChange:
    """One outcome before and after; None where it cannot be worked out, with the facts that are `missing`."""

    consequence: Consequence
    before: Any
    after: Any
    missing: tuple[str, ...]

    @property
    def difference(self) -> Decimal | None:
        both = isinstance(self.before, Decimal) and isinstance(self.after, Decimal)
        return self.after - self.before if both else None


@dataclass(frozen=True)
class RatioChange:
    """Balances in yuan of one branch or of the bank, in the loan's currency; the loan itself moves by the extension."""

    exposure_ratio: ExposureRatio
    level: str
    part_before: Decimal
    whole_before: Decimal
    part_after: Decimal
    whole_after: Decimal

    @property
    def before(self) -> Decimal | None:
        return _compute_share(self.part_before, self.whole_before)

    @property
    def after(self) -> Decimal | None:
        return _compute_share(self.part_after, self.whole_after)


@dataclass(frozen=True)
class Consequences:
    changes: list[OutcomeChange]
    ratios: list[RatioChange]


def _compute_share(part: Decimal, whole: Decimal) -> Decimal | None:
    return part / whole if whole else None


def compute_from_facts(con: duckdb.DuckDBPyConnection, policy: Policy, as_of: date, facts: Record) -> Consequences:
    """The consequences of the request with these extension facts, were it granted."""
    compiled = compile_policy(policy)
    sets = _evaluate_outcomes(compiled, facts, ("sets",))
    set_facts = {row.outcome: value for row, value in sets.items()}
    after_facts = facts | set_facts
    before, after = (_evaluate_outcomes(compiled, state, ("both", "after")) for state in (facts, after_facts))
    changes = [
        OutcomeChange(
            row,
            before[row] if row.state == "both" else None,
            after[row],
            _list_missing_facts(typed, after_facts) if after[row] is None else (),
        )
        for row, typed in compiled.outcomes
        if row.state != "sets"
    ]
    changed = set_facts | {"extension_count": (facts["prior_extension_count"] or 0) + 1}
    return Consequences(changes, _compute_ratios(con, compiled, as_of, facts["loan_id"], changed))


def _list_missing_facts(typed: TypedExpression, facts: Record) -> tuple[str, ...]:
    return tuple(name for name in typed.inputs if name in facts and facts[name] is None)


def _evaluate_outcomes(
    compiled: CompiledConsequences, facts: Record, states: tuple[str, ...]
) -> dict[Consequence, Any]:
    wanted = [pair for pair in compiled.outcomes if pair[0].state in states]
    if not wanted:
        return {}
    found = _evaluate_expressions(compiled.request, [typed for _, typed in wanted], [facts])[0]
    return {row: found[f"value{n}"] for n, (row, _) in enumerate(wanted)}


def _evaluate_expressions(query: QueryBuilder, wanted: list[TypedExpression], rows: list[Record]) -> list[Record]:
    roots = _collect_columns(wanted)
    read = query.source_facts(roots)
    types = {name: fact.sql_type for name, fact in query.scope.facts.items() if name in read} | {"given_row": "INTEGER"}
    values = ", ".join(f"{functions.render(typed.sql)} AS value{n}" for n, typed in enumerate(wanted))
    derived = query.render_query(prepared_statements.relation_sql(types), roots)
    text = f"{derived} SELECT {values} FROM columns ORDER BY given_row"
    return prepared_statements.run_query(text, [row | {"given_row": n} for n, row in enumerate(rows)], types)


def _compute_ratios(
    con: duckdb.DuckDBPyConnection, compiled: CompiledConsequences, as_of: date, loan_id: str, changed: Record
) -> list[RatioChange]:
    """Sums of the running loans of the loan's currency; only the loan's own part changes."""
    tests = [test for _, part, whole in compiled.ratios for test in (_combine_conditions(part, whole), whole)]
    names = compiled.loan.source_facts(_collect_columns(tests)) | {"balance", "is_running", "currency", "branch_id"}
    found = fetch_records(
        con,
        f"SELECT {', '.join(map(quote_identifier, sorted(names)))} FROM facts_loan "
        "WHERE as_of = $as_of AND loan_id = $loan_id",
        {"as_of": as_of, "loan_id": loan_id},
    )
    if not found or not compiled.ratios or found[0]["balance"] is None or not found[0]["is_running"]:
        return []
    loan = found[0]
    own = _evaluate_expressions(compiled.loan, tests, [loan, loan | {n: v for n, v in changed.items() if n in loan}])
    sums = _sum_balances(con, compiled, tests, as_of, loan)
    return [
        RatioChange(row, level, *_shift_balances(loan["balance"], sums[level], own, 2 * n))
        for n, (row, _, _) in enumerate(compiled.ratios)
        for level in LEVELS
    ]


def _combine_conditions(part: TypedExpression, whole: TypedExpression) -> TypedExpression:
    both = exp.And(this=exp.paren(part.sql), expression=exp.paren(whole.sql))
    return replace(part, sql=both)


def _shift_balances(
    balance: Decimal, sums: Record, own: list[Record], n: int
) -> tuple[Decimal, Decimal, Decimal, Decimal]:
    before = [sums[f"sum{n + offset}"] for offset in (0, 1)]
    moves = [
        balance * (int(own[1][f"value{n + offset}"] is True) - int(own[0][f"value{n + offset}"] is True))
        for offset in (0, 1)
    ]
    return before[0], before[1], before[0] + moves[0], before[1] + moves[1]


def _sum_balances(
    con: duckdb.DuckDBPyConnection,
    compiled: CompiledConsequences,
    tests: list[TypedExpression],
    as_of: date,
    loan: Record,
) -> dict[str, Record]:
    roots = _collect_columns(tests)
    names = sorted(compiled.loan.source_facts(roots) | {"balance", "branch_id"})
    base = (
        f"(SELECT {', '.join(map(quote_identifier, names))} FROM facts_loan WHERE as_of = $as_of AND is_running "
        "AND currency IS NOT DISTINCT FROM $currency)"
    )
    sums = ", ".join(
        f"coalesce(sum(balance) FILTER ({functions.render(test.sql)}), 0) AS sum{n}" for n, test in enumerate(tests)
    )
    own = "branch_id IS NOT DISTINCT FROM $branch_id"
    found = fetch_records(
        con,
        f"{compiled.loan.render_query(base, roots)} SELECT {own} AS own, {sums} FROM columns GROUP BY own",
        {"as_of": as_of, "currency": loan["currency"], "branch_id": loan["branch_id"]},
    )
    bank = {name: sum(row[name] for row in found) for name in found[0] if name != "own"}
    return {"branch": next(row for row in found if row["own"]), "bank": bank}


def _collect_columns(tests: list[TypedExpression]) -> frozenset[str]:
    return frozenset(column.name for typed in tests for column in typed.sql.find_all(exp.Column))
