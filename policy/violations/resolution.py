"""What became of the violations that a run no longer has: judged again, for those records alone.

A violation is followed from run to run until it is over: cured, lifted or corrected. Marks of a vanished one:

- `cured`: the record was judged and no longer breaks the rule;
- `lifted`: it breaks it by the policy of the run before; only the policy moved;
- `corrected`: a historic fact that is no longer in the data; it cannot have been cured;
- `unknown`: not assessable now, or its facts are no longer in the book;
- `not_judged`: the run's policy has no such rule;
- `gone`: the record is no longer in the snapshot (a loan settled, a register row ended), or the rule of a historic
  fact no longer applies to it.
"""

from datetime import date

import duckdb

from data import dictionary
from data.facts import derivation
from data.language.dialects import quote_identifier
from data.language.functions import render, sql_literal
from policy.engine.batch import facts_at_sql
from policy.engine.compiler import compile_subject_cached
from policy.engine.verdict_codes import NOT_APPLICABLE, PASS, VIOLATION, CompiledRule
from policy.model.records import Policy
from policy.runs.store import Run

FINAL_OUTCOMES = ("cured", "lifted", "corrected")
RULES_PER_QUERY = 16


def list_run_series(known: list[Run], last: Run) -> list[Run]:
    """The history that ends with `last`: of each earlier snapshot the run judged last by the same kind of rules."""
    latest: dict[date, Run] = {}
    for run in sorted(known, key=lambda run: run.sequence):
        if run.rules_of == last.rules_of and run.as_of < last.as_of:
            latest[run.as_of] = run
    return [*(latest[day] for day in sorted(latest)), last]


def resolve_vanished(
    con: duckdb.DuckDBPyConnection, previous: Run, run: Run, before: Policy, policy: Policy, table: str = "vanished"
) -> None:
    """Writes a row to `vanished` for each violation that was not over at `previous` and that `run` does not have."""
    con.execute(f"DELETE FROM {table} WHERE run_id = ?", [run.run_id])
    con.execute(
        f"""CREATE OR REPLACE TEMP TABLE left_over AS
        SELECT o.*, CAST(NULL AS VARCHAR) AS mark, true AS applies FROM (
            SELECT violation_id, rule_id, subject, subject_id FROM violations WHERE run_id = $previous
            UNION ALL
            SELECT violation_id, rule_id, subject, subject_id FROM {table}
            WHERE run_id = $previous AND NOT list_contains($over, mark)) o
        ANTI JOIN (SELECT violation_id FROM violations WHERE run_id = $run) v USING (violation_id)""",
        {"previous": previous.run_id, "run": run.run_id, "over": list(FINAL_OUTCOMES)},
    )
    _resolve_unjudged(con, run, policy)
    _resolve_judged(con, policy, run.as_of, today=run.uses_current_rules)
    if (before.version, previous.rules_of) != (policy.version, run.rules_of):
        _resolve_lifted(con, before, run.as_of, today=previous.uses_current_rules)
    _resolve_corrected(con, policy)
    con.execute(
        f"INSERT INTO {table} SELECT $run, violation_id, rule_id, subject, subject_id, mark FROM left_over",
        {"run": run.run_id},
    )


def _resolve_unjudged(con: duckdb.DuckDBPyConnection, run: Run, policy: Policy) -> None:
    con.execute(
        "UPDATE left_over SET mark = 'not_judged' WHERE NOT list_contains($rules, rule_id)", {"rules": [*policy.rules]}
    )
    if run.as_of not in derivation.list_dates_with_facts(con):
        con.execute("UPDATE left_over SET mark = 'unknown' WHERE mark IS NULL")
    for subject in _list_subjects(con):
        con.execute(
            f"""UPDATE left_over SET mark = 'gone' WHERE subject = $subject AND mark IS NULL AND subject_id NOT IN
            (SELECT {_id_column(subject)} FROM {facts_at_sql(subject)} WHERE {_id_column(subject)} IS NOT NULL)""",
            {"subject": subject, "as_of": run.as_of},
        )


