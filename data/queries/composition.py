"""The composition of the running loans of a snapshot under any choice of parts, and the loans behind a choice."""

from datetime import date
from typing import Any

import duckdb
import polars as pl

from data.history.validity import valid_on_sql
from data.reference import buckets
from data.reference.dimensions import Dimension, load_dimensions
from data.storage import query

DimensionFilter = tuple[tuple[str, str | None], ...]
"""(dimension, code) pairs; None is what has no code."""
COUNT_SUMMARY_TABLES = "SELECT count(*) FROM duckdb_tables() WHERE table_name IN ('summary_cells', 'summary_moves')"
# What a loan can be found by besides its parts: where it stood at an opening snapshot,
OPENING_CONDITIONS = {
    "class_before": "s.classification IS NOT DISTINCT FROM $class_before",
    "late_before": "{late} IS NOT DISTINCT FROM $late_before",
}
# the quarter it was lent in, and who owes it.
LOAN_CONDITIONS = {
    "cohort": "date_trunc('quarter', disbursed_on) = $cohort",
    "borrower": "borrower_id = $borrower",
    "group": "group_id = $group",
}


def has_summaries(cursor: duckdb.DuckDBPyConnection, as_of: date) -> bool:
    """Whether the summaries of the day stand; a book of an earlier version has none until it is checked again."""
    if cursor.execute(COUNT_SUMMARY_TABLES).fetchall() != [(2,)]:
        return False
    return bool(cursor.execute("SELECT 1 FROM summary_cells WHERE as_of = $day LIMIT 1", {"day": as_of}).fetchall())


def _equals_sql(name: str) -> str:
    return f"{name} IS NOT DISTINCT FROM ${name}"


def sum_by_dimension(
    cursor: duckdb.DuckDBPyConnection, as_of: date, currency: str | None, branch: str | None, chosen: DimensionFilter
) -> pl.DataFrame:
    """[dimension, value, loans, valued, balance, npl_balance, classified_balance], largest first.

    Each dimension shows all of its own parts of what the other choices leave.
    """
    scope = "as_of = $as_of AND currency IS NOT DISTINCT FROM $currency" + (
        " AND branch_id = $branch" if branch else ""
    )
    sums = ", ".join(f"sum({name}) AS {name}" for name in ("balance", "npl_balance", "classified_balance"))
    selects = []
    for own in load_dimensions().values():
        tests = " AND ".join([scope, *(_equals_sql(name) for name, _ in chosen if name != own.name)])
        selects.append(
            f"SELECT '{own.name}' AS dimension, {own.name} AS value, sum(loans)::BIGINT AS loans, "
            f"sum(valued)::BIGINT AS valued, {sums} FROM summary_cells WHERE {tests} GROUP BY {own.name}"
        )
    values = {"as_of": as_of, "currency": currency, **({"branch": branch} if branch else {}), **dict(chosen)}
    order = "dimension, balance DESC, loans DESC, value NULLS LAST"
    return query.fetch_frame(cursor, f"{' UNION ALL '.join(selects)} ORDER BY {order}", **values)


def sum_selection(
    cursor: duckdb.DuckDBPyConnection, as_of: date, currency: str | None, branch: str | None, chosen: DimensionFilter
) -> dict[str, Any]:
    """Loans and balance of a choice: {loans, valued, balance}."""
    tests = [_equals_sql(name) for name, _ in chosen] + (["branch_id = $branch"] if branch else [])
    sql = f"""SELECT coalesce(sum(loans), 0)::BIGINT AS loans, coalesce(sum(valued), 0)::BIGINT AS valued,
            coalesce(sum(balance), 0) AS balance
        FROM summary_cells
        WHERE {" AND ".join(["as_of = $as_of AND currency IS NOT DISTINCT FROM $currency", *tests])}"""
    values = {"as_of": as_of, "currency": currency, **({"branch": branch} if branch else {}), **dict(chosen)}
    return query.fetch_frame(cursor, sql, **values).row(0, named=True)


