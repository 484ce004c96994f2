"""Training needs: each account manager's violations per 100 loans against the peers', and where a need follows.

Pure functions on frames; the book is read by data.queries.account_managers. Rates are violations per 100 running loans.
The peers of a manager are all other account managers of the bank. Source: S2.2.1, thresholds in supervision.csv.
"""

from dataclasses import dataclass

import polars as pl

from policy.model import supervision
from policy.model.records import Policy

PER_LOANS = 100  # a rate is that of so many loans
NEEDS_BY_TOPIC = {
    "topic": pl.String,
    "managers_needing": pl.Int64,
    "not_taught": pl.Int64,
    "taught_share": pl.Float64,
}


@dataclass(frozen=True)
class NeedThresholds:
    """When a rate becomes a need; see supervision.csv for what each number means."""

    thin_loans: float  # a portfolio of fewer loans is small: its rate says little
    ratio: float  # multiple of the peers' rate
    violations: float  # at least so many
    deviations: float  # above the expected number, in square roots of it


def load_thresholds(policy: Policy) -> NeedThresholds:
    """Raises LoanlightError where supervision.csv lacks one of them."""
    names = ("thin_loans", "need_ratio", "need_violations", "need_deviations")
    return NeedThresholds(*(float(supervision.require_threshold(policy, name)) for name in names))


def list_taught_groups(policy: Policy) -> pl.DataFrame:
    """[clause_group, topic, rank] of the clause groups that training teaches, in the order of the table."""
    rows = [(g.clause_group, g.topic, n) for n, g in enumerate(supervision.load_clause_groups(policy)) if g.topic]
    return pl.DataFrame(rows, schema={"clause_group": pl.String, "topic": pl.String, "rank": pl.Int64}, orient="row")


def add_book_ratios(portfolios: pl.DataFrame, thin_loans: float) -> pl.DataFrame:
    """The portfolios of named managers with [npl_ratio, overdue_ratio, thin]; a ratio of nothing is null.

    `npl_ratio` is of the balance that has a risk grade, `overdue_ratio` of the balance whose days past due are known.
    """

    def divide(part: str, whole: str) -> pl.Expr:
        return pl.when(pl.col(whole) > 0).then(pl.col(part).cast(pl.Float64) / pl.col(whole).cast(pl.Float64))

    return portfolios.filter(pl.col("officer_id").is_not_null()).with_columns(
        npl_ratio=divide("npl_balance", "classified_balance"),
        overdue_ratio=divide("overdue_balance", "dated_balance"),
        thin=pl.col("loans") < thin_loans,
    )


def count_unmanaged_loans(portfolios: pl.DataFrame) -> int:
    """Running loans that name no manager."""
    return int(portfolios.filter(pl.col("officer_id").is_null())["loans"].sum())


def compare_with_peers(
    books: pl.DataFrame, counts: pl.DataFrame, groups: pl.DataFrame, thresholds: NeedThresholds
) -> pl.DataFrame:
    """Every manager and taught clause group: own violations and rate, the peers', and whether a need follows.

    `books` [officer_id, loans, thin]; `counts` [officer_id, clause_group, violations]; `groups` of list_taught_groups.
    [officer_id, loans, thin, clause_group, topic, rank, violations, peer_violations, peer_loans, rate, peer_rate,
    expected, need]; `expected` is the violations at the peers' rate.
    """
    crossed = books.select("officer_id", "loans", "thin").join(groups, how="cross")
    found = crossed.join(counts, on=["officer_id", "clause_group"], how="left").with_columns(
        pl.col("violations").fill_null(0)
    )
    counted = found.with_columns(
        peer_violations=pl.col("violations").sum().over("clause_group") - pl.col("violations"),
        peer_loans=pl.col("loans").sum().over("clause_group") - pl.col("loans"),
    )
    return _add_needs(_add_rates(counted), thresholds).sort("officer_id", "rank")


def _add_rates(counted: pl.DataFrame) -> pl.DataFrame:
    per_loan = pl.when(pl.col("peer_loans") > 0).then(pl.col("peer_violations") / pl.col("peer_loans"))
    return counted.with_columns(
        rate=pl.col("violations") * PER_LOANS / pl.col("loans"),
        peer_rate=per_loan * PER_LOANS,
        expected=per_loan * pl.col("loans"),
    )


