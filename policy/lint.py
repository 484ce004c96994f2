"""Proof-reading the policy tables: every finding says table, row, column, what is wrong and what to do."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from itertools import combinations, pairwise

from data import dictionary
from policy import coverage, tables
from policy.compiling import asked_tables, compile_subject
from policy.expressions import ExpressionError, near
from policy.model import SEVERITIES, VERDICTS, Place, Policy, Problem, Rule, clause_ids

RULE_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*\Z")
FAR_BACK, FAR_AHEAD = date(1949, 10, 1), date(2100, 1, 1)
EXPIRY_WARNING = timedelta(days=90)


def lint(texts: dict[str, str], as_of: date | None = None) -> tuple[Policy, list[Problem]]:
    """The policy and everything found in it; `as_of` also warns of rows about to expire."""
    policy, problems = tables.read(texts)
    problems = [*problems, *_texts(policy), *_versions(policy), *_references(policy)]
    for subject in policy.subjects:
        if subject in dictionary.subjects():
            problems += compile_subject(policy, subject).all_problems
    problems += [*_limits(policy), *_examples(policy), *_unread(policy)]
    if as_of:
        problems += _expiring(policy, as_of)
    return policy, list(dict.fromkeys(problems))


def _at(level: str, place: Place, column: str, message: str, fix: str) -> Problem:
    return Problem(level, place.table, place.row, column, message, fix)


def _texts(policy: Policy) -> Iterator[Problem]:
    for rule in policy.versions:
        for column in ("rule_id", "family", "stage", "title_zh", "title_en", "measure", "limit", "evidence"):
            if not getattr(rule, column):
                yield _at("error", rule.place, column, "is empty.", "Fill the cell.")
        if not RULE_ID.match(rule.rule_id):
            yield _at("error", rule.place, "rule_id", f"'{rule.rule_id}' is no id.", "Use letters, digits, . _ -")
        if rule.severity not in SEVERITIES:
            yield _at(
                "error", rule.place, "severity", f"'{rule.severity}' is unknown.", f"Use {', '.join(SEVERITIES)}."
            )
        if rule.subject not in dictionary.subjects():
            known = dictionary.subjects()
            yield _at(
                "error",
                rule.place,
                "subject",
                f"'{rule.subject}'{near(rule.subject, known)}.",
                f"Use {', '.join(known)}.",
            )
        if not rule.remedy_zh or not rule.remedy_en:
            yield _at("warning", rule.place, "remedy_zh", "no remedy in both languages.", "Say what cures it.")
    missing = [severity for severity in SEVERITIES if severity not in policy.effects]
    for severity in missing:
        yield Problem("error", "effects.csv", 1, "severity", f"no row for '{severity}'.", "Add the row.")


def _versions(policy: Policy) -> Iterator[Problem]:
    by_rule: dict[str, list[Rule]] = {}
    for rule in policy.versions:
        by_rule.setdefault(rule.rule_id, []).append(rule)
    for versions in by_rule.values():
        for a, b in combinations(versions, 2):
            if a.effective_from < b.effective_to and b.effective_from < a.effective_to:
                both = f"{a.rule_id} is in force twice from {max(a.effective_from, b.effective_from)}"
                yield _at(
                    "error", b.place, "effective_from", f"{both} (see row {a.place.row}).", "End one version first."
                )
            if (a.subject, a.as_of) != (b.subject, b.as_of):
                yield _at("error", b.place, "subject", "versions differ in subject or as_of.", "Use a new rule_id.")
        ordered = sorted(versions, key=lambda rule: rule.effective_from)
        for a, b in pairwise(ordered):
            if a.effective_to < b.effective_from:
                hole = f"no version of {a.rule_id} holds from {a.effective_to} to {b.effective_from}."
                yield _at("warning", b.place, "effective_from", hole, "Close the hole, or say why in the reading.")
    for place, day in _dates(policy):
        if not FAR_BACK <= day <= FAR_AHEAD and day.year != 9999:
            yield _at("error", place, "effective_from", f"{day} cannot be meant.", "Check the year.")


def _dates(policy: Policy) -> Iterator[tuple[Place, date]]:
    rows = [*policy.versions, *(row for table in policy.limit_tables.values() for row in table.rows)]
    for row in rows:
        yield row.place, row.effective_from
        yield row.place, row.effective_to


def _references(policy: Policy) -> Iterator[Problem]:
    cited = [(rule.place, rule.clauses) for rule in policy.versions]
    cited += [(row.place, clause_ids(row.clause_id)) for table in policy.limit_tables.values() for row in table.rows]
    for place, clauses in cited:
        if not clauses:
            yield _at("error", place, "clause_id", "names no clause.", "Every row needs the clause it comes from.")
        for clause in clauses:
            if clause not in policy.clauses:
                yield _at(
                    "error",
                    place,
                    "clause_id",
                    f"unknown clause '{clause}'{near(clause, policy.clauses)}.",
                    "Add it to clauses.csv.",
                )


def _closed_codes(policy: Policy, subject: str) -> dict[str, frozenset[str]]:
    """The code list of each field of a subject that takes no other codes."""
    facts = dictionary.facts(subject).items() if subject in dictionary.subjects() else ()
    lists = {name: field.code_list for name, field in facts if field.code_list and not field.is_open_list}
    lists |= {derived.name: derived.codes for derived in policy.derived if derived.codes}
    return {name: frozenset(dictionary.codes(code_list)) for name, code_list in lists.items()}


def _limits(policy: Policy) -> Iterator[Problem]:
    asked = dict(_asked(policy))
    for table in policy.limit_tables.values():
        twice = [row_id for row_id, n in Counter(row.row_id for row in table.rows).items() if n > 1]
        for row in table.rows:
            if row.row_id in twice:
                yield _at("error", row.place, "row_id", f"'{row.row_id}' stands twice.", "Number the rows.")
        yield from coverage.overlaps(table)
        yield from coverage.gaps(table, _closed_codes(policy, asked.get(table.name, "")))


def _examples(policy: Policy) -> Iterator[Problem]:
    covered: dict[str, set[str]] = {}
    for example in policy.examples:
        covered.setdefault(example.rule_id, set()).add(example.verdict)
        if example.rule_id not in policy.rules:
            fix = f"Known rules are in rules/{near(example.rule_id, policy.rules)}."
            yield _at("error", example.place, "rule_id", f"unknown rule '{example.rule_id}'.", fix)
        if example.verdict not in VERDICTS:
            yield _at(
                "error", example.place, "verdict", f"'{example.verdict}' is no verdict.", f"Use {', '.join(VERDICTS)}."
            )
    for rule in policy.rules.values():
        lacks = [v for v in ("pass", "violation", "not_assessable") if v not in covered.get(rule.rule_id, set())]
        if lacks:
            yield _at(
                "warning",
                rule.place,
                "rule_id",
                f"{rule.rule_id} has no example of {', '.join(lacks)}.",
                "Add examples.",
            )


def _unread(policy: Policy) -> Iterator[Problem]:
    asked = dict(_asked(policy))
    for table in policy.limit_tables.values():
        if table.name not in asked:
            place = Place("limit_columns.csv", 1)
            yield _at("warning", place, "table", f"no rule reads limit table '{table.name}'.", "Remove it, or use it.")


def _asked(policy: Policy) -> Iterable[tuple[str, str]]:
    """(limit table, subject that asks it)."""
    for rule in policy.versions:
        try:
            yield from ((table, rule.subject) for table in asked_tables(rule))
        except ExpressionError:
            continue  # reported by the compiler
    for derived in policy.derived:
        for name in policy.limit_tables:
            if f"{name}." in derived.expression:
                yield name, derived.from_subject or derived.subject


def _expiring(policy: Policy, as_of: date) -> Iterator[Problem]:
    rows = [*policy.versions, *(row for table in policy.limit_tables.values() for row in table.rows)]
    for row in rows:
        if as_of <= row.effective_to < as_of + EXPIRY_WARNING:
            yield _at("warning", row.place, "effective_to", f"ends on {row.effective_to}.", "Add what follows it.")
