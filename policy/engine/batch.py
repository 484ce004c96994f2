"""The compiled rules of one subject over a whole snapshot: codes, counts, and one row a violation."""

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

import duckdb
import polars as pl

from data import dictionary
from data.errors import LoanlightError
from data.facts import derivation
from data.language.dialects import quote_identifier
from data.language.functions import render, sql_literal
from data.messages.catalogue import bilingual
from policy.engine.compiler import CompiledSubject
from policy.engine.verdict_codes import MISSING, NOT_APPLICABLE, PASS, REASONS, VIOLATION, CompiledRule
from policy.model.records import VERDICTS

IDENTITY = ("loan_id", "borrower_id", "branch_id", "officer_id")
RULES_AT_ONCE = 32  # planning grows faster than the number of rules
CODES_PER_PACK = 8  # codes of one byte each in a whole number


@dataclass(frozen=True)
class RuleCounts:
    rule_id: str
    subject: str
    counts: dict[str, int]


def facts_at_sql(subject: str, extra: str = "") -> str:
    """The relation of a subject's facts at $as_of."""
    return f"(SELECT * FROM facts_{subject} WHERE as_of = $as_of{extra})"


def decode_verdict(code: int, inputs: tuple[str, ...]) -> tuple[str, str | None, str | None]:
    """(verdict, reason, missing field) of a compiled code."""
    if code in (PASS, NOT_APPLICABLE, VIOLATION):
        return {PASS: VERDICTS[0], VIOLATION: VERDICTS[1], NOT_APPLICABLE: VERDICTS[2]}[code], None, None
    if code >= MISSING:
        return VERDICTS[3], "missing_field", inputs[code - MISSING]
    return VERDICTS[3], REASONS[code], None


def judge_subject(
    con: duckdb.DuckDBPyConnection, judged: CompiledSubject, run_id: str, as_of: date
) -> tuple[int, list[RuleCounts]]:
    """Judges the facts of one subject and stores counts and violations; returns the subjects and each rule's counts.

    Raises LoanlightError when the verdicts of a rule do not add up to the subjects, in all or in a branch.
    """
    subject = judged.subject
    found = con.execute(f"SELECT count(*) FROM {facts_at_sql(subject)}", {"as_of": as_of}).fetchall()
    subjects, counts = int(found[0][0]), []
    if not subjects:  # nothing to plan a query for
        return 0, [RuleCounts(rule.rule_id, subject, dict.fromkeys(VERDICTS, 0)) for rule in judged.rules]
    for rules in split_rules(judged.rules):
        try:
            _compute_codes(con, judged, rules, as_of)
        except duckdb.DataError as error:
            raise _explain_failure(con, judged, rules, as_of) or error from error
        _store_counts(con, subject, rules, run_id)
        counts += _load_rule_counts(con, subject, rules, subjects)
        _store_violations(con, judged, rules, run_id)
    return subjects, counts


def split_rules(rules: list[CompiledRule]) -> Iterator[list[CompiledRule]]:
    """The rules in parts that one query judges."""
    for first in range(0, len(rules), RULES_AT_ONCE):
        yield rules[first : first + RULES_AT_ONCE]


def _compute_codes(
    con: duckdb.DuckDBPyConnection, judged: CompiledSubject, rules: list[CompiledRule], as_of: date
) -> None:
    """One scan: who was judged, every code (eight to a number), and what was measured where it is a violation."""
    identity = (dictionary.load_subjects()[judged.subject].id, *IDENTITY, "balance")
    roots = frozenset(identity).union(*(rule.verdict_columns for rule in rules))
    codes = ", ".join(f"{rule.rendered_sql.code} AS r{n}" for n, rule in enumerate(rules))
    select = judged.query.render_query(facts_at_sql(judged.subject), roots, pruned=True)
    con.execute(
        f"""CREATE OR REPLACE TEMP TABLE judged AS
        {select}, coded AS (SELECT *, {codes} FROM columns)
        SELECT {quote_identifier(identity[0])} AS subject_id, {", ".join(IDENTITY)}, balance,
            {_packed_codes_sql(len(rules))},
            {_violations_sql(rules)} AS violations
        FROM coded""",
        {"as_of": as_of},
    )


def _explain_failure(
    con: duckdb.DuckDBPyConnection, judged: CompiledSubject, rules: list[CompiledRule], as_of: date
) -> LoanlightError | None:
    """Which rule cannot be computed, found by computing each alone; None where each can.

    The failure has ended the transaction, if there was one, and with it the facts that it derived.
    """
    with contextlib.suppress(duckdb.TransactionException):  # raised where there is none to roll back
        con.execute("ROLLBACK")
    derivation.derive_temporary_facts(con, as_of)
    for rule in rules:
        try:
            _compute_codes(con, judged, [rule], as_of)
        except duckdb.DataError as error:
            place = rule.newest_version.place
            why = str(error).splitlines()[0]
            return LoanlightError(
                bilingual("engine.rule_not_computable", rule=rule.rule_id, table=place.table, row=place.row, why=why)
            )
    return None


def _packed_codes_sql(rules: int) -> str:
    packs = []
    for first in range(0, rules, CODES_PER_PACK):
        bytes_of = (
            f"(CAST(r{n} AS UBIGINT) << {8 * (n - first)})" for n in range(first, min(first + CODES_PER_PACK, rules))
        )
        packs.append(f"{' | '.join(bytes_of)} AS pack{first // CODES_PER_PACK}")
    return ", ".join(packs)


