"""What will break if nothing is done: the first day on which a record that keeps a rule now violates it.

The facts are judged again for every day ahead, by the same compiled rules. With the day move the day of judgement and
so the version in force, the days to maturity and the days past due; everything else stays as in the book.
"""

from collections.abc import Mapping
from datetime import date, timedelta

import duckdb
import polars as pl
from sqlglot import exp

from data import dictionary
from data.language.dialects import quote_identifier
from data.language.functions import render, sql_literal
from data.storage import query
from policy.engine.batch import IDENTITY, facts_at_sql
from policy.engine.compiler import CompiledSubject, compile_subject_cached
from policy.engine.verdict_codes import NOT_APPLICABLE, PASS, VIOLATION, CompiledRule
from policy.model.records import Policy

WINDOW_DAYS = (7, 30, 60, 90)
AS_OF = "as_of"
# The value of a fact of the loan so many days later, if nothing is paid and nothing is done.
SHIFTED_FACTS = {
    AS_OF: "{as_of} + days_ahead",
    "days_to_maturity": "days_to_maturity - days_ahead",
    "days_past_due": """CASE WHEN days_past_due > 0 THEN days_past_due + days_ahead
        WHEN is_running AND balance > 0 AND {as_of} + days_ahead > current_maturity
        THEN {as_of} + days_ahead - current_maturity ELSE days_past_due END""",
}
REQUIRED_FACTS = {"days_past_due": ("is_running", "balance", "current_maturity")}
SCHEMA = {
    **dict.fromkeys(IDENTITY, pl.String),
    "subject": pl.String,
    "subject_id": pl.String,
    "rule_id": pl.String,
    "breaks_on": pl.Date,
    "days_left": pl.Int64,
}


def find_upcoming_violations(
    con: duckdb.DuckDBPyConnection,
    policy: Policy,
    as_of: date,
    within: int = WINDOW_DAYS[-1],
    rules: frozenset[str] | None = None,
) -> pl.DataFrame:
    """[IDENTITY…, subject, subject_id, rule_id, breaks_on, days_left] of what breaks in so many days, soonest first.

    Records that pass now, or to which the rule does not apply yet; by all rules, or the few named. Set-based.
    """
    subjects = [subject for subject in policy.subjects if subject != "extension"]
    found = [_find_for_subject(con, policy, subject, as_of, within, rules) for subject in subjects]
    return pl.concat([pl.DataFrame(schema=SCHEMA), *found]).sort("breaks_on", "subject", "subject_id", "rule_id")


def _find_for_subject(
    con: duckdb.DuckDBPyConnection,
    policy: Policy,
    subject: str,
    as_of: date,
    within: int,
    rules: frozenset[str] | None,
) -> pl.DataFrame:
    judged = compile_subject_cached(policy, subject)
    asked = [rule for rule in judged.rules if rules is None or rule.rule_id in rules]
    moving = [rule for rule in asked if can_verdict_change(judged, rule, as_of, as_of + timedelta(within))]
    if not moving:
        return pl.DataFrame(schema=SCHEMA)
    found = query.fetch_frame(con, _upcoming_sql(judged, moving), as_of=as_of, within=within)
    return found.with_columns(subject=pl.lit(subject)).select(
        *(pl.col(name).cast(kind) for name, kind in SCHEMA.items())
    )


def can_verdict_change(judged: CompiledSubject, rule: CompiledRule, first: date, last: date) -> bool:
    """Whether the rule may say something else on a later day: it reads what moves, or its versions change till then."""
    seen: set[str] = set()
    todo: list[exp.Expr] = [rule.code]
    while todo:
        for column in todo.pop().find_all(exp.Column):
            if column.name in judged.query.computed and column.name not in seen:
                seen.add(column.name)
                todo.append(judged.query.computed[column.name])
            elif (
                column.name in SHIFTED_FACTS
                and column.name in judged.scope.facts
                and not _is_constant_test(column, first, last)
            ):
                return True
    return False


def _is_constant_test(column: exp.Column, first: date, last: date) -> bool:
    """Whether the day occurs only in a comparison with a day in force that has the same outcome on all these days."""
    test = column.parent
    if isinstance(test, exp.Is):
        return column.name == AS_OF
    if column.name != AS_OF or not isinstance(test, exp.GTE | exp.LT) or test.this is not column:
        return False
    edge = test.expression
    if not (isinstance(edge, exp.Cast) and isinstance(edge.this, exp.Literal)):
        return False
    return not first < date.fromisoformat(edge.this.name) <= last


def _upcoming_sql(judged: CompiledSubject, moving: list[CompiledRule]) -> str:
    query, subject = judged.query, judged.subject
    roots = frozenset(name for rule in moving for name in rule.columns_read)
    key = dictionary.load_subjects()[subject].id
    codes = ", ".join(f"CAST({rule.rendered_sql.code} AS UTINYINT) AS code{n}" for n, rule in enumerate(moving))
    # NULL counts as no day, so that a rule that never breaks is left out.
    breaks = ", ".join(
        f"{{'rule_id': {render(sql_literal('text', rule.rule_id))}, 'day': CASE WHEN "
        f"any_value(code{n}) FILTER (days_ahead = 0) IN ({PASS}, {NOT_APPLICABLE}) "
        f"THEN min(days_ahead) FILTER (code{n} = {VIOLATION}) END}}"
        for n, rule in enumerate(moving)
    )
    named = ", ".join(f"{'subject_key' if name == key else f'any_value({name})'} AS {name}" for name in IDENTITY)
    held = f"SELECT {quote_identifier(key)} AS subject_key, {', '.join(IDENTITY)}, days_ahead, {codes} FROM columns"
    return f"""{query.render_query(_days_ahead_sql(judged, roots), roots)},
    coded AS MATERIALIZED ({held}),
    broken AS (
        SELECT subject_key, {named}, unnest(list_filter([{breaks}], lambda found: found.day IS NOT NULL)) AS found
        FROM coded GROUP BY subject_key)
    SELECT {", ".join(IDENTITY)}, subject_key AS subject_id, found.rule_id AS rule_id,
        $as_of + CAST(found.day AS INTEGER) AS breaks_on, found.day AS days_left FROM broken"""


def _days_ahead_sql(judged: CompiledSubject, roots: frozenset[str]) -> str:
    """The facts that the rules read, of what is not ended, for the day of judgement and every day ahead."""
    facts = judged.scope.facts
    read = judged.query.source_facts(roots) & set(facts)
    key = dictionary.load_subjects()[judged.subject].id
    kept = dict.fromkeys([*IDENTITY, key, *sorted(read)])
    moved = {
        name: sql.format(as_of="$as_of")
        for name, sql in SHIFTED_FACTS.items()
        if name in kept and _has_required_facts(name, facts)
    }
    shown = ", ".join(
        f"{moved[name]} AS {quote_identifier(name)}" if name in moved else quote_identifier(name) for name in kept
    )
    running = " AND is_running IS NOT FALSE" if "is_running" in facts else ""
    base = facts_at_sql(judged.subject, running)
    return (
        f"(SELECT {shown}, days_ahead FROM {base} AS now CROSS JOIN "
        "(SELECT CAST(unnest(range(CAST($within AS BIGINT) + 1)) AS INTEGER) AS days_ahead) AS days)"
    )


def _has_required_facts(name: str, facts: Mapping[str, dictionary.Field]) -> bool:
    return all(need in facts for need in REQUIRED_FACTS.get(name, ()))
