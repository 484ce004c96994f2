"""Numbers of branches and of people, by what they are called."""

import polars as pl

from data import findings
from pages.ui import access
from pages.ui.frame import View


def places(view: View, rows: pl.DataFrame) -> pl.DataFrame:
    """Add `branch` and `manager` in words to rows that have the numbers of both."""
    branches = access.ask(findings.branch_names, view.as_of)
    managers = access.ask(findings.staff_names, view.as_of)
    return rows.with_columns(
        branch=pl.col("branch_id").cast(pl.String).replace(branches),
        manager=pl.col("officer_id").cast(pl.String).replace(managers),
    )


def people(view: View, numbers: pl.Series) -> dict[str, str]:
    """The names of a few people of the staff by their numbers; without a name the number is there by itself."""
    wanted = tuple(numbers.drop_nulls().unique().sort())
    return access.ask(findings.people, view.as_of, wanted) if wanted else {}
