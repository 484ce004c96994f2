"""Rules and limit rows that nothing reaches: no example of the policy, or no record of a book."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

import duckdb

from policy.authoring.examples import Outcome
from policy.authoring.uncovered_exposure import Exposure, of_book
from policy.engine.batch import booked
from policy.engine.verdict_codes import PASS, VIOLATION
from policy.model.records import LimitRow, Policy, Rule
from policy.runs.snapshot_check import compiled

DECIDED = ("pass", "violation")
RULES_AT_ONCE = 15


@dataclass(frozen=True)
class Unreached:
    """Rules that decided nothing, and rows (with their table) that answered for nothing."""

    rules: tuple[Rule, ...]
    rows: tuple[tuple[str, LimitRow], ...]


def _unreached(policy: Policy, rules: set[str], rows: set[tuple[str, str]]) -> Unreached:
    return Unreached(
        tuple(rule for rule in policy.rules.values() if rule.rule_id not in rules),
        tuple(
            (table.name, row)
            for table in policy.limit_tables.values()
            for row in table.rows
            if (table.name, row.row_id) not in rows
        ),
    )


def by_examples(policy: Policy, outcomes: Iterable[Outcome]) -> Unreached:
    """What no example passes or violates, and the rows none of these asked for."""
    decided = [outcome for outcome in outcomes if outcome.verdict in DECIDED]
    rows = {(table, policy.limit_tables[table].rows[n].row_id) for outcome in decided for table, n in outcome.rows}
    return _unreached(policy, {outcome.example.rule_id for outcome in decided}, rows)


def by_book(con: duckdb.DuckDBPyConnection, policy: Policy, as_of: date) -> Unreached:
    """The same of the facts of as_of: one query a table, and one for every few rules."""
    rules = {rule for subject in policy.subjects for rule in _decided(con, policy, subject, as_of)}
    return _unreached(policy, rules, answered(of_book(con, policy, as_of)))


def answered(exposures: Iterable[Exposure]) -> set[tuple[str, str]]:
    return {(each.asking.table, row.row_id) for each in exposures for row, records in each.answered if records}


def _decided(con: duckdb.DuckDBPyConnection, policy: Policy, subject: str, as_of: date) -> set[str]:
    judged, found = compiled(policy, subject), set()
    for first in range(0, len(judged.rules), RULES_AT_ONCE):
        some = judged.rules[first : first + RULES_AT_ONCE]
        roots = frozenset().union(*(rule.reads for rule in some))
        counts = ", ".join(f"count_if({rule.texts.code} IN ({PASS}, {VIOLATION}))" for rule in some)
        text = f"{judged.columns.select(booked(subject), roots, pruned=True)} SELECT {counts} FROM columns"
        row = con.execute(text, {"as_of": as_of}).fetchall()[0]
        found |= {rule.rule_id for rule, count in zip(some, row, strict=True) if count}
    return found
