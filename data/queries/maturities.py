"""Running loans by maturity date, and the search for one loan by number, contract or name."""

from dataclasses import dataclass
from datetime import date

import duckdb
import polars as pl

from data.history import guarantees
from data.history.validity import IS_CURRENT, valid_on_sql
from data.queries import notices
from data.storage import name_search, query

JOIN_BORROWER = f"LEFT JOIN borrowers b ON b.borrower_id = f.borrower_id AND {valid_on_sql('$as_of', 'b')}"


@dataclass(frozen=True)
class MaturityScope:
    """Which running loans: those that mature between two days (None: open), of branches and officers (none: all)."""

    first: date | None = None
    last: date | None = None
    branches: tuple[str, ...] = ()
    officers: tuple[str, ...] = ()


# The loans of a scope, by its values bound as $first, $last, $branches and $officers.
IN_SCOPE = """f.as_of = $as_of AND f.is_running
    AND ($first IS NULL OR f.current_maturity >= $first) AND ($last IS NULL OR f.current_maturity <= $last)
    AND (len($branches) = 0 OR list_contains($branches, f.branch_id))
    AND (len($officers) = 0 OR list_contains($officers, f.officer_id))"""


def _scope_values(as_of: date, scope: MaturityScope) -> dict[str, object]:
    return {
        "as_of": as_of,
        "first": scope.first,
        "last": scope.last,
        "branches": list(scope.branches),
        "officers": list(scope.officers),
    }


def sum_by_maturity_day(
    cursor: duckdb.DuckDBPyConnection, as_of: date, currency: str | None, scope: MaturityScope
) -> pl.DataFrame:
    """[day, loans, valued, balance] of one currency: what matures on each day; loans without a maturity have no day."""
    return query.fetch_frame(
        cursor,
        f"""SELECT f.current_maturity AS day, count(*) AS loans, count(f.balance) AS valued,
                coalesce(sum(f.balance), 0) AS balance
            FROM facts_loan f WHERE {IN_SCOPE} AND f.currency IS NOT DISTINCT FROM $currency
            GROUP BY 1 ORDER BY 1""",
        currency=currency,
        **_scope_values(as_of, scope),
    )


def count_loans(cursor: duckdb.DuckDBPyConnection, as_of: date, scope: MaturityScope) -> dict[str, int]:
    """The loans of a scope in any currency, those that are past due, and those still ahead without a notice."""
    return query.fetch_frame(
        cursor,
        f"""SELECT count(*) AS loans, count(*) FILTER ({notices.IN_ARREARS}) AS in_arrears,
                count(*) FILTER ({notices.NOTICE_CONDITIONS["maturity"]}) AS ahead,
                count(*) FILTER ({notices.NOTICE_CONDITIONS["maturity"]} AND f.maturity_notice_date IS NULL) AS unsent
            FROM facts_loan f WHERE {IN_SCOPE}""",
        **_scope_values(as_of, scope),
    ).row(0, named=True)


def list_loan_ids(cursor: duckdb.DuckDBPyConnection, as_of: date, scope: MaturityScope) -> tuple[str, ...]:
    """The loans of a scope, the earliest maturity first."""
    rows = query.fetch_frame(
        cursor,
        f"SELECT f.loan_id FROM facts_loan f WHERE {IN_SCOPE} ORDER BY f.current_maturity, f.loan_id",
        **_scope_values(as_of, scope),
    )
    return tuple(rows["loan_id"])


