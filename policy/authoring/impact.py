"""What a changed policy does to a whole book: only rules that compile to something else are judged, by both policies.

Nothing is kept in the book. Loans and yuan are counted once in each total: a loan that two rules catch stands once
in the total of both. A record without a loan of its own (a borrower) stands for the loans of that borrower.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date

import duckdb
import polars as pl
from sqlglot import exp

from data import dictionary
from data.facts import derivation
from data.storage import query
from policy.authoring import version_diff
from policy.authoring.version_diff import Change
from policy.engine.batch import IDENTITY, booked
from policy.engine.columns import Columns, identifier
from policy.engine.compiler import CompiledSubject, compiled
from policy.engine.verdict_codes import NOT_APPLICABLE, PASS, VIOLATION, CompiledRule
from policy.language.functions import literal, render
from policy.model.records import Policy

RULES_AT_ONCE = 16
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
    changes: list[Change]
    judged: tuple[str, ...]
    totals: pl.DataFrame
    by: dict[str, pl.DataFrame]


def compare(
    con: duckdb.DuckDBPyConnection,
    before: Policy,
    after: Policy,
    as_of: date,
    *,
    today: bool,
    on_step: Callable[[str], None] = lambda _: None,
) -> Impact:
    """Judges the book's facts of as_of by both policies; leaves the temporary table `moved_loans` for `listed`.

    `on_step` hears the name of each subject whose rules are judged, before they are.

    Raises BookError when the facts of as_of do not stand in the book.
    """
    derivation.need(con, as_of)
    con.execute(
        "CREATE OR REPLACE TEMP TABLE moves (rule_id VARCHAR, severity VARCHAR, subject VARCHAR, subject_id VARCHAR, "
        f"{', '.join(f'{name} VARCHAR' for name in IDENTITY)}, before VARCHAR, after VARCHAR)"
    )
    judged: list[str] = []
    for subject in dict.fromkeys((*before.subjects, *after.subjects)):
        sides = [_side(policy, subject, today=today) for policy in (before, after)]
        changed = list(_changed(*sides))
        if changed:
            on_step(subject)
        for first in range(0, len(changed), RULES_AT_ONCE):
            some = changed[first : first + RULES_AT_ONCE]
            _judge(con, subject, [_only(side, some) for side in sides], as_of)
            _keep_moves(con, subject, some, sides)
        judged += changed
    _expand(con, as_of)
    by = {name: _totals(con, name) for name in GROUPS}
    changes = version_diff.between(before, after)
    return Impact(as_of, before.version, after.version, changes, tuple(judged), _totals(con), by)


@dataclass(frozen=True)
class _Side:
    """One policy's rules about a subject; empty where it has none."""

    judged: CompiledSubject | None
    rules: dict[str, CompiledRule]

    @property
    def columns(self) -> Columns:
        if self.judged is None:
            raise ValueError("a policy without rules on the subject has no columns")
        return self.judged.columns


def _side(policy: Policy, subject: str, *, today: bool) -> _Side:
    if subject not in policy.subjects:
        return _Side(None, {})
    judged = compiled(policy, subject, today=today)
    return _Side(judged, {rule.rule_id: rule for rule in judged.rules})


def _only(side: _Side, rules: list[str]) -> _Side:
    return _Side(side.judged, {name: side.rules[name] for name in rules if name in side.rules})


def _roots(rules: dict[str, CompiledRule]) -> frozenset[str]:
    return frozenset(column.name for rule in rules.values() for column in rule.code.find_all(exp.Column))


def _changed(before: _Side, after: _Side) -> Iterator[str]:
    """Rules that only one policy has, or whose verdict is made of other expressions."""
    same: dict[str, bool] = {}
    for name in dict.fromkeys((*before.rules, *after.rules)):
        one, other = before.rules.get(name), after.rules.get(name)
        if one is None or other is None or one.code != other.code or not _same_columns(before, after, one, same):
            yield name


def _same_columns(before: _Side, after: _Side, rule: CompiledRule, same: dict[str, bool]) -> bool:
    """Whether all columns behind the rule, which both read by the same names, are alike; `same` remembers each."""
    old, new = before.columns, after.columns
    todo, seen = set(_roots({rule.rule_id: rule})), set()
    while todo:
        name = todo.pop()
        seen.add(name)
        if name not in same:
            same[name] = _definition(old, name) == _definition(new, name)
        if not same[name]:
            return False
        if name in old.computed:
            todo |= {column.name for column in old.computed[name].find_all(exp.Column)} - seen
    return True


