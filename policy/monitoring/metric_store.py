"""Metric values of checks, stored in the book by day and policy version; deriving facts anew removes them."""

from dataclasses import astuple
from datetime import date

import duckdb

from data.storage.system_tables import load_system_tables
from policy.model.records import Policy
from policy.monitoring import metrics
from policy.monitoring.metrics import MetricValue

TABLE = "metric_values"
KEY_COLUMNS = ("as_of", "policy_version")
COLUMN_NAMES = ", ".join(f"v.{name}" for name in load_system_tables()[TABLE].columns if name not in KEY_COLUMNS)
ValuesByDay = dict[date, list[MetricValue]]


def evaluate_and_store(con: duckdb.DuckDBPyConnection, policy: Policy, as_of: date) -> None:
    """Evaluate and keep the metrics of a day that was just judged by this policy."""
    con.execute(load_system_tables()[TABLE].create_sql())
    con.execute(f"DELETE FROM {TABLE} WHERE as_of = ? AND policy_version = ?", [as_of, policy.version])
    rows = [(as_of, policy.version, *astuple(value)) for value in metrics.evaluate_metrics(con, policy, as_of)]
    if not rows:
        return
    columns = [[*map(_to_list, column)] for column in zip(*rows, strict=True)]
    con.execute(f"INSERT INTO {TABLE} SELECT {', '.join(['unnest(?)'] * len(columns))}", columns)


def _to_list(cell: object) -> object:
    return list(cell) if isinstance(cell, tuple) else cell


def load_stored_values(
    con: duckdb.DuckDBPyConnection, policy: Policy, subject: str, subject_id: str, until: date
) -> ValuesByDay:
    """The values of the bank or of one branch on each day up to `until` that the book has by this policy."""
    if not con.execute("SELECT 1 FROM duckdb_tables() WHERE table_name = ?", [TABLE]).fetchall():
        return {}
    rows = con.execute(
        f"""SELECT v.as_of, {COLUMN_NAMES} FROM {TABLE} v
            WHERE v.policy_version = $version AND v.subject = $subject AND v.subject_id = $id AND v.as_of <= $until
            ORDER BY v.as_of, v.metric_id""",
        {"version": policy.version, "subject": subject, "id": subject_id, "until": until},
    )
    found: ValuesByDay = {}
    for day, metric_id, of, of_id, value, status, amber, red, reason, missing, *counts in rows.fetchall():
        each = MetricValue(metric_id, of, of_id, value, status, amber, red, reason, tuple(missing), *counts)
        found.setdefault(day, []).append(each)
    return found


def load_values_by_day(
    con: duckdb.DuckDBPyConnection, policy: Policy, branch: str | None, until: date, required_days: tuple[date, ...]
) -> ValuesByDay:
    """The values of the bank (or a branch) by day: stored ones, and those of `required_days`, evaluated if missing."""
    subject, subject_id = ("branch", branch) if branch else ("portfolio", "bank")
    found = load_stored_values(con, policy, subject, subject_id, until)
    for day in set(required_days) - set(found):
        values = metrics.evaluate_metrics(con, policy, day)
        found[day] = [value for value in values if (value.subject, value.subject_id) == (subject, subject_id)]
    return dict(sorted(found.items()))
