"""How account managers are supervised: clause groups with the topic that teaches each, measures, and watch lists.

All of it is in rows: `clause_groups.csv` maps clauses (a star ends a prefix) to groups and taught topics,
`training_thresholds.csv` has the measures by which a rate becomes a training need, `watch_lists.csv` names the clause
whose rules make up a list, `signals.csv` what breaking such a rule is called on it.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from typing import TypeVar

from data import dictionary
from data.errors import LoanlightError
from data.messages.catalogue import BilingualText, bilingual
from policy.model.csv_reader import PolicyError
from policy.model.policy_cache import cached_by_policy
from policy.model.problem import SourceLocation
from policy.model.records import Policy, split_clause_ids
from policy.model.table_reader import TableReader

GROUPS, MEASURES, LISTS, SIGNALS = "clause_groups.csv", "training_thresholds.csv", "watch_lists.csv", "signals.csv"
TOPICS = "training_topic"
T = TypeVar("T")


@dataclass(frozen=True)
class ClauseGroup:
    """Clauses that belong together; without a topic it is nothing that a manager is taught, or answers for alone."""

    clause_group: str
    topic: str
    clauses: str
    zh: str
    en: str
    place: SourceLocation

    def match_length(self, clause_id: str) -> int:
        """How much of the clause's name the best entry states; 0 when none fits, and an exact one beats a prefix."""
        fits = [0]
        for entry in self.clauses.split("|"):
            if entry == clause_id:
                fits.append(len(entry) + 1)
            elif entry.endswith("*") and clause_id.startswith(entry[:-1]):
                fits.append(len(entry) - 1)
        return max(fits)


@dataclass(frozen=True)
class TrainingThreshold:
    measure: str
    value: str
    unit: str
    clause_id: str
    evidence: str
    zh: str
    en: str
    place: SourceLocation


@dataclass(frozen=True)
class WatchList:
    """The rules that cite a clause; `reference` names a limit (table.column) to hold exposures against."""

    watch_list: str
    clause_id: str
    reference: str
    zh: str
    en: str
    place: SourceLocation


@dataclass(frozen=True)
class Signal:
    """What breaking a rule is called on a watch list: the rule's own title says what is required."""

    rule_id: str
    zh: str
    en: str
    place: SourceLocation


@lru_cache(maxsize=8)
def _parse_records(name: str, text: str, kind: Callable[..., T]) -> tuple[T, ...]:
    reader = TableReader({name: text})
    rows = reader.read_records(name, kind)
    if reader.problems:
        raise PolicyError(reader.problems)
    return tuple(rows)


def _load_table(policy: Policy, name: str, kind: Callable[..., T]) -> tuple[T, ...]:
    if name not in policy.texts:
        raise LoanlightError(bilingual("model.optional_table_missing", table=name, use=_describe_use(name)))
    return _parse_records(name, policy.texts[name], kind)


def _describe_use(table: str) -> BilingualText:
    """What a table of the folder is for."""
    return bilingual("model.use_of_thresholds") if table == MEASURES else bilingual("model.use_of_watch_lists")


def load_clause_groups(policy: Policy) -> tuple[ClauseGroup, ...]:
    """The clause groups in the table's order; none where the folder has no such table.

    Raises LoanlightError where one names an unknown topic.
    """
    found = _load_table(policy, GROUPS, ClauseGroup) if GROUPS in policy.texts else ()
    for group in found:
        if group.topic and group.topic not in dictionary.codes_of_list(TOPICS):
            known = ", ".join(dictionary.codes_of_list(TOPICS))
            raise LoanlightError(
                bilingual("model.unknown_topic", table=GROUPS, row=group.place.row, topic=group.topic, known=known)
            )
    return found


def find_clause_group(policy: Policy, clause_id: str) -> ClauseGroup | None:
    best = max(load_clause_groups(policy), key=lambda group: group.match_length(clause_id), default=None)
    return best if best and best.match_length(clause_id) else None


@cached_by_policy
def clause_groups_by_rule(policy: Policy) -> dict[str, str]:
    """The clause group of each rule: that of the first clause it cites which has one; a rule without is left out."""
    found = {}
    for rule in policy.rules.values():
        named = filter(None, (find_clause_group(policy, clause) for clause in split_clause_ids(rule.clause_id)))
        if group := next(named, None):
            found[rule.rule_id] = group.clause_group
    return found


def taught_rules(policy: Policy, topic: str | None = None) -> dict[str, str]:
    """[rule → clause group] of the rules that a topic teaches; of any topic when none is named."""
    wanted = {g.clause_group for g in load_clause_groups(policy) if (g.topic == topic if topic else g.topic)}
    return {rule: group for rule, group in clause_groups_by_rule(policy).items() if group in wanted}


def require_threshold(policy: Policy, name: str) -> Decimal:
    """A measure by its name. Raises LoanlightError when the table has no such number."""
    for row in _load_table(policy, MEASURES, TrainingThreshold):
        if row.measure == name:
            try:
                return Decimal(row.value)
            except InvalidOperation:
                raise LoanlightError(
                    bilingual("model.bad_threshold", table=MEASURES, row=row.place.row, value=row.value)
                ) from None
    raise LoanlightError(bilingual("model.no_threshold", table=MEASURES, measure=name))


def _require_watch_list(policy: Policy, name: str) -> WatchList:
    for row in _load_table(policy, LISTS, WatchList):
        if row.watch_list == name:
            return row
    raise LoanlightError(bilingual("model.no_watch_list", table=LISTS, name=name))


def rules_of_watch_list(policy: Policy, name: str, subject: str) -> tuple[str, ...]:
    """The rules about one subject that make up a watch list, in the policy's order."""
    clause = _require_watch_list(policy, name).clause_id
    return tuple(
        rule.rule_id
        for rule in policy.rules.values()
        if rule.subject == subject and clause in split_clause_ids(rule.clause_id)
    )


def signals_by_rule(policy: Policy) -> dict[str, Signal]:
    """The name of each rule's signal; none where the folder has no such table.

    Raises LoanlightError for a rule that the policy does not have.
    """
    found = {row.rule_id: row for row in _load_table(policy, SIGNALS, Signal)} if SIGNALS in policy.texts else {}
    for row in found.values():
        if row.rule_id not in policy.rules:
            raise LoanlightError(
                bilingual("model.signal_without_rule", table=SIGNALS, row=row.place.row, rule=row.rule_id)
            )
    return found


def reference_limit(policy: Policy, name: str, as_of: date) -> Decimal | None:
    """The limit in force that a list holds exposures against; None when the list or the day has none."""
    table, _, column = _require_watch_list(policy, name).reference.partition(".")
    known = policy.limit_tables.get(table)
    rows = [row for row in known.rows if row.effective_from <= as_of < row.effective_to] if known else []
    return Decimal(rows[0].cells[column]) if rows and column in rows[0].cells else None
