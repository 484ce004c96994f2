"""Which clauses the tables cover: clause → what cites it → examples → verdicts on a book; and why the rest is not."""

import csv
import io
import re
from collections import Counter
from dataclasses import dataclass, field

import duckdb

from data.errors import InputError
from data.messages.catalogue import bilingual
from policy.engine.rule_references import limit_tables_of_rule
from policy.model.records import VERDICTS, Clause, Policy, split_clause_ids
from policy.runs.store import Run

UNCOVERED = "unautomated_clauses.csv"
SECTION_OF_SOURCE = re.compile("第.篇")
CLASSES = ("A", "B", "C")
NO_RULE = ("尚无规则", "No rule yet")


@dataclass(frozen=True)
class RuleCoverage:
    """A rule behind a clause: its examples and, where a run judged it, its records by verdict."""

    rule_id: str
    title_zh: str
    title_en: str
    examples: dict[str, int]
    judged: dict[str, int] | None

    @property
    def is_reached(self) -> bool | None:
        """Whether any record of the book passed or broke it; None when no run judged it."""
        return None if self.judged is None else self.judged["pass"] + self.judged["violation"] > 0


@dataclass(frozen=True)
class ClauseCoverage:
    """`cited_by`: other tables that rest on the clause, with how many of their rows. A reason where nothing does."""

    clause: Clause
    rules: tuple[RuleCoverage, ...]
    cited_by: tuple[str, ...]
    reason_zh: str = ""
    reason_en: str = ""

    @property
    def is_covered(self) -> bool:
        return bool(self.rules or self.cited_by)

    @property
    def examples(self) -> dict[str, int]:
        return {verdict: sum(rule.examples[verdict] for rule in self.rules) for verdict in VERDICTS}


@dataclass(frozen=True)
class ClauseGroup:
    """The clauses of one part of the source, for the short table."""

    name_zh: str
    name_en: str
    clauses: list[ClauseCoverage] = field(default_factory=list)

    @property
    def covered_count(self) -> int:
        return sum(clause.is_covered for clause in self.clauses)

    @property
    def class_counts(self) -> Counter[str]:
        return Counter(clause.clause.mechanical for clause in self.clauses)

    @property
    def rules(self) -> dict[str, RuleCoverage]:
        return {rule.rule_id: rule for clause in self.clauses for rule in clause.rules}


def build_coverage(policy: Policy, verdict_counts: dict[str, dict[str, int]] | None = None) -> list[ClauseCoverage]:
    """Every clause in the order of the tables; `verdict_counts` by rule and verdict.

    Raises InputError where the table of reasons names no clause, or one that is covered.
    """
    rules, others = _collect_citations(policy)
    reasons = _read_reasons(policy)
    known = _build_rule_coverage(policy, verdict_counts)
    found = []
    for clause in policy.clauses.values():
        own = tuple(known[name] for name in dict.fromkeys(rules.get(clause.clause_id, [])))
        reason = reasons.pop(clause.clause_id, None)
        cited = tuple(others.get(clause.clause_id, []))
        if reason and (own or cited):
            raise InputError(bilingual("authoring.reason_for_covered_clause", table=UNCOVERED, clause=clause.clause_id))
        found.append(ClauseCoverage(clause, own, cited, *(("", "") if own or cited else reason or NO_RULE)))
    if reasons:
        raise InputError(
            bilingual("authoring.reasons_for_unknown_clauses", table=UNCOVERED, clauses=", ".join(reasons))
        )
    return found


def _collect_citations(policy: Policy) -> tuple[dict[str, list[str]], dict[str, list[str]]]:
    """clause -> the rules that rest on it, themselves or by a limit row they ask; clause -> rows of other tables."""
    rules: dict[str, list[str]] = {}
    others: dict[str, Counter[str]] = {}
    for rule in policy.versions:
        cited = list(rule.clauses)
        for table in limit_tables_of_rule(rule):
            if table in policy.limit_tables:
                cited += [c for row in policy.limit_tables[table].rows for c in split_clause_ids(row.clause_id)]
        for clause in dict.fromkeys(cited):
            rules.setdefault(clause, []).append(rule.rule_id)
    for name, text in policy.texts.items():
        if name.split("/")[0] in ("rules", "clauses.csv", UNCOVERED):
            continue
        for row in csv.DictReader(io.StringIO(text)):
            for clause in split_clause_ids((row.get("clause_id") or "").strip()):
                others.setdefault(clause, Counter())[name.removesuffix(".csv")] += 1
    return rules, {clause: [f"{table} ×{n}" for table, n in tables.items()] for clause, tables in others.items()}


def _read_reasons(policy: Policy) -> dict[str, tuple[str, str]]:
    rows = csv.DictReader(io.StringIO(policy.texts.get(UNCOVERED, "")))
    return {row["clause_id"]: (row["reason_zh"], row["reason_en"]) for row in rows}


def _build_rule_coverage(policy: Policy, verdict_counts: dict[str, dict[str, int]] | None) -> dict[str, RuleCoverage]:
    examples: dict[str, Counter[str]] = {}
    for example in policy.examples:
        examples.setdefault(example.rule_id, Counter())[example.verdict] += 1
    return {
        rule.rule_id: RuleCoverage(
            rule.rule_id,
            rule.title_zh,
            rule.title_en,
            {verdict: examples.get(rule.rule_id, Counter())[verdict] for verdict in VERDICTS},
            (verdict_counts or {}).get(rule.rule_id),
        )
        for rule in policy.rules.values()
    }


def count_verdicts(con: duckdb.DuckDBPyConnection, run: Run) -> dict[str, dict[str, int]]:
    """rule -> verdict -> how many records of the run had it."""
    found: dict[str, dict[str, int]] = {}
    rows = con.execute(
        "SELECT rule_id, verdict, sum(subjects)::BIGINT FROM run_counts WHERE run_id = ? GROUP BY ALL", [run.run_id]
    )
    for rule_id, verdict, count in rows.fetchall():
        found.setdefault(rule_id, dict.fromkeys(VERDICTS, 0))[verdict] = count
    return found


def group_clauses(found: list[ClauseCoverage]) -> list[ClauseGroup]:
    """The clauses by the part of the source material that they are in, and all others by their own document."""
    named: dict[str, ClauseGroup] = {}
    for clause in found:
        zh, en = _find_group_names(clause.clause)
        named.setdefault(en, ClauseGroup(zh, en)).clauses.append(clause)
    return list(named.values())


def _find_group_names(clause: Clause) -> tuple[str, str]:
    source = re.match(r"S(5\.\d\w?|\d)", clause.clause_id) if SECTION_OF_SOURCE.match(clause.section) else None
    if source is None:
        return clause.document_zh, clause.document_en
    section = re.match(r"第.篇( \S(（申请）|言)?)?" if source[1][0] == "5" else r"第.篇", clause.section)
    return section[0] if section else clause.section, f"S{source[1]}"
