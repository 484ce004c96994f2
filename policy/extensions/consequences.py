"""What an extension brings about: class, observation, provision, rate bracket, and the ratios of branch and bank.

Every outcome is a row of consequences.csv, worked out over the facts of the request as they are and as they would be.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Any

import duckdb
from sqlglot import exp

from data import dictionary
from data.facts import prepared_statements
from data.messages.catalogue import bilingual, term
from policy.engine.columns import Columns, identifier
from policy.engine.single_record import Record, facts_behind, records
from policy.language import functions
from policy.language.expressions import KINDS, ExpressionError, Typed
from policy.language.type_checking import compile_text
from policy.model.records import STATES, Consequence, ExposureRatio, Policy, Problem

SUBJECT = "extension"
LEVELS = ("branch", "bank")


@dataclass(frozen=True)
class Change:
    """One outcome before and after; None where it cannot be worked out, with the facts that are `missing`."""

    row: Consequence
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

    row: ExposureRatio
    level: str
    part_before: Decimal
    whole_before: Decimal
    part_after: Decimal
    whole_after: Decimal

    @property
    def before(self) -> Decimal | None:
        return _share(self.part_before, self.whole_before)

    @property
    def after(self) -> Decimal | None:
        return _share(self.part_after, self.whole_after)


@dataclass(frozen=True)
class Consequences:
    changes: list[Change]
    ratios: list[RatioChange]


def _share(part: Decimal, whole: Decimal) -> Decimal | None:
    return part / whole if whole else None


@dataclass(eq=False)
class _Compiled:
    columns: Columns
    outcomes: list[tuple[Consequence, Typed]]
    loan: Columns
    ratios: list[tuple[ExposureRatio, Typed, Typed]]
    problems: list[Problem]


_COMPILED: dict[str, _Compiled] = {}


def _compiled(policy: Policy) -> _Compiled:
    if policy.version not in _COMPILED:
        _COMPILED[policy.version] = _compile(policy)
    return _COMPILED[policy.version]


def _compile(policy: Policy) -> _Compiled:
    # A request has no rows of its own below it, and a loan's share of a ratio is told by the loan alone.
    alone = replace(policy, derived=tuple(derived for derived in policy.derived if not derived.from_subject))
    found = _Compiled(Columns(alone, SUBJECT), [], Columns(alone, "loan"), [], [])
    for row in policy.consequences:
        try:
            found.outcomes.append((row, _outcome(found.columns, row)))
        except ExpressionError as error:
            found.problems.append(_problem(row, "expression", error.told))
    for ratio in policy.exposure_ratios:
        try:
            found.ratios.append((ratio, _test(found.loan, ratio.part), _test(found.loan, ratio.whole)))
        except ExpressionError as error:
            found.problems.append(_problem(ratio, "part", error.told))
    return found


def _problem(row: Consequence | ExposureRatio, column: str, message: str) -> Problem:
    return Problem("error", row.place.table, row.place.row, column, message, bilingual("common.mend_cell"))


def _outcome(columns: Columns, row: Consequence) -> Typed:
    if row.state not in STATES:
        raise ExpressionError(bilingual("extensions.no_state_use", state=row.state, known=", ".join(STATES)))
    if row.state == "sets" and row.outcome not in columns.facts:
        raise ExpressionError(bilingual("extensions.no_fact_request_cannot", outcome=row.outcome))
    typed = compile_text(row.expression, columns.names(columns.act(row.as_of or "as_of")))
    if typed.kind != KINDS.get(row.type):
        raise ExpressionError(bilingual("extensions.gives_but_declared", kind=term(typed.kind), type=row.type))
    return typed


def _test(columns: Columns, text: str) -> Typed:
    typed = compile_text(text, columns.names(columns.act("as_of")))
    if typed.kind != "boolean":
        raise ExpressionError(bilingual("common.gives_where_true_false", kind=term(typed.kind)))
    return typed


def problems(policy: Policy) -> Iterator[Problem]:
    """What is wrong with the rows of consequences.csv and exposure_ratios.csv."""
    yield from _compile(policy).problems
    for row in (*policy.consequences, *policy.exposure_ratios):
        for clause in row.clause_id.split("|"):
            if clause not in policy.clauses:
                yield _problem(row, "clause_id", bilingual("extensions.unknown_clause", clause=clause))


def of_request(con: duckdb.DuckDBPyConnection, policy: Policy, as_of: date, facts: Record) -> Consequences:
    """The consequences of the request with these extension facts, were it granted."""
    compiled = _compiled(policy)
    sets = _values(compiled, facts, ("sets",))
    set_facts = {row.outcome: value for row, value in sets.items()}
    after_facts = facts | set_facts
    before, after = (_values(compiled, state, ("both", "after")) for state in (facts, after_facts))
    changes = [
        Change(
            row,
            before[row] if row.state == "both" else None,
            after[row],
            _missing(typed, after_facts) if after[row] is None else (),
        )
        for row, typed in compiled.outcomes
        if row.state != "sets"
    ]
    changed = set_facts | {"extension_count": (facts["prior_extension_count"] or 0) + 1}
    return Consequences(changes, _ratios(con, compiled, as_of, facts["loan_id"], changed))


def _missing(typed: Typed, facts: Record) -> tuple[str, ...]:
    return tuple(name for name in typed.inputs if name in facts and facts[name] is None)


def _values(compiled: _Compiled, facts: Record, states: tuple[str, ...]) -> dict[Consequence, Any]:
    wanted = [pair for pair in compiled.outcomes if pair[0].state in states]
    if not wanted:
        return {}
    found = _evaluated(compiled.columns, [typed for _, typed in wanted], [facts])[0]
    return {row: found[f"value{n}"] for n, (row, _) in enumerate(wanted)}


def _evaluated(columns: Columns, wanted: list[Typed], rows: list[Record]) -> list[Record]:
    roots = _roots(wanted)
    fields = dictionary.facts(columns.subject)
    types = {n: fields[n].sql_type for n in fields if n in facts_behind(columns, roots)} | {"given_row": "INTEGER"}
    values = ", ".join(f"{functions.render(typed.sql)} AS value{n}" for n, typed in enumerate(wanted))
    text = (
        f"{columns.select(prepared_statements.relation(types), roots)} SELECT {values} FROM columns ORDER BY given_row"
    )
    return prepared_statements.run(text, [row | {"given_row": n} for n, row in enumerate(rows)], types)


def _ratios(
    con: duckdb.DuckDBPyConnection, compiled: _Compiled, as_of: date, loan_id: str, changed: Record
) -> list[RatioChange]:
    """Sums of the running loans of the loan's currency; only the loan's own part changes."""
    tests = [test for _, part, whole in compiled.ratios for test in (_joined(part, whole), whole)]
    names = facts_behind(compiled.loan, _roots(tests)) | {"balance", "is_running", "currency", "branch_id"}
    found = records(
        con,
        f"SELECT {', '.join(map(identifier, sorted(names)))} FROM facts_loan "
        "WHERE as_of = $as_of AND loan_id = $loan_id",
        {"as_of": as_of, "loan_id": loan_id},
    )
    if not found or not compiled.ratios or found[0]["balance"] is None or not found[0]["is_running"]:
        return []
    loan = found[0]
    own = _evaluated(compiled.loan, tests, [loan, loan | {n: v for n, v in changed.items() if n in loan}])
    sums = _sums(con, compiled, tests, as_of, loan)
    return [
        RatioChange(row, level, *_moved(loan["balance"], sums[level], own, 2 * n))
        for n, (row, _, _) in enumerate(compiled.ratios)
        for level in LEVELS
    ]


def _joined(part: Typed, whole: Typed) -> Typed:
    both = exp.And(this=exp.paren(part.sql), expression=exp.paren(whole.sql))
    return replace(part, sql=both)


def _moved(balance: Decimal, sums: Record, own: list[Record], n: int) -> tuple[Decimal, Decimal, Decimal, Decimal]:
    before = [sums[f"sum{n + offset}"] for offset in (0, 1)]
    moves = [
        balance * (int(own[1][f"value{n + offset}"] is True) - int(own[0][f"value{n + offset}"] is True))
        for offset in (0, 1)
    ]
    return before[0], before[1], before[0] + moves[0], before[1] + moves[1]


def _sums(
    con: duckdb.DuckDBPyConnection, compiled: _Compiled, tests: list[Typed], as_of: date, loan: Record
) -> dict[str, Record]:
    roots = _roots(tests)
    names = sorted(facts_behind(compiled.loan, roots) | {"balance", "branch_id"})
    base = (
        f"(SELECT {', '.join(map(identifier, names))} FROM facts_loan WHERE as_of = $as_of AND is_running "
        "AND currency IS NOT DISTINCT FROM $currency)"
    )
    sums = ", ".join(
        f"coalesce(sum(balance) FILTER ({functions.render(test.sql)}), 0) AS sum{n}" for n, test in enumerate(tests)
    )
    own = "branch_id IS NOT DISTINCT FROM $branch_id"
    found = records(
        con,
        f"{compiled.loan.select(base, roots)} SELECT {own} AS own, {sums} FROM columns GROUP BY own",
        {"as_of": as_of, "currency": loan["currency"], "branch_id": loan["branch_id"]},
    )
    bank = {name: sum(row[name] for row in found) for name in found[0] if name != "own"}
    return {"branch": next(row for row in found if row["own"]), "bank": bank}


def _roots(tests: list[Typed]) -> frozenset[str]:
    return frozenset(column.name for typed in tests for column in typed.sql.find_all(exp.Column))
