"""Which rules and derived fields read each limit table, for which subject and by which act date."""

from collections.abc import Iterator
from dataclasses import dataclass

from data import dictionary
from data.language.expressions import ExpressionError
from policy.engine.rule_references import limit_tables_of_rule
from policy.model.records import Policy


@dataclass(frozen=True)
class TableUsage:
    """`act` names the fact whose date picks the row in force."""

    table: str
    subject: str
    act: str


def list_usages(policy: Policy) -> list[TableUsage]:
    """Every pair of table and subject, once for each act date by which it is read."""
    return list(dict.fromkeys(_find_usages(policy)))


def _find_usages(policy: Policy) -> Iterator[TableUsage]:
    for rule in policy.versions:
        try:
            yield from (TableUsage(table, rule.subject, rule.act_date) for table in limit_tables_of_rule(rule))
        except ExpressionError:
            continue  # reported by the compiler
    for derived in policy.derived:
        for table in policy.limit_tables:
            if f"{table}." in derived.expression:
                yield TableUsage(table, derived.from_subject or derived.subject, derived.act_date)
    for consequence in policy.consequences:
        for table in policy.limit_tables:
            if f"{table}." in consequence.expression:
                yield TableUsage(table, "extension", consequence.act_date)


def closed_code_lists(policy: Policy, subject: str) -> dict[str, frozenset[str]]:
    """The code list of each field of a subject that takes no other codes."""
    facts = dictionary.facts_of_subject(subject).items() if subject in dictionary.load_subjects() else ()
    lists = {name: field.code_list for name, field in facts if field.code_list and not field.is_open_list}
    lists |= {derived.name: derived.codes for derived in policy.derived if derived.codes}
    return {name: frozenset(dictionary.codes_of_list(code_list)) for name, code_list in lists.items()}
