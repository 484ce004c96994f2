"""What a changed policy does to a whole book: only rules that compile to something else are judged, by both policies.

Nothing is stored in the book. Loans and yuan are counted once in each total: a loan that two rules catch counts
once in the total of both. A record without a loan of its own (a borrower) counts as the loans of that borrower.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date

import duckdb
import polars as pl
from sqlglot import exp

from data import dictionary
from data.facts import derivation
from data.language.dialects import quote_identifier
from data.language.functions import render, sql_literal
from data.storage import query
from policy.authoring import version_diff
from policy.authoring.version_diff import RowChange
from policy.engine.batch import IDENTITY, facts_at_sql
from policy.engine.compiler import CompiledSubject, compile_subject_cached
from policy.engine.query_builder import QueryBuilder
from policy.engine.verdict_codes import NOT_APPLICABLE, PASS, VIOLATION, CompiledRule
from policy.model.records import Policy

RULES_PER_QUERY = 16
KINDS = {
    "added": "after = 'violation' AND before IS DISTINCT FROM 'violation'",
    "removed": "before = 'violation' AND after IS DISTINCT FROM 'violation'",
    "became_not_assessable": "after = 'not_assessable' AND before IS DISTINCT FROM 'not_assessable'",
    "ceased_not_assessable": "before = 'not_assessable' AND after IS DISTINCT FROM 'not_assessable'",
}
GROUPS = ("rule_id", "branch_id", "severity")


@dataclass(frozen=True)
class Impact:
    """`judged`: rules that compile to something else. `totals` [kind, records, loans, yuan]; `by`: that per group."""

    as_of: date
    before: str
    after: str
    changes: list[RowChange]
    judged_rules: tuple[str, ...]
    totals: pl.DataFrame
    totals_by_group: dict[str, pl.DataFrame]


def compare_policies(
    con: duckdb.DuckDBPyConnection,
    before: Policy,
    after: Policy,
    as_of: date,
    *,
    today: bool,
    on_step: Callable[[str], None] = lambda _: None,
) -> Impact:
    """Judges the book's facts of as_of by both policies; leaves the temporary table `moved_loans` for list_moved_loans.

    `on_step` hears the name of each subject whose rules are judged, before they are.

    Raises BookError when the book has no facts of as_of.
    """
    derivation.require_facts(con, as_of)
    con.execute(
        "CREATE OR REPLACE TEMP TABLE moves (rule_id VARCHAR, severity VARCHAR, subject VARCHAR, subject_id VARCHAR, "
        f"{', '.join(f'{name} VARCHAR' for name in IDENTITY)}, before VARCHAR, after VARCHAR)"
    )
    judged: list[str] = []
    for subject in dict.fromkeys((*before.subjects, *after.subjects)):
        sides = [_compile_side(policy, subject, today=today) for policy in (before, after)]
        changed = list(_find_changed_rules(*sides))
        if changed:
            on_step(subject)
        for first in range(0, len(changed), RULES_PER_QUERY):
            some = changed[first : first + RULES_PER_QUERY]
            _judge_sides(con, subject, [_select_rules(side, some) for side in sides], as_of)
            _store_moves(con, subject, some, sides)
        judged += changed
    _create_moved_loans(con, as_of)
    by = {name: _compute_totals(con, name) for name in GROUPS}
    changes = version_diff.find_policy_changes(before, after)
    return Impact(as_of, before.version, after.version, changes, tuple(judged), _compute_totals(con), by)


@dataclass(frozen=True)
class _PolicySide:
    """One policy's rules about a subject; empty where it has none."""

    compiled_subject: CompiledSubject | None
    rules: dict[str, CompiledRule]

    @property
    def query(self) -> QueryBuilder:
        if self.compiled_subject is None:
            raise ValueError("a policy without rules on the subject has no columns")
        return self.compiled_subject.query


