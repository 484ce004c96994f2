"""For each running loan: the last day to apply for an extension, and the day by which its maturity notice is due."""

from datetime import date, timedelta

import duckdb
import polars as pl

from data import query
from policy.extension import APPLICATION, NEW_MATURITY, judge_many
from policy.judging import compiled
from policy.matrix import booked
from policy.model import SEVERITIES, Policy
from policy.verdict_codes import CompiledRule

NOTICE = "maturity_notice_date"
EMPTY = {"loan_id": pl.String, "apply_by": pl.Date, "notice_by": pl.Date}


def table(con: duckdb.DuckDBPyConnection, policy: Policy, as_of: date, horizon_days: int = 366) -> pl.DataFrame:
    """[loan_id, apply_by, notice_by] of running loans that mature within the horizon or have matured; NULL: unknown."""
    until = as_of + timedelta(days=horizon_days)
    notices = _notices(con, policy, as_of, until)
    if notices.is_empty():
        return pl.DataFrame(schema=EMPTY)
    requests = notices.select(
        pl.col("loan_id").alias("request_id"),
        "loan_id",
        pl.lit(as_of).alias(APPLICATION),
        pl.col("current_maturity").dt.offset_by("1d").alias(NEW_MATURITY),
        pl.lit(None, dtype=pl.String).alias("consent"),
    )
    decisions = judge_many(con, policy, as_of, requests).select("loan_id", "apply_by")
    return notices.join(decisions, on="loan_id", how="left").select(*EMPTY)


def _notices(con: duckdb.DuckDBPyConnection, policy: Policy, as_of: date, until: date) -> pl.DataFrame:
    judged = compiled(policy, "loan")
    base = booked("loan", " AND is_running AND current_maturity <= $until")
    text = (
        f"{judged.columns.select(base, narrow=True)} "
        f"SELECT loan_id, current_maturity, {_notice_sql(judged.rules)} AS notice_by FROM columns"
    )
    return query.frame(con, text, as_of=as_of, until=until)


def _notice_sql(rules: list[CompiledRule]) -> str:
    """The earliest day among the severest rules that bound the notice; whether the duty has begun does not matter."""
    own = [rule for rule in rules if rule.bound == NOTICE]
    levels = [
        "least(" + ", ".join(r.texts.limit_value for r in own if r.newest.severity == severity) + ", NULL)"
        for severity in SEVERITIES
        if any(rule.newest.severity == severity for rule in own)
    ]
    return f"coalesce({', '.join(levels)})" if levels else "CAST(NULL AS DATE)"
