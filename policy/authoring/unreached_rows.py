"""Rules and limit rows that nothing reaches: no example of the policy, or no record of a book."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

import duckdb

from policy.authoring.examples import ExampleResult
from policy.authoring.uncovered_exposure import TableCoverage, compute_book_coverage
from policy.engine.batch import facts_at_sql
from policy.engine.compiler import compile_subject_cached
from policy.engine.verdict_codes import PASS, VIOLATION
from policy.model.records import LimitRow, Policy, Rule

DECIDED_VERDICTS = ("pass", "violation")
RULES_PER_QUERY = 15


@dataclass(frozen=True)
class Unreached:
    """Rules that decided nothing, and rows (with their table) that answered for nothing."""

    rules: tuple[Rule, ...]
    rows: tuple[tuple[str, LimitRow], ...]


def _list_unreached(policy: Policy, rules: set[str], rows: set[tuple[str, str]]) -> Unreached:
    return Unreached(
        tuple(rule for rule in policy.rules.values() if rule.rule_id not in rules),
        tuple(
            (table.name, row)
            for table in policy.limit_tables.values()
            for row in table.rows
            if (table.name, row.row_id) not in rows
        ),
    )


def find_unreached_by_examples(policy: Policy, outcomes: Iterable[ExampleResult]) -> Unreached:
    """What no example passes or violates, and the rows none of these asked for."""
    decided = [outcome for outcome in outcomes if outcome.verdict in DECIDED_VERDICTS]
    rows = {
        (table, policy.limit_tables[table].rows[n].row_id) for outcome in decided for table, n in outcome.limit_rows
    }
    return _list_unreached(policy, {outcome.example.rule_id for outcome in decided}, rows)


def find_unreached_by_book(con: duckdb.DuckDBPyConnection, policy: Policy, as_of: date) -> Unreached:
    """The same of the facts of as_of: one query a table, and one for every few rules."""
    rules = {rule for subject in policy.subjects for rule in _find_deciding_rules(con, policy, subject, as_of)}
    return _list_unreached(policy, rules, list_hit_rows(compute_book_coverage(con, policy, as_of)))


def list_hit_rows(exposures: Iterable[TableCoverage]) -> set[tuple[str, str]]:
    return {(each.usage.table, row.row_id) for each in exposures for row, records in each.row_hits if records}


def _find_deciding_rules(con: duckdb.DuckDBPyConnection, policy: Policy, subject: str, as_of: date) -> set[str]:
    judged, found = compile_subject_cached(policy, subject), set()
    for first in range(0, len(judged.rules), RULES_PER_QUERY):
        some = judged.rules[first : first + RULES_PER_QUERY]
        roots = frozenset().union(*(rule.columns_read for rule in some))
        counts = ", ".join(f"count_if({rule.rendered_sql.code} IN ({PASS}, {VIOLATION}))" for rule in some)
        text = f"{judged.query.render_query(facts_at_sql(subject), roots, pruned=True)} SELECT {counts} FROM columns"
        row = con.execute(text, {"as_of": as_of}).fetchall()[0]
        found |= {rule.rule_id for rule, count in zip(some, row, strict=True) if count}
    return found