def _definition(columns: Columns, name: str) -> exp.Expression | str | None:
    """What a column is made of; nothing for a fact."""
    if name in columns.aggregates:
        return columns.aggregates[name].sql("")
    return columns.computed.get(name)


def _judge(con: duckdb.DuckDBPyConnection, subject: str, sides: list[_Side], as_of: date) -> None:
    """code_before and code_after: a column of verdicts for each rule."""
    key = identifier(dictionary.subjects()[subject].id)
    for name, side in zip(("code_before", "code_after"), sides, strict=True):
        con.execute(f"DROP TABLE IF EXISTS {name}")
        if not side.rules or side.judged is None:
            continue
        roots = _roots(side.rules) | {dictionary.subjects()[subject].id, *IDENTITY}
        select = side.judged.columns.select(booked(subject), roots, pruned=True)
        codes = "".join(f", {_verdict(rule)} AS {identifier(rule.rule_id)}" for rule in side.rules.values())
        who = f"{key} AS subject_id, {', '.join(IDENTITY)}"
        con.execute(f"CREATE TEMP TABLE {name} AS {select} SELECT {who}{codes} FROM columns", {"as_of": as_of})


def _verdict(rule: CompiledRule) -> str:
    return (
        f"CASE {render(rule.code)} WHEN {PASS} THEN 'pass' WHEN {VIOLATION} THEN 'violation' "
        f"WHEN {NOT_APPLICABLE} THEN 'not_applicable' ELSE 'not_assessable' END"
    )


def _keep_moves(con: duckdb.DuckDBPyConnection, subject: str, rules: list[str], sides: list[_Side]) -> None:
    """A row for each record and rule with another verdict, as far as a violation or an unknown is in it."""
    for name in rules:
        has = [name in side.rules for side in sides]
        columns = [f"{side}.{identifier(name)}" if there else "NULL" for side, there in zip("ba", has, strict=True)]
        source = {
            (True, True): "code_before b JOIN code_after a USING (subject_id)",
            (True, False): "code_before b",
            (False, True): "code_after a",
        }[has[0], has[1]]
        who = "a" if has[1] else "b"
        rule = (sides[1] if has[1] else sides[0]).rules[name].newest
        con.execute(
            f"""INSERT INTO moves
            SELECT $rule, $severity, $subject, subject_id, {", ".join(IDENTITY)}, before, after
            FROM (SELECT {who}.subject_id, {", ".join(f"{who}.{part}" for part in IDENTITY)}, {columns[0]} AS before,
                {columns[1]} AS after FROM {source})
            WHERE before IS DISTINCT FROM after
                AND (before IN ('violation', 'not_assessable') OR after IN ('violation', 'not_assessable'))""",
            {"rule": name, "severity": rule.severity, "subject": subject},
        )


def _expand(con: duckdb.DuckDBPyConnection, as_of: date) -> None:
    """moved_loans: a row for each kind of move and each loan behind it, with the loan's balance."""
    kinds = " UNION ALL ".join(
        f"SELECT {render(literal('text', kind))} AS kind, * FROM moves WHERE {test}" for kind, test in KINDS.items()
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


def _totals(con: duckdb.DuckDBPyConnection, group: str | None = None) -> pl.DataFrame:
    """[group, kind, records, loans, yuan]; in each the balance of a loan counts once."""
    key = f"{group}, kind" if group else "kind"
    same = f"AND l.{group} IS NOT DISTINCT FROM r.{group}" if group else ""
    order = ", ".join(f"'{kind}'" for kind in KINDS)
    return query.frame(
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


def listed(con: duckdb.DuckDBPyConnection, after: Policy, before: Policy) -> pl.DataFrame:
    """Every move with the loans behind it and the rule's titles, after compare()."""
    titles = pl.DataFrame(
        [(rule.rule_id, rule.title_zh, rule.title_en) for rule in (before.rules | after.rules).values()],
        schema=("rule_id", "title_zh", "title_en"),
        orient="row",
    )
    found = query.frame(con, "SELECT * FROM moved_loans ORDER BY kind, rule_id, subject_id, loan_id")
    names = [
        "kind",
        "rule_id",
        "title_zh",
        "title_en",
        "severity",
        "subject",
        "subject_id",
        *IDENTITY,
        "balance",
        "before",
        "after",
    ]
    return found.join(titles, on="rule_id", how="left", maintain_order="left").select(names)
