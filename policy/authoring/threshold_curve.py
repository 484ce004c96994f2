"""A threshold curve: what each possible limit of one rule would catch, in one scan over the facts."""

from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal, InvalidOperation

import duckdb

from data import dictionary
from data.errors import InputError
from data.facts import derivation
from data.language.dialects import quote_identifier
from data.language.expressions import did_you_mean
from data.messages.catalogue import bilingual, term
from policy.engine.batch import facts_at_sql
from policy.engine.compiler import CompiledSubject, compile_subject
from policy.engine.verdict_codes import NOT_APPLICABLE, PASS, VIOLATION
from policy.model.records import VERDICTS, Policy, Rule

MOST_VALUES = 200
CURRENT_LIMIT = "as it is"
LimitValue = Decimal | date


@dataclass(frozen=True)
class CurvePoint:
    """One limit: records by verdict, and the loans caught with their balance, each loan once."""

    limit: str
    counts: dict[str, int]
    loans: int
    yuan: Decimal


def parse_values(text: str) -> list[LimitValue]:
    """`0.5,0.6,0.7`, `0.5..0.9/0.05` or days `2024-01-01..2024-12-31/30`, in that order.

    Raises InputError for what is neither, mixes both, or gives more than 200 values.
    """
    found: list[LimitValue] = []
    for part in (part.strip() for part in text.split(",")):
        found += _parse_range(part) if ".." in part else [_parse_value(part)]
        if len(found) > MOST_VALUES:
            raise InputError(
                bilingual(
                    "authoring.over_more_values_take",
                    text=text,
                    MOST_VALUES=MOST_VALUES,
                )
            )
    if len({type(value) for value in found}) != 1:
        raise InputError(bilingual("authoring.over_numbers_dates_together", text=text))
    return found


def _parse_value(text: str) -> LimitValue:
    try:
        return date.fromisoformat(text)
    except ValueError:
        pass
    try:
        value = Decimal(text)
    except InvalidOperation:
        value = Decimal("NaN")
    if not value.is_finite():
        raise InputError(bilingual("authoring.over_no_number_no", text=text))
    return value


def _parse_range(text: str) -> list[LimitValue]:
    ends, slash, step_text = text.partition("/")
    low, high = (_parse_value(end) for end in ends.split("..", 1))
    step = _parse_value(step_text) if slash else Decimal(0)
    if type(low) is not type(high) or not isinstance(step, Decimal) or step <= 0:
        raise InputError(bilingual("authoring.over_no_range_write", text=text))
    if isinstance(low, date) and step != int(step):
        raise InputError(bilingual("authoring.over_steps_dates_step", text=text, step=step))
    found: list[LimitValue] = []
    while low <= high and len(found) <= MOST_VALUES:  # type: ignore[operator]
        found.append(low)
        low = low + timedelta(days=int(step)) if isinstance(low, date) else low + step
    return found


def compute_points(
    con: duckdb.DuckDBPyConnection, policy: Policy, rule_id: str, limits: list[LimitValue], as_of: date, *, today: bool
) -> list[CurvePoint]:
    """The rule as it is, then with each value in place of the limit of all its versions.

    Raises InputError for an unknown rule, or one whose limit is not of the kind of the values.
    """
    derivation.require_facts(con, as_of)
    judged = _compile_variants(policy, rule_id, limits, today=today)
    subject = judged.subject
    roots = frozenset((dictionary.load_subjects()[subject].id, "loan_id", "borrower_id"))
    select = judged.query.render_query(
        facts_at_sql(subject), roots.union(*(rule.columns_read for rule in judged.rules)), pruned=True
    )
    codes = ", ".join(f"CAST({rule.rendered_sql.code} AS UTINYINT) AS r{n}" for n, rule in enumerate(judged.rules))
    con.execute(
        f"CREATE OR REPLACE TEMP TABLE curve AS {select} SELECT loan_id, borrower_id, {codes} FROM columns",
        {"as_of": as_of},
    )
    numbers = range(len(judged.rules))
    counts = con.execute(f"SELECT {', '.join(_verdict_counts_sql(n) for n in numbers)} FROM curve").fetchall()[0]
    caught = con.execute(_caught_loans_sql(len(judged.rules)), {"as_of": as_of}).fetchall()[0]
    names = [CURRENT_LIMIT, *map(str, limits)]
    return [
        CurvePoint(names[n], dict(zip(VERDICTS, counts[n], strict=True)), caught[2 * n], caught[2 * n + 1])
        for n in numbers
    ]


def _compile_variants(policy: Policy, rule_id: str, over: list[LimitValue], *, today: bool) -> CompiledSubject:
    """The rule as it is and once for each value, each a rule of its own to the compiler."""
    versions = [rule for rule in policy.versions if rule.rule_id == rule_id]
    if not versions:
        raise InputError(bilingual("authoring.no_rule", rule=rule_id, near=did_you_mean(rule_id, policy.rules)))
    limits = [None, *(_format_literal(value) for value in over)]
    rules: list[Rule] = [
        replace(rule, rule_id=f"{rule_id}@{n}", limit=rule.limit if limit is None else limit)
        for n, limit in enumerate(limits)
        for rule in versions
    ]
    judged = compile_subject(replace(policy, versions=tuple(rules)), versions[0].subject, today=today)
    wanted = "date" if isinstance(over[0], date) else "number"
    if judged.rules and judged.rules[0].kind != wanted:
        raise InputError(
            bilingual(
                "authoring.measures_over_gives_s",
                rule=rule_id,
                kind=term(judged.rules[0].kind),
                wanted=term(wanted),
            )
        )
    if judged.problems:
        raise InputError(
            bilingual("authoring.cannot_judged_over_these", rule=rule_id, message=judged.problems[0].message)
        )
    return judged


def _format_literal(value: LimitValue) -> str:
    return f"DATE '{value.isoformat()}'" if isinstance(value, date) else f"{value:f}"


def _verdict_counts_sql(n: int) -> str:
    tests = (
        f"r{n} = {PASS}",
        f"r{n} = {VIOLATION}",
        f"r{n} = {NOT_APPLICABLE}",
        f"r{n} NOT IN ({PASS}, {VIOLATION}, {NOT_APPLICABLE})",
    )
    return "[" + ", ".join(f"count(*) FILTER ({test})" for test in tests) + "]"


def _caught_loans_sql(rules: int) -> str:
    """Loans and balance caught by each; a record without a loan of its own stands for its borrower's loans."""
    any_of = ", ".join(f"bool_or(r{n} = {VIOLATION}) AS v{n}" for n in range(rules))
    totals = ", ".join(f"count(*) FILTER (v{n}), coalesce(sum(balance) FILTER (v{n}), 0)" for n in range(rules))
    loan = quote_identifier("loan_id")
    return f"""WITH loan AS (SELECT loan_id, borrower_id, balance FROM facts_loan WHERE as_of = $as_of),
        behind AS (
            SELECT c.* EXCLUDE (borrower_id) FROM curve c WHERE {loan} IS NOT NULL
            UNION ALL BY NAME
            SELECT c.* EXCLUDE (loan_id, borrower_id), l.loan_id FROM curve c JOIN loan l USING (borrower_id)
            WHERE c.loan_id IS NULL),
        caught AS (SELECT loan_id, {any_of} FROM behind GROUP BY loan_id)
        SELECT {totals} FROM caught LEFT JOIN loan USING (loan_id)"""
