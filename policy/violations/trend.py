"""The weighted trend of violations over the judged snapshots, and what moved between two of them.

Pure functions on frames. `weight` is the sum of the severity weights of violations, `points` the weight per 100 loans.
"""

from dataclasses import dataclass
from datetime import date

import polars as pl

from policy.violations.lifecycle import INFLOWS, OUTFLOWS

PER_LOANS = 100


def add_weights(counted: pl.DataFrame, rules: pl.DataFrame, unranked: str, last_rank: int) -> pl.DataFrame:
    """[as_of, severity, rank, violations, weight, loans] of each judged snapshot and severity.

    `counted` is violation_list.load_trend, `rules` facets.rank_rules. Violations of rules that the policy no longer has
    count as severity `unranked` with rank `last_rank` and no weight.
    """
    frame = counted.join(rules.select("rule_id", "severity", "rank", each="weight"), on="rule_id", how="left")
    return (
        frame.with_columns(
            pl.col("severity").fill_null(unranked),
            pl.col("rank").fill_null(last_rank),
            weight=pl.col("violations") * pl.col("each").fill_null(0.0),
        )
        .group_by("as_of", "severity", "rank")
        .agg(pl.col("violations", "weight").sum(), pl.col("loans").max())
    )


def sum_by_day(trend: pl.DataFrame) -> pl.DataFrame:
    """[as_of, violations, weight, loans, points] of each snapshot, the oldest first."""
    sums = trend.group_by("as_of").agg(pl.col("violations", "weight").sum(), pl.col("loans").max())
    return _add_points(sums.sort("as_of"))


def sum_by_severity(trend: pl.DataFrame) -> pl.DataFrame:
    """[as_of, severity, rank, violations, weight, loans, points] of each snapshot and severity, most severe first."""
    sums = trend.group_by("as_of", "severity", "rank").agg(pl.col("violations", "weight").sum(), pl.col("loans").max())
    return _add_points(sums.sort("as_of", "rank"))


def _add_points(sums: pl.DataFrame) -> pl.DataFrame:
    return sums.with_columns(points=pl.col("weight") * PER_LOANS / pl.col("loans"))


@dataclass(frozen=True)
class SnapshotBar:
    """A snapshot of a chart: its points, and each severity's part as a fraction of the highest bar."""

    as_of: date
    points: float
    parts: tuple[float, ...]


def build_bars(trend: pl.DataFrame, severities: tuple[str, ...], snapshots: int) -> list[SnapshotBar]:
    """The last so many snapshots, parts in the order of `severities`."""
    days = sum_by_day(trend).tail(snapshots)
    highest = max(days["points"].drop_nulls(), default=0) or 1
    bars = []
    for as_of, loans, points in days.select("as_of", "loans", "points").iter_rows():
        of_day = trend.filter(pl.col("as_of") == as_of)
        weights = dict(of_day.group_by("severity").agg(pl.col("weight").sum()).iter_rows())
        parts = tuple(float(weights.get(severity, 0.0)) * PER_LOANS / loans / highest for severity in severities)
        bars.append(SnapshotBar(as_of, points, parts))
    return bars


@dataclass(frozen=True)
class MovementTotals:
    """Violations at the earlier run and now; `opening` plus `came` minus `left` is `closing`."""

    opening: int
    came: int
    left: int
    closing: int


def sum_movements(moved: dict[str, int]) -> MovementTotals:
    """Of movement → violations since the earlier run."""
    came, left = (sum(moved.get(name, 0) for name in names) for names in (INFLOWS, OUTFLOWS))
    persisting = moved.get("persisting", 0)
    return MovementTotals(persisting + left, came, left, persisting + came)
