"""Rows of rules and limits that are about to end, warned of before a record finds none in force."""

from collections.abc import Iterator
from datetime import date, timedelta

from data.messages.catalogue import bilingual
from policy.model.problem import Problem
from policy.model.records import LimitRow, Policy, Rule

WARNING_PERIOD = timedelta(days=90)


def find_expiring_rows(policy: Policy, as_of: date) -> Iterator[Problem]:
    """A warning for each row that ends within 90 days of as_of, saying whether another of its kind begins then."""
    rows: list[tuple[Rule | LimitRow, set[date]]] = []
    for rule in policy.versions:
        rows.append((rule, {other.effective_from for other in policy.versions if other.rule_id == rule.rule_id}))
    for table in policy.limit_tables.values():
        rows += [(row, {other.effective_from for other in table.rows}) for row in table.rows]
    for row, starts in rows:
        if as_of <= row.effective_to < as_of + WARNING_PERIOD:
            name = row.rule_id if isinstance(row, Rule) else row.row_id
            ends = bilingual(
                "authoring.ends_days_after",
                name=name,
                effective_to=row.effective_to,
                days=(row.effective_to - as_of).days,
                as_of=as_of,
            )
            fix = (
                bilingual("authoring.row_follows_stands_table")
                if row.effective_to in starts
                else (bilingual("authoring.add_what_follows"))
            )
            yield Problem("warning", row.place.table, row.place.row, "effective_to", ends, fix)
