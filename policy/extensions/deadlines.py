"""For single loans: the last day to apply for an extension, and the day by which the maturity notice is due."""

from datetime import date

import duckdb
import polars as pl

from data.facts import derivation
from data.storage import query
from policy.engine import single_record
from policy.engine.batch import booked
from policy.engine.compiler import CompiledSubject, compiled
from policy.engine.verdict_codes import CompiledRule
from policy.extensions.extension_decision import APPLICATION, NEW_MATURITY, SUBJECT, bound
from policy.model.records import SEVERITIES, Policy

NOTICE = "maturity_notice_date"
EMPTY = {"loan_id": pl.String, "apply_by": pl.Date, "notice_by": pl.Date}
TRIED = "tried"


def table(con: duckdb.DuckDBPyConnection, policy: Policy, as_of: date, loans: tuple[str, ...]) -> pl.DataFrame:
    """[loan_id, apply_by, notice_by] of the running ones among these loans; NULL: unknown."""
    notices = _notices(con, policy, as_of, loans)
    if notices.is_empty():
        return pl.DataFrame(schema=EMPTY)
    days = applications(con, policy, as_of, "list_contains($loans, loan_id)", loans=list(loans))
    return notices.join(days, on="loan_id", how="left").select(*EMPTY)


def applications(
    con: duckdb.DuckDBPyConnection, policy: Policy, as_of: date, wanted: str, **values: object
) -> pl.DataFrame:
    """[loan_id, apply_by]: the last day in time, by a request of today, for the running loans of a condition.

    Only the rules that bound the day of application are judged.
    """
    con.execute(
        f"""CREATE OR REPLACE TEMP TABLE {TRIED} AS SELECT loan_id AS request_id, loan_id, $as_of AS {APPLICATION},
            current_maturity + 1 AS {NEW_MATURITY}, CAST(NULL AS VARCHAR) AS consent
            FROM facts_loan WHERE as_of = $as_of AND is_running AND current_maturity IS NOT NULL AND {wanted}""",
        {"as_of": as_of, **values},
    )
    whole = compiled(policy, SUBJECT)
    judged = CompiledSubject(whole.columns, [rule for rule in whole.rules if rule.bound == APPLICATION])
    coded = single_record.coded(judged, derivation.hypothetical(con, as_of, TRIED))
    text = f"{coded} SELECT loan_id, {bound(judged, APPLICATION)} AS apply_by FROM coded"
    return query.frame(con, text, **({"as_of": as_of} if "$as_of" in text else {}))


def _notices(con: duckdb.DuckDBPyConnection, policy: Policy, as_of: date, loans: tuple[str, ...]) -> pl.DataFrame:
    judged = compiled(policy, "loan")
    own = [rule for rule in judged.rules if rule.bound == NOTICE]
    base = booked("loan", " AND is_running AND current_maturity IS NOT NULL AND list_contains($loans, loan_id)")
    roots = frozenset({"loan_id"}).union(*(rule.reads for rule in own))
    columns = judged.columns.select(base, roots, narrow=True)
    text = f"{columns} SELECT loan_id, {_notice_sql(own)} AS notice_by FROM columns"
    return query.frame(con, text, as_of=as_of, loans=list(loans))


def _notice_sql(own: list[CompiledRule]) -> str:
    """The earliest day among the severest rules that bound the notice; whether the duty has begun does not matter."""
    levels = [
        "least(" + ", ".join(r.texts.limit_value for r in own if r.newest.severity == severity) + ", NULL)"
        for severity in SEVERITIES
        if any(rule.newest.severity == severity for rule in own)
    ]
    return f"coalesce({', '.join(levels)})" if levels else "CAST(NULL AS DATE)"
