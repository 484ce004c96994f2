"""Proof-reading the policy tables: every finding says table, row, column, what is wrong and what to do."""

import re
from collections.abc import Iterator
from datetime import date
from itertools import combinations, pairwise

from data import dictionary
from data.language.expressions import did_you_mean
from data.messages.catalogue import bilingual
from policy.authoring import cell_lint, limit_table_lint
from policy.authoring.expiry import find_expiring_rows
from policy.decision_tables import gaps_and_overlaps
from policy.engine.compiler import compile_subject_cached
from policy.engine.table_usage import closed_code_lists, list_usages
from policy.extensions import consequence_compiler
from policy.model import csv_reader
from policy.model.problem import Problem, SourceLocation
from policy.model.records import LimitRow, Policy, Rule
from policy.monitoring import duties, metric_lint, remedies

RULE_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*\Z")
EARLIEST_DATE, LATEST_DATE = date(1949, 10, 1), date(2100, 1, 1)


def lint_tables(texts: dict[str, str], as_of: date | None = None) -> tuple[Policy, list[Problem]]:
    """The policy and everything found in it; `as_of` also warns of rows about to expire."""
    policy, problems = csv_reader.read_policy(texts)
    problems = [
        *problems,
        *cell_lint.find_problems(policy),
        *_find_rule_faults(policy),
        *_find_missing_effects(policy),
        *_find_duplicate_titles(policy),
        *_find_version_conflicts(policy),
    ]
    for subject in policy.subjects:
        if subject in dictionary.load_subjects():
            problems += compile_subject_cached(policy, subject).all_problems
    problems += [
        *_find_limit_row_problems(policy),
        *_find_example_problems(policy),
        *_find_unread_tables(policy),
        *limit_table_lint.find_problems(policy),
    ]
    problems += [*metric_lint.find_problems(policy), *consequence_compiler.find_problems(policy)]
    problems += [*remedies.find_problems(policy), *duties.find_problems(policy)]
    if as_of:
        problems += find_expiring_rows(policy, as_of)
    return policy, list(dict.fromkeys(problems))


def _make_problem(level: str, place: SourceLocation, column: str, message: str, fix: str) -> Problem:
    return Problem(level, place.table, place.row, column, message, fix)


def _find_rule_faults(policy: Policy) -> Iterator[Problem]:
    for rule in policy.versions:
        if not RULE_ID.match(rule.rule_id):
            yield _make_problem(
                "error",
                rule.place,
                "rule_id",
                bilingual("authoring.not_a_rule_id", rule=rule.rule_id),
                bilingual("authoring.use_letters_digits"),
            )
        if not rule.remedy_zh or not rule.remedy_en:
            yield _make_problem(
                "warning",
                rule.place,
                "remedy_zh",
                bilingual("authoring.no_remedy_both_languages"),
                bilingual("authoring.say_what_cures"),
            )


def _find_missing_effects(policy: Policy) -> Iterator[Problem]:
    for severity in policy.severities:
        if severity not in policy.severity_effects:
            yield Problem(
                "error",
                "severity_effects.csv",
                1,
                "severity",
                bilingual("authoring.no_row", severity=severity),
                bilingual("authoring.add_row"),
            )


def _find_duplicate_titles(policy: Policy) -> Iterator[Problem]:
    """Two rules about one subject that a reader could not tell apart."""
    for column in ("title_zh", "title_en"):
        first: dict[tuple[str, str], Rule] = {}
        for rule in policy.rules.values():
            known = first.setdefault((rule.subject, getattr(rule, column)), rule)
            if known is not rule:
                same = bilingual(
                    "authoring.title_row",
                    rule=rule.rule_id,
                    rule2=known.rule_id,
                    table=known.place.table,
                    row=known.place.row,
                )
                yield _make_problem("warning", rule.place, column, same, bilingual("authoring.say_how_they_differ"))


