"""Running loans by the day they mature, and finding one loan by what people know of it."""

from datetime import date

import duckdb
import polars as pl

from data import name_keys, query

BORROWER = """LEFT JOIN borrowers b ON b.borrower_id = f.borrower_id
    AND b.as_of <= $as_of AND (b.until IS NULL OR $as_of < b.until)"""


def maturing(cursor: duckdb.DuckDBPyConnection, as_of: date, horizon: int) -> pl.DataFrame:
    """Running loans that mature within `horizon` days or are past maturity, the earliest first, in any currency.

    [loan_id, borrower_name, branch_id, branch_name, officer_id, product_code, currency, balance, current_maturity,
    days_to_maturity, extension_count, classification, days_past_due, maturity_notice_date]
    """
    return query.frame(
        cursor,
        f"""SELECT f.loan_id, b.name AS borrower_name, f.branch_id, f.branch_name, f.officer_id, f.product_code,
                f.currency, f.balance, f.current_maturity, f.days_to_maturity, f.extension_count, f.classification,
                f.days_past_due, f.maturity_notice_date
            FROM facts_loan f {BORROWER}
            WHERE f.as_of = $as_of AND f.is_running AND f.days_to_maturity <= $horizon
            ORDER BY f.current_maturity, f.loan_id""",
        as_of=as_of,
        horizon=horizon,
    )


def found(cursor: duckdb.DuckDBPyConnection, as_of: date, text: str, limit: int = 50) -> pl.DataFrame:
    """Loans whose number or contract is `text`, begins with it, or whose borrower's name contains it; exact ones first.

    [loan_id, contract_no, borrower_name, branch_name, balance, current_maturity, is_running]
    """
    return query.frame(
        cursor,
        f"""SELECT f.loan_id, f.contract_no, b.name AS borrower_name, f.branch_name, f.balance, f.current_maturity,
                f.is_running
            FROM facts_loan f {BORROWER}
            WHERE f.as_of = $as_of AND (starts_with(f.loan_id, $text) OR starts_with(f.contract_no, $text)
                OR f.borrower_id = $text OR contains(b.name_key, $key))
            ORDER BY f.loan_id <> $text, f.is_running IS NOT TRUE, f.current_maturity, f.loan_id LIMIT $limit""",
        as_of=as_of,
        text=text,
        key=name_keys.key(text),
        limit=limit,
    )


def loan(cursor: duckdb.DuckDBPyConnection, as_of: date, loan_id: str) -> dict[str, object] | None:
    """All facts of one loan with its borrower's name; None when the snapshot has no such loan."""
    rows = query.frame(
        cursor,
        f"SELECT f.*, b.name AS borrower_name FROM facts_loan f {BORROWER} WHERE f.as_of = $as_of AND f.loan_id = $id",
        as_of=as_of,
        id=loan_id,
    )
    return rows.row(0, named=True) if rows.height else None


def providers(cursor: duckdb.DuckDBPyConnection, as_of: date, loan_id: str) -> pl.DataFrame:
    """Who stands behind the loan by the register of guarantees: [provider, provider_name, kinds]."""
    return query.frame(
        cursor,
        """SELECT coalesce(g.provider_id, g.provider_name, g.guarantee_id) AS provider,
               max(g.provider_name) AS provider_name, list_sort(list(DISTINCT g.kind)) AS kinds
           FROM guarantees g JOIN facts_loan f ON f.as_of = $as_of AND f.loan_id = $id
               AND (g.loan_id = f.loan_id OR (g.loan_id IS NULL AND g.contract_no = f.contract_no))
           WHERE g.as_of <= $as_of AND (g.until IS NULL OR $as_of < g.until) AND coalesce(g.status, 'active') = 'active'
           GROUP BY 1 ORDER BY 1""",
        as_of=as_of,
        id=loan_id,
    )