def list_maturing_loans(
    cursor: duckdb.DuckDBPyConnection, as_of: date, scope: MaturityScope, limit: int | None = None, offset: int = 0
) -> pl.DataFrame:
    """The running loans of a scope, the earliest maturity first, in any currency; all, or one page of them.

    [loan_id, borrower_name, branch_id, branch_name, officer_id, product_code, currency, balance, current_maturity,
    days_to_maturity, extension_count, classification, days_past_due, maturity_notice_date]
    """
    return query.fetch_frame(
        cursor,
        f"""WITH shown AS (
            SELECT f.loan_id, f.borrower_id, f.branch_id, f.branch_name, f.officer_id, f.product_code, f.currency,
                f.balance, f.current_maturity, f.days_to_maturity, f.extension_count, f.classification,
                f.days_past_due, f.maturity_notice_date
            FROM facts_loan f WHERE {IN_SCOPE}
            ORDER BY f.current_maturity, f.loan_id LIMIT $limit OFFSET $offset
        )
        SELECT f.loan_id, b.name AS borrower_name, f.* EXCLUDE (loan_id, borrower_id) FROM shown f {JOIN_BORROWER}
        ORDER BY f.current_maturity, f.loan_id""",
        limit=limit,
        offset=offset,
        **_scope_values(as_of, scope),
    )


def load_borrower_names(cursor: duckdb.DuckDBPyConnection, as_of: date, borrowers: tuple[str, ...]) -> dict[str, str]:
    """The names of a few borrowers, by their numbers."""
    rows = query.fetch_frame(
        cursor,
        f"""SELECT borrower_id, max(name) AS name FROM borrowers
           WHERE list_contains($borrowers, borrower_id) AND {IS_CURRENT}
               AND name IS NOT NULL GROUP BY borrower_id""",
        as_of=as_of,
        borrowers=list(borrowers),
    )
    return dict(rows.iter_rows())


def search_loans(cursor: duckdb.DuckDBPyConnection, as_of: date, text: str, limit: int = 50) -> pl.DataFrame:
    """Loans whose number or contract is `text`, begins with it, or whose borrower's name contains it; exact ones first.

    [loan_id, contract_no, borrower_name, branch_name, balance, current_maturity, is_running]
    """
    return query.fetch_frame(
        cursor,
        f"""SELECT f.loan_id, f.contract_no, b.name AS borrower_name, f.branch_name, f.balance, f.current_maturity,
                f.is_running
            FROM facts_loan f {JOIN_BORROWER}
            WHERE f.as_of = $as_of AND (starts_with(f.loan_id, $text) OR starts_with(f.contract_no, $text)
                OR f.borrower_id = $text OR contains(b.name_key, $key))
            ORDER BY f.loan_id <> $text, f.is_running IS NOT TRUE, f.current_maturity, f.loan_id LIMIT $limit""",
        as_of=as_of,
        text=text,
        key=name_search.normalise_name(text),
        limit=limit,
    )


def load_loan_facts(cursor: duckdb.DuckDBPyConnection, as_of: date, loan_id: str) -> dict[str, object] | None:
    """All facts of one loan with its borrower's name; None when the snapshot has no such loan."""
    rows = query.fetch_frame(
        cursor,
        f"SELECT f.*, b.name AS borrower_name FROM facts_loan f {JOIN_BORROWER} "
        "WHERE f.as_of = $as_of AND f.loan_id = $id",
        as_of=as_of,
        id=loan_id,
    )
    return rows.row(0, named=True) if rows.height else None


def list_security_providers(cursor: duckdb.DuckDBPyConnection, as_of: date, loan_id: str) -> pl.DataFrame:
    """The providers of security for the loan: [provider, provider_name, kinds]."""
    return query.fetch_frame(
        cursor,
        f"""WITH loan AS (SELECT loan_id, contract_no FROM facts_loan WHERE as_of = $as_of AND loan_id = $id)
           SELECT coalesce(g.provider_id, g.provider_name, g.guarantee_id) AS provider,
               max(g.provider_name) AS provider_name, list_sort(list(DISTINCT g.kind)) AS kinds
           FROM ({guarantees.current_rows_sql("$as_of", "loan")}) g JOIN loan f
               ON g.loan_id = f.loan_id OR (g.loan_id IS NULL AND g.contract_no = f.contract_no)
           WHERE coalesce(g.status, 'active') = 'active'
           GROUP BY 1 ORDER BY 1""",
        as_of=as_of,
        id=loan_id,
    )