def list_loans(
    cursor: duckdb.DuckDBPyConnection,
    as_of: date,
    currency: str | None,
    branch: str | None,
    chosen: DimensionFilter,
    origin: tuple[tuple[str, Any], ...],
    limit: int,
    offset: int,
) -> pl.DataFrame:
    """The running loans behind a choice, the largest balance first, a page of them.

    `origin`: conditions at an opening snapshot (`opening` with class_before or late_before), and those of
    LOAN_CONDITIONS. [loan_id,
    borrower_id, borrower_name, branch_id, balance, classification, days_past_due, guarantee_type, current_maturity,
    officer_id, of]; `of`: how many there are in all.
    """
    tests = [_dimension_condition(load_dimensions()[name]) for name, _ in chosen] + (
        ["branch_id = $branch"] if branch else []
    )
    values = dict(chosen) | dict(origin) | ({"branch": branch} if branch else {})
    tests += [LOAN_CONDITIONS[name] for name, _ in origin if name in LOAN_CONDITIONS]
    if any(name in OPENING_CONDITIONS for name, _ in origin):
        tests.append(f"loan_id IN ({_loans_at_opening_sql(origin)})")
    behind = " AND ".join(["as_of = $as_of", "is_running", "currency IS NOT DISTINCT FROM $currency", *tests])
    # Counted apart: a count beside each row would have all of them sorted for the few of a page.
    sql = f"""WITH found AS (
            SELECT loan_id, borrower_id, branch_id, balance, classification, days_past_due, guarantee_type,
                current_maturity, officer_id
            FROM facts_loan WHERE {behind} ORDER BY balance DESC NULLS LAST, loan_id LIMIT $limit OFFSET $offset)
        SELECT f.*, (SELECT count(*) FROM facts_loan WHERE {behind}) AS of, b.name AS borrower_name
        FROM found f
        LEFT JOIN borrowers b ON b.borrower_id = f.borrower_id AND {valid_on_sql("$as_of", "b")}
        ORDER BY f.balance DESC NULLS LAST, f.loan_id"""
    return query.fetch_frame(cursor, sql, as_of=as_of, currency=currency, limit=limit, offset=offset, **values)


def _dimension_condition(dimension: Dimension) -> str:
    return f"({dimension.sql}) IS NOT DISTINCT FROM ${dimension.name}"


def _loans_at_opening_sql(origin: tuple[tuple[str, Any], ...]) -> str:
    """The loans that stood so at the opening snapshot."""
    late = buckets.bucket_code_sql("late", "s.days_past_due")
    tests = [OPENING_CONDITIONS[name].format(late=late) for name, _ in origin if name in OPENING_CONDITIONS]
    return (
        f"SELECT s.loan_id FROM snapshots s WHERE s.snapshot_date = $opening AND {valid_on_sql('$opening', 's')} AND "
        + " AND ".join(tests)
    )


LARGEST_SQL = {
    "borrower": f"""SELECT l.borrower_id AS id, any_value(b.name) AS name, count(*) AS loans, sum(l.balance) AS balance
        FROM facts_loan l
        LEFT JOIN borrowers b ON b.borrower_id = l.borrower_id AND {valid_on_sql("$as_of", "b")}
        WHERE l.borrower_id IN (
            SELECT borrower_id FROM facts_loan
            WHERE as_of = $as_of AND is_running AND currency IS NOT DISTINCT FROM $currency
                AND ($branch IS NULL OR branch_id = $branch)
            GROUP BY borrower_id ORDER BY sum(balance) DESC NULLS LAST, borrower_id LIMIT 10)
            AND l.as_of = $as_of AND l.is_running AND l.currency IS NOT DISTINCT FROM $currency
            AND ($branch IS NULL OR l.branch_id = $branch)
        GROUP BY l.borrower_id ORDER BY balance DESC NULLS LAST, id""",
    "group": """SELECT group_id AS id, NULL::VARCHAR AS name, count(*) AS loans, sum(balance) AS balance
        FROM facts_loan
        WHERE as_of = $as_of AND is_running AND group_id IS NOT NULL AND currency IS NOT DISTINCT FROM $currency
            AND ($branch IS NULL OR branch_id = $branch)
        GROUP BY group_id ORDER BY balance DESC NULLS LAST, id LIMIT 10""",
}


def list_largest_debtors(
    cursor: duckdb.DuckDBPyConnection, as_of: date, currency: str | None, branch: str | None, debtor_kind: str
) -> pl.DataFrame:
    """The ten largest borrowers or groups of borrowers (`of`) by balance: [id, name, loans, balance]."""
    return query.fetch_frame(cursor, LARGEST_SQL[debtor_kind], as_of=as_of, currency=currency, branch=branch)


def compute_breakdown(sums: pl.DataFrame, codes: tuple[str, ...] | None = None) -> pl.DataFrame:
    """[value, loans, balance, share, npl_ratio] of the parts of one dimension, of sum_by_dimension.

    With `codes` the parts come in their order, empty ones too, and what has no code last if there is any. The share is
    of the balance of all parts, the ratio of the balance with a risk grade; both are fractions, null where unknown.
    """
    found = sums
    if codes is not None:
        ordered = pl.DataFrame({"value": [*codes, None]}, schema={"value": pl.String})
        found = ordered.join(sums, on="value", how="left", nulls_equal=True, maintain_order="left")
        found = found.filter(pl.col("value").is_not_null() | (pl.col("loans") > 0))
    total = float(found["balance"].sum() or 0)
    classified, balance = pl.col("classified_balance").cast(pl.Float64), pl.col("balance").cast(pl.Float64).fill_null(0)
    is_stated = (pl.col("valued") > 0) | pl.col("loans").is_null()
    return found.select(
        "value",
        loans=pl.col("loans").fill_null(0),
        balance=pl.when(is_stated).then(balance),
        share=pl.when(is_stated & (total > 0)).then(balance / (total or 1)),
        npl_ratio=pl.when(classified > 0).then(pl.col("npl_balance").cast(pl.Float64) / classified),
    )
