"""Violations with their lifecycle as rows, and counts of their movements, once lifecycle.build_lifecycles has run."""

import duckdb
import polars as pl

from data.storage import query
from policy.violations.lifecycle import INFLOWS, OUTFLOWS


def list_lifecycles(
    con: duckdb.DuckDBPyConnection,
    *,
    state: str | None = None,
    movement: str | None = None,
    rule: str | None = None,
    branch: str | None = None,
    limit: int | None = None,
) -> pl.DataFrame:
    """Rows of `lives` after build(), the longest open first."""
    return query.fetch_frame(
        con,
        """SELECT * FROM lives
        WHERE ($state IS NULL OR state = $state) AND ($movement IS NULL OR movement = $movement)
            AND ($rule IS NULL OR rule_id = $rule) AND ($branch IS NULL OR branch_id = $branch)
        ORDER BY days_open DESC, balance DESC NULLS LAST, violation_id LIMIT $limit""",
        state=state,
        movement=movement,
        rule=rule,
        branch=branch,
        limit=limit,
    )


def count_movements_by(con: duckdb.DuckDBPyConnection, column: str) -> pl.DataFrame:
    """[column, opening, *movements but persisting, closing] by rule_id, branch_id or severity; each row adds up."""
    if column not in ("rule_id", "branch_id", "severity", "officer_id"):
        raise ValueError(column)
    moved = ", ".join(f"count(*) FILTER (movement = '{m}') AS \"{m}\"" for m in (*INFLOWS, *OUTFLOWS))
    kept = ", ".join(f"'{m}'" for m in ("persisting", *OUTFLOWS)), ", ".join(f"'{m}'" for m in ("persisting", *INFLOWS))
    return query.fetch_frame(
        con,
        f"""SELECT {column}, count(*) FILTER (movement IN ({kept[0]})) AS opening, {moved},
            count(*) FILTER (movement IN ({kept[1]})) AS closing
        FROM lives WHERE movement IS NOT NULL GROUP BY {column} ORDER BY closing DESC, {column}""",
    )
