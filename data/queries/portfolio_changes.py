"""What changed in the portfolio since an opening snapshot: the balance, non-performing loans, new arrears.

Pure functions on the moves of data.queries.migration.load_moves; amounts in yuan of the main currency.
"""

from dataclasses import dataclass
from decimal import Decimal

import polars as pl


@dataclass(frozen=True)
class LoanSum:
    loans: int
    amount: Decimal


@dataclass(frozen=True)
class BalanceChange:
    """`net` is the change of the loans that ran throughout; `by_branch` [branch_id, change]."""

    before: Decimal
    after: Decimal
    new: LoanSum
    ended: LoanSum
    net: Decimal
    by_branch: pl.DataFrame

    @property
    def change(self) -> Decimal:
        return self.after - self.before


@dataclass(frozen=True)
class NplChange:
    """Balances of the non-performing classes, and the loans that moved into and out of them."""

    before: Decimal
    after: Decimal
    into: LoanSum
    out: LoanSum
    by_branch: pl.DataFrame

    @property
    def change(self) -> Decimal:
        return self.after - self.before


def sum_balance_change(moves: pl.DataFrame) -> BalanceChange:
    throughout = moves.filter(pl.col("origin") == "running", pl.col("fate") == "running")
    return BalanceChange(
        before=_sum_column(moves, "balance_before"),
        after=_sum_column(moves, "balance_after"),
        new=_sum_loans(moves.filter(pl.col("origin") == "new"), "balance_after"),
        ended=_sum_loans(moves.filter(pl.col("fate") != "running"), "balance_before"),
        net=_sum_column(throughout, "balance_after") - _sum_column(throughout, "balance_before"),
        by_branch=_sum_by_branch(moves, pl.col("balance_after") - pl.col("balance_before")),
    )


def sum_npl_change(moves: pl.DataFrame, npl_classes: list[str]) -> NplChange:
    rows = moves.with_columns(
        was=pl.col("class_before").is_in(npl_classes).fill_null(value=False),
        now=pl.col("class_after").is_in(npl_classes).fill_null(value=False),
    )
    after = pl.when("now").then("balance_after").otherwise(Decimal(0))
    before = pl.when("was").then("balance_before").otherwise(Decimal(0))
    return NplChange(
        before=_sum_column(rows.filter("was"), "balance_before"),
        after=_sum_column(rows.filter("now"), "balance_after"),
        into=_sum_loans(rows.filter(~pl.col("was"), pl.col("now")), "balance_after"),
        out=_sum_loans(rows.filter(pl.col("was"), ~pl.col("now")), "balance_before"),
        by_branch=_sum_by_branch(rows, after - before),
    )


def sum_new_arrears(moves: pl.DataFrame, not_overdue: str) -> LoanSum | None:
    """Loans that were in the bucket `not_overdue` and no longer are, with their balance now; None without any."""
    late = pl.col("late_after")
    fresh = moves.filter(pl.col("late_before") == not_overdue, late.is_not_null(), late != not_overdue)
    return _sum_loans(fresh, "balance_after") if fresh.height else None


def find_main_branches(by_branch: pl.DataFrame, total: Decimal, limit: int) -> list[tuple[str | None, Decimal]]:
    """The branches that moved most in the direction of the total; empty where only one branch has loans at all."""
    ordered = by_branch.sort("change", "branch_id", descending=[total > 0, False])
    towards = ordered.filter(pl.col("change") > 0 if total > 0 else pl.col("change") < 0).head(limit)
    return list(towards.iter_rows()) if total and by_branch.height > 1 else []


def _sum_column(rows: pl.DataFrame, column: str) -> Decimal:
    return Decimal(rows[column].sum() or 0)


def _sum_loans(rows: pl.DataFrame, column: str) -> LoanSum:
    return LoanSum(int(rows["loans"].sum()), _sum_column(rows, column))


def _sum_by_branch(rows: pl.DataFrame, change: pl.Expr) -> pl.DataFrame:
    return rows.group_by("branch_id").agg(change=change.sum())
