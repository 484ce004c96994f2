"""What changed after a training session: violation rates before and after, of those taught and those never taught.

Pure functions on frames; observational, so a difference is not a proof. Rates are violations per 100 running loans.
Source: S2.2.5b, thresholds in supervision.csv.
"""

from dataclasses import dataclass
from datetime import date, timedelta

import polars as pl

from policy.model import supervision
from policy.model.records import Policy
from policy.monitoring.training_needs import PER_LOANS

MONTH = timedelta(days=31)


@dataclass(frozen=True)
class EffectThresholds:
    months: float  # the longest span before and after a session that is compared
    thin_loans: float  # a side with fewer loans says little
    thin_managers: float  # and so does one with fewer managers


def load_thresholds(policy: Policy) -> EffectThresholds:
    """Raises LoanlightError where supervision.csv lacks one of them."""
    names = ("effect_months", "thin_loans", "thin_managers")
    return EffectThresholds(*(float(supervision.require_threshold(policy, name)) for name in names))


def split_runs(runs: pl.DataFrame, held_on: date, months: float) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Of the runs [as_of, run_id] those before and those after the session, at most so many months away."""
    span = int(months) * MONTH
    near = runs.filter(pl.col("as_of").is_between(held_on - span, held_on + span))
    return near.filter(pl.col("as_of") < held_on), near.filter(pl.col("as_of") > held_on)


def add_rates(counted: pl.DataFrame) -> pl.DataFrame:
    """Add `rate` to [loans, violations]."""
    return counted.with_columns(rate=pl.col("violations") * PER_LOANS / pl.col("loans"))


def compare_before_and_after(counted: pl.DataFrame, held_on: date) -> pl.DataFrame:
    """The snapshots on either side added up, those taught first.

    `counted` [as_of, trained, managers, loans, violations]. [trained, managers, loans_before, violations_before,
    rate_before, loans_after, violations_after, rate_after, rate_change]; `managers` is the most on any day.
    """
    is_before = pl.col("as_of") < held_on
    sums = counted.group_by("trained").agg(
        pl.col("managers").max(),
        *(pl.col(name).filter(is_before).sum().alias(f"{name}_before") for name in ("loans", "violations")),
        *(pl.col(name).filter(~is_before).sum().alias(f"{name}_after") for name in ("loans", "violations")),
    )
    rates = sums.with_columns(
        rate_before=pl.col("violations_before") * PER_LOANS / pl.col("loans_before"),
        rate_after=pl.col("violations_after") * PER_LOANS / pl.col("loans_after"),
    )
    return rates.with_columns(rate_change=pl.col("rate_after") - pl.col("rate_before")).sort("trained", descending=True)


def is_thin(compared: pl.DataFrame, thresholds: EffectThresholds) -> bool:
    """Whether a side has too few loans or managers for its change to say much."""
    few = (pl.col("loans_after") < thresholds.thin_loans) | (pl.col("managers") < thresholds.thin_managers)
    return compared.filter(few).height > 0


def compare_changes(compared: pl.DataFrame) -> tuple[float, float] | None:
    """The changes of the rate of those taught and of those never taught; None where a side is missing."""
    changes = dict(compared.select("trained", "rate_change").iter_rows())
    if set(changes) != {True, False}:
        return None
    return changes[True], changes[False]
