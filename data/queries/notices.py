"""The facts that a notice to borrower and guarantors states about a loan, and its addressees."""

from datetime import date

import duckdb
import polars as pl

from data.history import guarantees
from data.history.validity import IS_CURRENT, valid_on_sql
from data.storage import query

# A loan in arrears, by any of the columns that can say so.
IN_ARREARS = """(f.days_past_due > 0 OR f.principal_overdue > 0 OR f.interest_overdue_on > 0
    OR f.interest_overdue_off > 0 OR (f.days_to_maturity < 0 AND f.balance > 0))"""
# What secures the loans `loan`, of the guarantees `live`: named by loan or by contract; and who provides it, apart from
# the borrower.
PROVIDERS_SQL = """
        secured AS (
            SELECT l.loan_id, l.borrower_id, l.borrower_name, g.* EXCLUDE (loan_id) FROM live g JOIN loan l
                ON l.loan_id = g.loan_id
            UNION ALL
            SELECT l.loan_id, l.borrower_id, l.borrower_name, g.* EXCLUDE (loan_id) FROM live g JOIN loan l
                ON g.loan_id IS NULL AND l.contract_no = g.contract_no
        ), provider AS (
            SELECT loan_id, coalesce(provider_id, provider_name, guarantee_id) AS provider,
                max(provider_name) AS name, list_sort(list(DISTINCT kind)) AS kinds
            FROM secured
            WHERE provider_id IS DISTINCT FROM borrower_id AND provider_name IS DISTINCT FROM borrower_name
            GROUP BY ALL
        ), others AS (
            SELECT loan_id, list({'name': name, 'kinds': kinds} ORDER BY provider) AS others
            FROM provider GROUP BY loan_id
        )"""
NOTICE_CONDITIONS = {"maturity": "f.days_to_maturity >= 0", "collection": IN_ARREARS}


def list_loans_for_notice(
    cursor: duckdb.DuckDBPyConnection, as_of: date, kind: str, loan_ids: tuple[str, ...]
) -> pl.DataFrame:
    """Of these loans those that a notice of the kind is for: the facts it states, the earliest maturity first.

    `others`: names (NULL where none is on record) and kinds of the providers of security other than the borrower.
    """
    return query.fetch_frame(
        cursor,
        f"""WITH wanted AS (SELECT unnest($wanted) AS loan_id), loan AS (
            SELECT f.*, b.name AS borrower_name FROM facts_loan f JOIN wanted USING (loan_id)
            LEFT JOIN borrowers b ON b.borrower_id = f.borrower_id AND {valid_on_sql("$as_of", "b")}
            WHERE f.as_of = $as_of AND f.is_running AND {NOTICE_CONDITIONS[kind]}
        ), officer AS (
            SELECT staff_id, max(name) AS officer_name FROM staff
            WHERE {IS_CURRENT} GROUP BY staff_id
        ), live AS (
            FROM ({guarantees.current_rows_sql("$as_of", "loan")}) WHERE coalesce(status, 'active') = 'active'
        ), {PROVIDERS_SQL}
        SELECT l.loan_id, l.contract_no, l.borrower_name, coalesce(l.branch_name, l.branch_id) AS branch,
            coalesce(o.officer_name, l.officer_id) AS officer, l.currency, l.principal, l.balance, l.disbursed_on,
            l.current_maturity, l.days_past_due, l.principal_overdue, l.interest_overdue, l.guarantee_type,
            coalesce(p.others, []) AS others,
            EXISTS (SELECT 1 FROM secured s WHERE s.loan_id = l.loan_id) AS is_registered
        FROM loan l LEFT JOIN others p USING (loan_id) LEFT JOIN officer o ON o.staff_id = l.officer_id
        ORDER BY l.current_maturity, l.loan_id""",
        as_of=as_of,
        wanted=list(loan_ids),
    )