def _compile_side(policy: Policy, subject: str, *, today: bool) -> _PolicySide:
    if subject not in policy.subjects:
        return _PolicySide(None, {})
    judged = compile_subject_cached(policy, subject, today=today)
    return _PolicySide(judged, {rule.rule_id: rule for rule in judged.rules})


def _select_rules(side: _PolicySide, rules: list[str]) -> _PolicySide:
    return _PolicySide(side.compiled_subject, {name: side.rules[name] for name in rules if name in side.rules})


def _collect_columns(rules: dict[str, CompiledRule]) -> frozenset[str]:
    return frozenset(column.name for rule in rules.values() for column in rule.code.find_all(exp.Column))


def _find_changed_rules(before: _PolicySide, after: _PolicySide) -> Iterator[str]:
    """Rules that only one policy has, or whose verdict is made of other expressions."""
    same: dict[str, bool] = {}
    for name in dict.fromkeys((*before.rules, *after.rules)):
        one, other = before.rules.get(name), after.rules.get(name)
        if one is None or other is None or one.code != other.code or not _has_same_columns(before, after, one, same):
            yield name


def _has_same_columns(before: _PolicySide, after: _PolicySide, rule: CompiledRule, same: dict[str, bool]) -> bool:
    """Whether all columns behind the rule, which both read by the same names, are alike; `same` remembers each."""
    old, new = before.query, after.query
    todo, seen = set(_collect_columns({rule.rule_id: rule})), set()
    while todo:
        name = todo.pop()
        seen.add(name)
        if name not in same:
            same[name] = _find_definition(old, name) == _find_definition(new, name)
        if not same[name]:
            return False
        if name in old.computed:
            todo |= {column.name for column in old.computed[name].find_all(exp.Column)} - seen
    return True


def _find_definition(query: QueryBuilder, name: str) -> exp.Expr | str | None:
    """What a column is made of; nothing for a fact."""
    if name in query.aggregates:
        return query.aggregates[name].render_from_facts("")
    return query.computed.get(name)


def _judge_sides(con: duckdb.DuckDBPyConnection, subject: str, sides: list[_PolicySide], as_of: date) -> None:
    """code_before and code_after: a column of verdicts for each rule."""
    key = quote_identifier(dictionary.load_subjects()[subject].id)
    for name, side in zip(("code_before", "code_after"), sides, strict=True):
        con.execute(f"DROP TABLE IF EXISTS {name}")
        if not side.rules or side.compiled_subject is None:
            continue
        roots = _collect_columns(side.rules) | {dictionary.load_subjects()[subject].id, *IDENTITY}
        select = side.compiled_subject.query.render_query(facts_at_sql(subject), roots, pruned=True)
        codes = "".join(f", {_verdict_sql(rule)} AS {quote_identifier(rule.rule_id)}" for rule in side.rules.values())
        who = f"{key} AS subject_id, {', '.join(IDENTITY)}"
        con.execute(f"CREATE TEMP TABLE {name} AS {select} SELECT {who}{codes} FROM columns", {"as_of": as_of})


def _verdict_sql(rule: CompiledRule) -> str:
    return (
        f"CASE {render(rule.code)} WHEN {PASS} THEN 'pass' WHEN {VIOLATION} THEN 'violation' "
        f"WHEN {NOT_APPLICABLE} THEN 'not_applicable' ELSE 'not_assessable' END"
    )


