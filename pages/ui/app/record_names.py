"""Numbers of branches and of people, by what they are called."""

import polars as pl

from pages.ui.app import queries
from pages.ui.app.snapshot_view import SnapshotView
from policy.violations import results


def add_branch_and_manager(view: SnapshotView, rows: pl.DataFrame) -> pl.DataFrame:
    """Add `branch` and `manager` in words to rows that have the numbers of both."""
    branches = queries.cached_query(results.load_branch_names, view.as_of)
    managers = queries.cached_query(results.load_officer_names, view.as_of)
    return rows.with_columns(
        branch=pl.col("branch_id").cast(pl.String).replace(branches),
        manager=pl.col("officer_id").cast(pl.String).replace(managers),
    )


def load_staff_names(view: SnapshotView, numbers: pl.Series) -> dict[str, str]:
    """The names of a few people of the staff by their numbers; without a name the number is there by itself."""
    wanted = tuple(numbers.drop_nulls().unique().sort())
    return queries.cached_query(results.load_staff_names, view.as_of, wanted) if wanted else {}