def _violations_sql(rules: list[CompiledRule]) -> str:
    """The violations of a record as a list of structs; NULL for the many records that have none."""
    structs = ", ".join(
        f"CASE WHEN r{n} = {VIOLATION} THEN "
        f"{{'rule': {n}, 'measured': {rule.rendered_sql.measured}, 'limit_value': {rule.rendered_sql.limit}}} END"
        for n, rule in enumerate(rules)
    )
    some = " OR ".join(f"r{n} = {VIOLATION}" for n in range(len(rules)))
    return f"CASE WHEN {some} THEN list_filter([{structs}], lambda found: found IS NOT NULL) END"


def _store_counts(con: duckdb.DuckDBPyConnection, subject: str, rules: list[CompiledRule], run_id: str) -> None:
    packs = " UNION ALL ".join(
        f"SELECT {number * CODES_PER_PACK} AS first, branch_id, pack{number} AS pack, count(*) AS subjects "
        "FROM judged GROUP BY ALL"
        for number in range(-(-len(rules) // CODES_PER_PACK))
    )
    con.execute(
        f"""CREATE OR REPLACE TEMP TABLE counted AS
        SELECT first + place AS rule, branch_id, CAST((pack >> (8 * place)) & 255 AS INTEGER) AS code,
            sum(subjects) AS subjects
        FROM ({packs}), (SELECT CAST(range AS INTEGER) AS place FROM range({CODES_PER_PACK}))
        WHERE first + place < {len(rules)} GROUP BY ALL"""
    )
    codes = con.execute("SELECT DISTINCT rule, code FROM counted").fetchall()
    meanings = [(n, rules[n].rule_id, code, *decode_verdict(code, rules[n].inputs)) for n, code in codes]
    columns = ("rule", "rule_id", "code", "verdict", "reason", "field")
    con.register("meanings", pl.DataFrame(meanings, schema=columns, orient="row", infer_schema_length=None).to_arrow())
    con.execute(
        "INSERT INTO run_counts SELECT $run_id, rule_id, $subject, branch_id, verdict, reason, field, subjects "
        "FROM counted JOIN meanings USING (rule, code) ORDER BY ALL",
        {"run_id": run_id, "subject": subject},
    )
    con.execute(
        "CREATE OR REPLACE TEMP TABLE verdict_counts AS SELECT rule_id, branch_id, verdict, "
        "sum(subjects) AS subjects FROM counted JOIN meanings USING (rule, code) GROUP BY ALL"
    )
    con.unregister("meanings")


def _load_rule_counts(
    con: duckdb.DuckDBPyConnection, subject: str, rules: list[CompiledRule], subjects: int
) -> list[RuleCounts]:
    found = con.execute("SELECT rule_id, verdict, sum(subjects) FROM verdict_counts GROUP BY ALL").fetchall()
    counts = {rule.rule_id: dict.fromkeys(VERDICTS, 0) for rule in rules}
    for rule_id, verdict, count in found:
        counts[rule_id][verdict] = int(count)
    for rule_id, counted in counts.items():
        if sum(counted.values()) != subjects:
            total = sum(counted.values())
            raise LoanlightError(
                bilingual("engine.verdicts_incomplete", rule=rule_id, verdicts=total, records=subjects)
            )
    _require_whole_branches(con)
    return [RuleCounts(rule_id, subject, counted) for rule_id, counted in counts.items()]


def _require_whole_branches(con: duckdb.DuckDBPyConnection) -> None:
    """Raises LoanlightError unless every rule has as many verdicts in each branch as the branch has subjects."""
    wrong = con.execute(
        """WITH held AS (SELECT branch_id, count(*) AS subjects FROM judged GROUP BY ALL),
            wanted AS (SELECT * FROM (SELECT DISTINCT rule_id FROM verdict_counts), held),
            counted AS (SELECT rule_id, branch_id, sum(subjects) AS subjects FROM verdict_counts GROUP BY ALL)
        SELECT coalesce(w.rule_id, c.rule_id), coalesce(w.branch_id, c.branch_id, '-') FROM wanted w FULL JOIN counted c
            ON w.rule_id = c.rule_id AND w.branch_id IS NOT DISTINCT FROM c.branch_id
        WHERE w.subjects IS DISTINCT FROM c.subjects ORDER BY ALL LIMIT 1"""
    ).fetchall()
    if wrong:
        rule_id, branch = wrong[0]
        raise LoanlightError(bilingual("engine.branch_verdicts_incomplete", rule=rule_id, branch=branch))


def _store_violations(
    con: duckdb.DuckDBPyConnection, judged: CompiledSubject, rules: list[CompiledRule], run_id: str
) -> None:
    names = ", ".join(render(sql_literal("text", rule.rule_id)) for rule in rules)
    con.execute(
        f"""INSERT INTO violations
        SELECT $run_id, md5(rule_id || '|' || subject_id), rule_id, $subject, subject_id, {", ".join(IDENTITY)},
            balance, measured, limit_value, $version
        FROM (SELECT *, [{names}][found.rule + 1] AS rule_id, found.measured AS measured,
                found.limit_value AS limit_value
            FROM (SELECT subject_id, {", ".join(IDENTITY)}, balance, unnest(violations) AS found
                FROM judged WHERE violations IS NOT NULL))
        ORDER BY rule_id, subject_id""",
        {"run_id": run_id, "subject": judged.subject, "version": judged.policy.version},
    )