def _store_moves(con: duckdb.DuckDBPyConnection, subject: str, rules: list[str], sides: list[_PolicySide]) -> None:
    """A row for each record and rule with another verdict, as far as a violation or an unknown is in it."""
    for name in rules:
        has = [name in side.rules for side in sides]
        columns = [
            f"{side}.{quote_identifier(name)}" if there else "NULL" for side, there in zip("ba", has, strict=True)
        ]
        source = {
            (True, True): "code_before b JOIN code_after a USING (subject_id)",
            (True, False): "code_before b",
            (False, True): "code_after a",
        }[has[0], has[1]]
        who = "a" if has[1] else "b"
        rule = (sides[1] if has[1] else sides[0]).rules[name].newest_version
        con.execute(
            f"""INSERT INTO moves
            SELECT $rule, $severity, $subject, subject_id, {", ".join(IDENTITY)}, before, after
            FROM (SELECT {who}.subject_id, {", ".join(f"{who}.{part}" for part in IDENTITY)}, {columns[0]} AS before,
                {columns[1]} AS after FROM {source})
            WHERE before IS DISTINCT FROM after
                AND (before IN ('violation', 'not_assessable') OR after IN ('violation', 'not_assessable'))""",
            {"rule": name, "severity": rule.severity, "subject": subject},
        )


def _create_moved_loans(con: duckdb.DuckDBPyConnection, as_of: date) -> None:
    """moved_loans: a row for each kind of move and each loan behind it, with the loan's balance."""
    kinds = " UNION ALL ".join(
        f"SELECT {render(sql_literal('text', kind))} AS kind, * FROM moves WHERE {test}" for kind, test in KINDS.items()
    )
    con.execute(
        f"""CREATE OR REPLACE TEMP TABLE moved_loans AS
        WITH move AS ({kinds}), loan AS (
            SELECT loan_id, borrower_id, balance FROM facts_loan WHERE as_of = $as_of)
        SELECT m.* EXCLUDE (loan_id), m.loan_id, l.balance FROM move m LEFT JOIN loan l ON l.loan_id = m.loan_id
        WHERE m.loan_id IS NOT NULL OR m.borrower_id IS NULL
        UNION ALL
        SELECT m.* EXCLUDE (loan_id), l.loan_id, l.balance FROM move m LEFT JOIN loan l ON l.borrower_id = m.borrower_id
        WHERE m.loan_id IS NULL AND m.borrower_id IS NOT NULL""",
        {"as_of": as_of},
    )


def _compute_totals(con: duckdb.DuckDBPyConnection, group: str | None = None) -> pl.DataFrame:
    """[group, kind, records, loans, yuan]; in each the balance of a loan counts once."""
    key = f"{group}, kind" if group else "kind"
    same = f"AND l.{group} IS NOT DISTINCT FROM r.{group}" if group else ""
    order = ", ".join(f"'{kind}'" for kind in KINDS)
    return query.fetch_frame(
        con,
        f"""WITH record AS (
            SELECT {key}, count(*) AS records FROM (SELECT DISTINCT {key}, rule_id, subject_id FROM moved_loans)
            GROUP BY ALL
        ), loan AS (
            SELECT {key}, count(*) AS loans, coalesce(sum(balance), 0) AS yuan
            FROM (SELECT {key}, loan_id, any_value(balance) AS balance FROM moved_loans
                WHERE loan_id IS NOT NULL GROUP BY ALL) GROUP BY ALL
        )
        SELECT r.*, coalesce(l.loans, 0) AS loans, coalesce(l.yuan, 0) AS yuan
        FROM record r LEFT JOIN loan l ON l.kind = r.kind {same}
        ORDER BY {f"r.{group}, " if group else ""}list_position([{order}], r.kind)""",
    )


def list_moved_loans(con: duckdb.DuckDBPyConnection, after: Policy, before: Policy) -> pl.DataFrame:
    """Every move with the loans behind it and the rule's titles, after compare_policies()."""
    titles = pl.DataFrame(
        [(rule.rule_id, rule.title_zh, rule.title_en) for rule in (before.rules | after.rules).values()],
        schema=("rule_id", "title_zh", "title_en"),
        orient="row",
    )
    found = query.fetch_frame(con, "SELECT * FROM moved_loans ORDER BY kind, rule_id, subject_id, loan_id")
    names = ["kind", "rule_id", "title_zh", "title_en", "severity", "subject", "subject_id", *IDENTITY]
    names += ["balance", "before", "after"]
    return found.join(titles, on="rule_id", how="left", maintain_order="left").select(names)
