"""The values of metrics: every metric in force evaluated for the bank and each branch."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

import duckdb

from data.errors import InputError
from data.facts import derivation
from data.language.expressions import (
    did_you_mean,
)
from data.messages.catalogue import bilingual
from data.reference import book_settings
from policy.model.records import Policy
from policy.monitoring import metric_queries
from policy.monitoring.metric_definitions import (
    INDEX_UNIT,
    SUBJECTS,
    select_in_force,
)


@dataclass(frozen=True)
class MetricValue:
    """`value` of one subject, to six decimals; None with the reason not_set (`missing` fields), zero_divisor, or
    too_many_unknown where more records lack what is needed than max_unknown_share allows.

    `low` to `high`: the range that unknown and derived values leave open; None where there is none. `derived`: records
    whose value was concluded from other fields.
    """

    metric_id: str
    subject: str
    subject_id: str
    value: Decimal | None
    status: str
    amber: Decimal | None
    red: Decimal | None
    reason: str | None
    missing: tuple[str, ...]
    lacking: int
    total: int
    low: Decimal | None = None
    high: Decimal | None = None
    derived: int = 0


def evaluate_metrics(con: duckdb.DuckDBPyConnection, policy: Policy, as_of: date) -> list[MetricValue]:
    """Every metric in force on as_of, for the bank and then each branch: one query over facts, one over the latest run.

    Raises BookError when the book has no facts of as_of.
    """
    derivation.require_facts(con, as_of)
    current = select_in_force(policy, as_of)
    sources = [
        *metric_queries.build_fact_queries(policy, current),
        *metric_queries.build_run_queries(con, policy, as_of, current),
    ]
    rows = con.execute(" UNION ALL ".join(f"({text})" for text in sources), {"as_of": as_of}).fetchall()
    place = {metric.metric_id: number for number, metric in enumerate(current)}
    units = {metric.metric_id: metric.unit for metric in current}
    found = [_build_value(units[row[0]], *row) for row in rows]
    return sorted(found, key=lambda v: (SUBJECTS.index(v.subject), v.subject_id, place[v.metric_id]))


def select_branch_values(values: list[MetricValue], branch_id: str | None) -> list[MetricValue]:
    """The values of one branch, of the bank where it is None. Raises InputError for an unknown branch."""
    found = [v for v in values if v.subject == ("portfolio" if branch_id is None else "branch")]
    if branch_id is None:
        return found
    known = sorted({value.subject_id for value in found})
    if branch_id not in known:
        near = did_you_mean(branch_id, known)
        raise InputError(bilingual("monitoring.unknown_branch", branch=branch_id, near=near))
    return [value for value in found if value.subject_id == branch_id]


def _build_value(
    unit: str,
    metric_id: str,
    subject: str,
    subject_id: str,
    value: Decimal | None,
    status: str,
    amber: Decimal | None,
    red: Decimal | None,
    missing: list[str],
    lacking: int | None,
    total: int | None,
    low: Decimal | None,
    high: Decimal | None,
    derived: int | None,
) -> MetricValue:
    if _is_unknown(unit, int(lacking or 0), int(total or 0)):
        value, status = None, "none"
    is_open = value is not None and low is not None and high is not None and low < high
    return MetricValue(
        metric_id,
        subject,
        subject_id,
        value,
        status,
        amber,
        red,
        None if value is not None else _find_reason(missing, int(lacking or 0), int(total or 0)),
        tuple(missing) if value is None else (),
        int(lacking or 0),
        int(total or 0),
        low if is_open else None,
        high if is_open else None,
        int(derived or 0),
    )


def _is_unknown(unit: str, lacking: int, total: int) -> bool:
    """A sum is unknown where nothing is known, a ratio beyond the share of unknowns that quality_limits.csv allows."""
    if unit in ("ratio", INDEX_UNIT):
        return lacking > total * book_settings.load_max_unknown_share()
    return 0 < total == lacking


def _find_reason(missing: list[str], lacking: int, total: int) -> str:
    if total and lacking > total * book_settings.load_max_unknown_share():
        return "too_many_unknown"
    return "not_set" if missing else "zero_divisor"