def _id_column(subject: str) -> str:
    return quote_identifier(dictionary.load_subjects()[subject].id)


def _list_subjects(con: duckdb.DuckDBPyConnection, outcome: str | None = None) -> list[str]:
    found = con.execute(
        "SELECT DISTINCT subject FROM left_over WHERE mark IS NOT DISTINCT FROM ? ORDER BY 1", [outcome]
    )
    return [row[0] for row in found.fetchall()]


def _resolve_judged(con: duckdb.DuckDBPyConnection, policy: Policy, as_of: date, *, today: bool) -> None:
    _create_codes(con, policy, as_of, None, today=today)
    con.execute(
        f"""UPDATE left_over o SET applies = c.code <> {NOT_APPLICABLE},
            mark = CASE WHEN c.code IN ({PASS}, {NOT_APPLICABLE}) THEN 'cured' ELSE 'unknown' END
        FROM coded c WHERE c.rule_id = o.rule_id AND c.subject_id = o.subject_id AND o.mark IS NULL"""
    )


def _resolve_lifted(con: duckdb.DuckDBPyConnection, before: Policy, as_of: date, *, today: bool) -> None:
    """What the policy of before would still find broken was not cured."""
    _create_codes(con, before, as_of, "cured", today=today)
    con.execute(
        f"""UPDATE left_over o SET mark = 'lifted' FROM coded c
        WHERE c.rule_id = o.rule_id AND c.subject_id = o.subject_id AND o.mark = 'cured' AND c.code = {VIOLATION}"""
    )


def _resolve_corrected(con: duckdb.DuckDBPyConnection, policy: Policy) -> None:
    historic = [rule.rule_id for rule in policy.rules.values() if rule.cure == "historic"]
    con.execute(
        """UPDATE left_over SET mark = CASE WHEN applies THEN 'corrected' ELSE 'gone' END
        WHERE mark = 'cured' AND list_contains($rules, rule_id)""",
        {"rules": historic},
    )


def _create_codes(
    con: duckdb.DuckDBPyConnection, policy: Policy, as_of: date, outcome: str | None, *, today: bool
) -> None:
    """coded [rule_id, subject_id, code]: the rules and records of the left-over violations with this mark."""
    con.execute("CREATE OR REPLACE TEMP TABLE coded (rule_id VARCHAR, subject_id VARCHAR, code INTEGER)")
    for subject in _list_subjects(con, outcome):
        found = con.execute(
            "SELECT DISTINCT rule_id FROM left_over WHERE subject = ? AND mark IS NOT DISTINCT FROM ?",
            [subject, outcome],
        )
        wanted = {row[0] for row in found.fetchall()}
        judged = compile_subject_cached(policy, subject, today=today)
        rules = [rule for rule in judged.rules if rule.rule_id in wanted]
        for first in range(0, len(rules), RULES_PER_QUERY):
            some = rules[first : first + RULES_PER_QUERY]
            names = "[" + ", ".join(_rule_id_literal(rule) for rule in some) + "]"
            only = f""" AND {_id_column(subject)} IN (SELECT subject_id FROM left_over
                WHERE subject = {render(sql_literal("text", subject))} AND list_contains({names}, rule_id))"""
            roots = frozenset((dictionary.load_subjects()[subject].id,)).union(*(rule.columns_read for rule in some))
            select = judged.query.render_query(facts_at_sql(subject, only), roots, narrow=True, pruned=True)
            codes = ", ".join(
                f"{{'rule_id': {_rule_id_literal(rule)}, 'code': {rule.rendered_sql.code}}}" for rule in some
            )
            con.execute(
                f"INSERT INTO coded {select} SELECT each.rule_id, subject_id, each.code FROM "
                f"(SELECT {_id_column(subject)} AS subject_id, unnest([{codes}]) AS each FROM columns)",
                {"as_of": as_of},
            )


def _rule_id_literal(rule: CompiledRule) -> str:
    return render(sql_literal("text", rule.rule_id))
