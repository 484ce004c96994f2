"""The figures of the board report: violations of a whole run, what moved, and how much of the book they touch.

Pure functions on the cube of violation_counts joined with the rules' severities; amounts in yuan, shares as fractions.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import polars as pl

from policy.violations.lifecycle import INFLOWS, OUTFLOWS
from policy.violations.violation_query import STANDING_MOVEMENTS

SEVERE = ("critical", "high")


@dataclass(frozen=True)
class AffectedLoans:
    """Running loans in the main currency with a violation of their own; a share is None where the whole is unknown."""

    loans: int
    balance: Decimal
    share_of_loans: float | None
    share_of_balance: float | None


@dataclass(frozen=True)
class BoardFigures:
    """`moved`: movement → violations since the earlier run; `by_severity` and `moved_by_severity` split them."""

    violations: int
    severe: int
    affected: AffectedLoans
    moved: dict[str, int]
    by_severity: dict[str, int]
    moved_by_severity: dict[tuple[str, str], int]

    @property
    def came(self) -> int:
        return sum(self.moved.get(name, 0) for name in INFLOWS)

    @property
    def left(self) -> int:
        return sum(self.moved.get(name, 0) for name in OUTFLOWS)

    @property
    def opening(self) -> int:
        """Violations at the earlier run."""
        return self.violations - self.came + self.left

    def share_of_severity(self, severity: str) -> float:
        """Of the violations of any known severity, as a fraction; 0 where there are none."""
        return self.by_severity.get(severity, 0) / (sum(self.by_severity.values()) or 1)


def compute_figures(cube: pl.DataFrame, affected: Mapping[str, Any]) -> BoardFigures:
    """`cube` [severity, movement, violations, …]; `affected` as violation_list.sum_affected_balance."""
    standing = cube.filter(pl.col("movement").is_null() | pl.col("movement").is_in(STANDING_MOVEMENTS))
    moved = cube.drop_nulls("movement")
    return BoardFigures(
        violations=_sum(standing),
        severe=_sum(standing.filter(pl.col("severity").is_in(SEVERE))),
        affected=_compute_affected(affected),
        moved=dict(moved.group_by("movement").agg(pl.col("violations").sum()).iter_rows()),
        by_severity=dict(standing.group_by("severity").agg(pl.col("violations").sum()).iter_rows()),
        moved_by_severity={
            (severity, movement): violations
            for severity, movement, violations in moved.group_by("severity", "movement")
            .agg(pl.col("violations").sum())
            .iter_rows()
        },
    )


def _sum(rows: pl.DataFrame) -> int:
    return int(rows["violations"].sum())


def _compute_affected(row: Mapping[str, Any]) -> AffectedLoans:
    loans, hit, balance, balance_hit = (row[name] for name in ("loans", "loans_hit", "balance", "balance_hit"))
    return AffectedLoans(
        loans=hit,
        balance=balance_hit or Decimal(0),
        share_of_loans=hit / loans if loans else None,
        share_of_balance=None if balance_hit is None or not balance else float(balance_hit / balance),
    )
