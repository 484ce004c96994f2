"""For single loans: the last day to apply for an extension, and the day by which the maturity notice is due."""

from datetime import date

import duckdb
import polars as pl

from data.facts import derivation
from data.storage import query
from policy.engine import single_record
from policy.engine.batch import facts_at_sql
from policy.engine.compiler import compile_subject_cached
from policy.engine.verdict_codes import CompiledRule
from policy.extensions.extension_decision import APPLICATION, NEW_MATURITY, SUBJECT, strictest_bound_sql
from policy.model.records import Policy

NOTICE = "maturity_notice_date"
SCHEMA = {"loan_id": pl.String, "apply_by": pl.Date, "notice_by": pl.Date}
HYPOTHETICAL_TABLE = "tried"


def compute_deadlines(
    con: duckdb.DuckDBPyConnection, policy: Policy, as_of: date, loans: tuple[str, ...]
) -> pl.DataFrame:
    """[loan_id, apply_by, notice_by] of the running ones among these loans; NULL: unknown."""
    notices = _compute_notice_deadlines(con, policy, as_of, loans)
    if notices.is_empty():
        return pl.DataFrame(schema=SCHEMA)
    days = compute_application_deadlines(con, policy, as_of, "list_contains($loans, loan_id)", loans=list(loans))
    return notices.join(days, on="loan_id", how="left").select(*SCHEMA)


def compute_application_deadlines(
    con: duckdb.DuckDBPyConnection, policy: Policy, as_of: date, condition: str, **values: object
) -> pl.DataFrame:
    """[loan_id, apply_by]: the last day in time, by a request of today, for the running loans of a condition.

    Only the rules that bound the day of application are judged.
    """
    con.execute(
        f"""CREATE OR REPLACE TEMP TABLE {HYPOTHETICAL_TABLE} AS
            SELECT loan_id AS request_id, loan_id, $as_of AS {APPLICATION},
            current_maturity + 1 AS {NEW_MATURITY}, CAST(NULL AS VARCHAR) AS consent
            FROM facts_loan WHERE as_of = $as_of AND is_running AND current_maturity IS NOT NULL AND {condition}""",
        {"as_of": as_of, **values},
    )
    whole = compile_subject_cached(policy, SUBJECT)
    judged = whole.with_rules([rule for rule in whole.rules if rule.bounded_field == APPLICATION])
    coded = single_record.coded_rules_sql(judged, derivation.derive_hypothetical_facts(con, as_of, HYPOTHETICAL_TABLE))
    text = f"{coded} SELECT loan_id, {strictest_bound_sql(judged, APPLICATION)} AS apply_by FROM coded"
    return query.fetch_frame(con, text, **({"as_of": as_of} if "$as_of" in text else {}))


def _compute_notice_deadlines(
    con: duckdb.DuckDBPyConnection, policy: Policy, as_of: date, loans: tuple[str, ...]
) -> pl.DataFrame:
    judged = compile_subject_cached(policy, "loan")
    own = [rule for rule in judged.rules if rule.bounded_field == NOTICE]
    base = facts_at_sql("loan", " AND is_running AND current_maturity IS NOT NULL AND list_contains($loans, loan_id)")
    roots = frozenset({"loan_id"}).union(*(rule.columns_read for rule in own))
    columns = judged.query.render_query(base, roots, narrow=True)
    text = f"{columns} SELECT loan_id, {_notice_deadline_sql(own, policy.severities)} AS notice_by FROM columns"
    return query.fetch_frame(con, text, as_of=as_of, loans=list(loans))


def _notice_deadline_sql(own: list[CompiledRule], severities: tuple[str, ...]) -> str:
    """The earliest day among the severest rules that bound the notice; whether the duty has begun does not matter."""
    levels = [
        "least("
        + ", ".join(r.rendered_sql.limit_value for r in own if r.newest_version.severity == severity)
        + ", NULL)"
        for severity in severities
        if any(rule.newest_version.severity == severity for rule in own)
    ]
    return f"coalesce({', '.join(levels)})" if levels else "CAST(NULL AS DATE)"
