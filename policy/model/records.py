"""What a policy is made of: clauses, rules, limit tables, derived fields, examples."""

from dataclasses import dataclass
from datetime import date
from functools import cached_property

from policy.model.extension_outcomes import Consequence, ExposureRatio
from policy.model.problem import SourceLocation
from policy.model.vocabulary import TABLE as VOCABULARY_TABLE
from policy.model.vocabulary import Vocabulary, parse_vocabulary

FOREVER = date(9999, 12, 31)
COMPARATORS = ("<=", "<", ">=", ">", "=", "<>")
AGGREGATES = ("sum", "min", "max", "count")
VERDICTS = ("pass", "violation", "not_applicable", "not_assessable")


@dataclass(frozen=True)
class Clause:
    clause_id: str
    document_zh: str
    document_en: str
    section: str
    gist_zh: str
    gist_en: str
    reading_zh: str
    reading_en: str
    mechanical: str


@dataclass(frozen=True)
class Rule:
    """One version of a rule, in force [effective_from, effective_to) by the date in the fact named `act_date`.

    `cure`: curable, or historic for a fact that can only be acknowledged. `grace_days`: a younger violation is pending.
    """

    rule_id: str
    family: str
    subject: str
    stage: str
    title_zh: str
    title_en: str
    severity: str
    scope: str
    measure: str
    comparator: str
    limit: str
    unit: str
    act_date: str
    clause_id: str
    evidence: str
    effective_from: date
    effective_to: date
    cure: str
    grace_days: int
    remedy_zh: str
    remedy_en: str
    place: SourceLocation

    @property
    def clauses(self) -> tuple[str, ...]:
        return split_clause_ids(self.clause_id)


def split_clause_ids(cell: str) -> tuple[str, ...]:
    """The clauses of a cell that may name several, joined by |."""
    return tuple(part for part in cell.split("|") if part)


@dataclass(frozen=True)
class LimitColumn:
    table: str
    name: str
    role: str
    type: str
    unit: str
    zh: str
    en: str


@dataclass(frozen=True)
class LimitRow:
    row_id: str
    cells: dict[str, str]
    clause_id: str
    evidence: str
    effective_from: date
    effective_to: date
    reading_zh: str
    reading_en: str
    place: SourceLocation


@dataclass(frozen=True)
class LimitTable:
    """A decision table: unary tests in the key columns, values in the limit columns."""

    name: str
    hit_policy: str
    columns: tuple[LimitColumn, ...]
    rows: tuple[LimitRow, ...]

    @property
    def key_columns(self) -> tuple[LimitColumn, ...]:
        return tuple(column for column in self.columns if column.role == "key")

    def find_column(self, name: str) -> LimitColumn | None:
        return next((column for column in self.columns if column.name == name), None)


@dataclass(frozen=True)
class DerivedField:
    """A field that policy computes: from the same row, or aggregated from the rows of a child subject of the loan."""

    name: str
    subject: str
    from_subject: str
    expression: str
    aggregate: str
    act_date: str
    type: str
    unit: str
    codes: str
    zh: str
    en: str
    place: SourceLocation


@dataclass(frozen=True)
class RemediationAction:
    """Something that can be done about the violations of `rules` (joined by |): it changes facts by an amount each.

    `step`: the smallest amount. `divided_by`: table.column of a limit that the amount is divided by, one option a row.
    """

    action: str
    subject: str
    rules: str
    changes: str
    step: str
    divided_by: str
    zh: str
    en: str
    place: SourceLocation

    @property
    def rule_ids(self) -> tuple[str, ...]:
        return split_clause_ids(self.rules)

    @property
    def change_signs(self) -> dict[str, int]:
        """{fact: +1 or -1}; a change that cannot be read names no fact, and is reported."""
        pairs = [part.rsplit(" ", 1) for part in split_clause_ids(self.changes)]
        return {pair[0]: -1 if pair[-1] == "-1" else 1 for pair in pairs}


@dataclass(frozen=True)
class Example:
    example_id: str
    rule_id: str
    as_of: date
    inputs: dict[str, str]
    verdict: str
    measured: str
    limit: str
    title: str
    place: SourceLocation


@dataclass(frozen=True)
class Policy:
    """All tables of one policy version; `version` is the hash of their content."""

    version: str
    clauses: dict[str, Clause]
    versions: tuple[Rule, ...]
    limit_tables: dict[str, LimitTable]
    derived: tuple[DerivedField, ...]
    severity_effects: dict[str, tuple[str, str]]
    examples: tuple[Example, ...]
    texts: dict[str, str]
    consequences: tuple[Consequence, ...] = ()
    exposure_ratios: tuple[ExposureRatio, ...] = ()
    remediation_actions: tuple[RemediationAction, ...] = ()

    def __repr__(self) -> str:
        return f"Policy({self.version!r})"

    def __hash__(self) -> int:
        return hash(self.version)

    @cached_property
    def rules(self) -> dict[str, Rule]:
        """The newest version of each rule, in the order of the tables."""
        newest: dict[str, Rule] = {}
        for rule in self.versions:
            known = newest.get(rule.rule_id)
            if known is None or rule.effective_from >= known.effective_from:
                newest[rule.rule_id] = rule
        return newest

    @cached_property
    def vocabulary(self) -> Vocabulary:
        """The words of stages, families, units, evidence and severities with their labels."""
        return parse_vocabulary(self.texts.get(VOCABULARY_TABLE, ""))

    @property
    def severities(self) -> tuple[str, ...]:
        """The severities, the most severe first."""
        return tuple(self.vocabulary["severity"])

    def rules_of_subject(self, subject: str) -> dict[str, tuple[Rule, ...]]:
        """The versions of each rule about one subject."""
        found: dict[str, tuple[Rule, ...]] = {}
        for rule in self.versions:
            if rule.subject == subject:
                found[rule.rule_id] = (*found.get(rule.rule_id, ()), rule)
        return found

    @property
    def subjects(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(rule.subject for rule in self.versions))
