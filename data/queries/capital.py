"""The bank's own capital, and exposures as shares of it."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

import duckdb
import polars as pl


@dataclass(frozen=True)
class Capital:
    """Yuan; each None where nobody entered it."""

    net_capital: Decimal | None
    tier1_capital: Decimal | None
    stated_on: date | None


def load_capital(cursor: duckdb.DuckDBPyConnection, as_of: date) -> Capital:
    """What the register of bank parameters states for the snapshot."""
    rows = cursor.execute(
        """SELECT max(net_capital), max(tier1_capital), max(capital_date)
           FROM facts_portfolio WHERE as_of = $as_of""",
        {"as_of": as_of},
    ).fetchall()
    return Capital(*rows[0])


def add_capital_shares(rows: pl.DataFrame, capital: Capital) -> pl.DataFrame:
    """Add [to_tier1, to_net]: the balance as a fraction of tier 1 and of net capital, null where that is unknown."""
    return rows.with_columns(
        to_tier1=divide_by(pl.col("balance"), capital.tier1_capital),
        to_net=divide_by(pl.col("balance"), capital.net_capital),
    )


def divide_by(amount: pl.Expr, whole: Decimal | float | None) -> pl.Expr:
    """The amount as a fraction of the whole; null where the whole is unknown or nothing."""
    return amount.cast(pl.Float64) / float(whole) if whole else pl.lit(None, pl.Float64)