def _find_version_conflicts(policy: Policy) -> Iterator[Problem]:
    by_rule: dict[str, list[Rule]] = {}
    for rule in policy.versions:
        by_rule.setdefault(rule.rule_id, []).append(rule)
    for versions in by_rule.values():
        for a, b in combinations(versions, 2):
            if a.effective_from < b.effective_to and b.effective_from < a.effective_to:
                start = max(a.effective_from, b.effective_from)
                both = bilingual("authoring.force_twice", rule=a.rule_id, day=start)
                yield _make_problem(
                    "error",
                    b.place,
                    "effective_from",
                    bilingual("authoring.see_row", both=both, row=a.place.row),
                    bilingual("common.end_version_first"),
                )
            if (a.subject, a.act_date) != (b.subject, b.act_date):
                yield _make_problem(
                    "error",
                    b.place,
                    "subject",
                    bilingual("authoring.versions_differ_subject"),
                    bilingual("common.use_new_rule_id"),
                )
        yield from _find_version_gaps(versions)
    for place, day in _list_effective_dates(policy):
        if not EARLIEST_DATE <= day <= LATEST_DATE and day.year != 9999:
            yield _make_problem(
                "error",
                place,
                "effective_from",
                bilingual("authoring.cannot_meant", day=day),
                bilingual("authoring.check_year"),
            )


def _find_version_gaps(versions: list[Rule]) -> Iterator[Problem]:
    """The times between two versions of a rule in which none is in force."""
    ordered = sorted(versions, key=lambda rule: rule.effective_from)
    for a, b in pairwise(ordered):
        if a.effective_to < b.effective_from:
            hole = bilingual(
                "authoring.no_version_holds",
                rule=a.rule_id,
                effective_to=a.effective_to,
                effective_from=b.effective_from,
            )
            yield _make_problem("warning", b.place, "effective_from", hole, bilingual("authoring.close_hole_say_why"))


def _list_effective_dates(policy: Policy) -> Iterator[tuple[SourceLocation, date]]:
    rows: list[Rule | LimitRow] = list(policy.versions)
    rows += [row for table in policy.limit_tables.values() for row in table.rows]
    for row in rows:
        yield row.place, row.effective_from
        yield row.place, row.effective_to


def _find_limit_row_problems(policy: Policy) -> Iterator[Problem]:
    subjects = {asking.table: asking.subject for asking in list_usages(policy)}
    for table in policy.limit_tables.values():
        yield from gaps_and_overlaps.lint_grid(
            gaps_and_overlaps.build_grid(table, closed_code_lists(policy, subjects.get(table.name, "")))
        )


def _find_example_problems(policy: Policy) -> Iterator[Problem]:
    covered: dict[str, set[str]] = {}
    for example in policy.examples:
        covered.setdefault(example.rule_id, set()).add(example.verdict)
        if example.rule_id not in policy.rules:
            fix = bilingual("authoring.known_rules_rules", near=did_you_mean(example.rule_id, policy.rules))
            yield _make_problem(
                "error", example.place, "rule_id", bilingual("authoring.unknown_rule", rule=example.rule_id), fix
            )
    for rule in policy.rules.values():
        lacks = [v for v in ("pass", "violation", "not_assessable") if v not in covered.get(rule.rule_id, set())]
        if lacks:
            yield _make_problem(
                "warning",
                rule.place,
                "rule_id",
                bilingual("authoring.no_example", rule=rule.rule_id, known=", ".join(lacks)),
                bilingual("authoring.add_examples"),
            )


def _find_unread_tables(policy: Policy) -> Iterator[Problem]:
    subjects = {asking.table: asking.subject for asking in list_usages(policy)}
    for table in policy.limit_tables.values():
        if table.name not in subjects:
            place = SourceLocation("limit_columns.csv", 1)
            yield _make_problem(
                "warning",
                place,
                "table",
                bilingual("authoring.no_rule_reads_limit", name=table.name),
                bilingual("authoring.remove_use"),
            )