def _add_needs(rated: pl.DataFrame, thresholds: NeedThresholds) -> pl.DataFrame:
    """A need follows from enough violations, far above the peers' rate, and more than chance explains."""
    above = pl.col("violations") - pl.col("expected")
    need = (
        ~pl.col("thin")
        & (pl.col("violations") >= thresholds.violations)
        & (pl.col("rate") >= thresholds.ratio * pl.col("peer_rate"))
        & (above >= thresholds.deviations * pl.col("expected").sqrt())
    )
    return rated.with_columns(need=need.fill_null(False))


def sum_over_groups(books: pl.DataFrame, compared: pl.DataFrame | None) -> pl.DataFrame:
    """The books with [violations, rate, peer_rate, needed]; all unknown without a comparison, for no run was made.

    `needed` lists the topics from whose groups a need follows, in the order of the clause groups.
    """
    if compared is None:
        return books.with_columns(
            violations=pl.lit(None, pl.Int64),
            rate=pl.lit(None, pl.Float64),
            peer_rate=pl.lit(None, pl.Float64),
            needed=pl.lit([], pl.List(pl.String)),
        )
    sums = compared.group_by("officer_id").agg(
        pl.col("violations", "peer_violations").sum(),
        pl.col("peer_loans").first(),
        needed=pl.col("topic").filter(pl.col("need")).unique(maintain_order=True),
    )
    joined = books.join(sums, on="officer_id", how="left", maintain_order="left")
    peer_rate = pl.when(pl.col("peer_loans") > 0).then(pl.col("peer_violations") * PER_LOANS / pl.col("peer_loans"))
    return joined.with_columns(rate=pl.col("violations") * PER_LOANS / pl.col("loans"), peer_rate=peer_rate)


def count_by_topic(managers: pl.DataFrame, topics: list[str]) -> pl.DataFrame:
    """[topic, managers_needing, not_taught, taught_share] of each topic; of sum_over_groups, with `topics_taken`.

    `not_taught` are those who need it and never had it; `taught_share` (a fraction) is of all managers given.
    """
    rows = []
    for topic in topics:
        taken = pl.col("topics_taken").list.contains(topic).fill_null(False)
        needing = managers.filter(pl.col("needed").list.contains(topic))
        share = managers.select(taken.mean()).item() if managers.height else None
        rows.append((topic, needing.height, needing.filter(~taken).height, share))
    return pl.DataFrame(rows, schema=NEEDS_BY_TOPIC, orient="row")


def compute_average_rate(managers: pl.DataFrame) -> float | None:
    """Violations per 100 loans of all these managers together; None without loans or before a check."""
    loans, violations = int(managers["loans"].sum()), managers["violations"]
    if not loans or violations.null_count() == violations.len():
        return None
    return int(violations.sum()) * PER_LOANS / loans


def compute_control_limits(rate: float, largest: int, deviations: float) -> pl.DataFrame:
    """[loans, lower, middle, upper] of a funnel plot: rates that chance explains, by size of the portfolio.

    `rate` is the average per 100 loans, `largest` the loans of the largest portfolio, `deviations` the half width.
    """
    sizes = pl.DataFrame({"loans": sorted({max(1, largest * step // 60) for step in range(1, 64)})})
    spread = deviations * (rate / PER_LOANS / pl.col("loans")).sqrt() * PER_LOANS
    return sizes.with_columns(
        lower=pl.max_horizontal(pl.lit(0.0), rate - spread), middle=pl.lit(rate), upper=rate + spread
    )


def rank_by_surprise(managers: pl.DataFrame, rate: float, limit: int) -> pl.DataFrame:
    """The first `limit` managers: those with a need, then those whose rate chance explains least."""
    surprise = (pl.col("rate") - rate).abs() * pl.col("loans").sqrt()
    needed = pl.col("needed").list.len() > 0
    return managers.sort(needed, surprise, descending=True, nulls_last=True).head(limit)
