"""The register of guarantees as it stands: contracts and collateral that come in files of their own are joined.

EAST tables 601 and 603, say, come apart and in any order; the book keeps the rows of each as they came, and they meet
here by the number of the guarantee contract. The newer row says more. A contract's own row gives way to those of its
collateral; collateral that secures several contracts gives a row for each; what has no contract stays as it is.
"""

import duckdb

from data import dictionary
from data.history.validity import valid_on_sql

TABLE = "guarantees"
CONTRACT_FIELDS = frozenset(
    {
        "loan_id",
        "contract_no",
        "main_contract_no_cited",
        "kind",
        "amount",
        "start",
        "end",
        "status",
        "is_maximum",
        "main_borrower_cited",
        "main_amount_cited",
        "main_maturity_cited",
    }
)
"""What a guarantee contract says of all of its collateral."""
IS_OWNERLESS = "({0}.loan_id IS NULL AND {0}.contract_no IS NULL)"
HAS_NO_COLLATERAL = "(coalesce({0}.collateral_id, {0}.collateral_type, CAST({0}.appraised_value AS VARCHAR)) IS NULL)"
"""SQL: a row that names neither loan nor contract; one that names no collateral."""

IS_REPLACED_BY_BATCH = f"""EXISTS (SELECT 1 FROM {TABLE} n
    WHERE n.batch_id = $batch AND n.guarantee_no = t.guarantee_no
        AND {HAS_NO_COLLATERAL.format("n")} = {HAS_NO_COLLATERAL.format("t")}
        AND coalesce(n.loan_id = t.loan_id, n.contract_no = t.contract_no,
            {IS_OWNERLESS.format("n")} AND {IS_OWNERLESS.format("t")}))"""
IS_SUPPLEMENTED_BY_BATCH = f"""(NOT {IS_OWNERLESS.format("t")} AND NOT {HAS_NO_COLLATERAL.format("t")}
    AND EXISTS (SELECT 1 FROM {TABLE} n
    WHERE n.batch_id = $batch AND n.guarantee_no = t.guarantee_no AND {IS_OWNERLESS.format("n")}))"""
"""SQL: the batch brings other rows of the number of t, so all there are; it only says more of the number of t."""

MATCHES_SQL = f"""WITH given AS ({{rows}}),
numbered AS (
    SELECT *, {IS_OWNERLESS.format("g")} AS is_ownerless, {HAS_NO_COLLATERAL.format("g")} AS is_bare
    FROM given g WHERE guarantee_no IS NOT NULL
), met AS (
    SELECT p.guarantee_id AS collateral_key, c.guarantee_id AS contract_key, c.is_bare,
        coalesce(c.loan_id, c.contract_no) AS owner,
        coalesce(c.is_bare OR c.collateral_id = p.collateral_id, false) AS is_same
    FROM numbered p JOIN numbered c ON c.guarantee_no = p.guarantee_no
    WHERE NOT c.is_ownerless AND (p.is_ownerless OR (
        c.is_bare AND NOT p.is_bare AND coalesce(c.loan_id = p.loan_id, c.contract_no = p.contract_no, false)))
    QUALIFY row_number() OVER (
        PARTITION BY p.guarantee_id, c.loan_id, c.contract_no
        ORDER BY coalesce(c.collateral_id = p.collateral_id, false) DESC, c.is_bare DESC, c.guarantee_id) = 1
)"""
JOIN_SQL = """, keyed AS (
    SELECT *,
        row_number() OVER (PARTITION BY collateral_key ORDER BY owner, contract_key) AS nth_contract,
        row_number() OVER (PARTITION BY contract_key ORDER BY collateral_key) AS nth_collateral
    FROM met
), joined AS (
    SELECT p.* REPLACE ({fields},
        CASE WHEN k.is_same AND NOT k.is_bare AND k.nth_collateral = 1 THEN k.contract_key
            WHEN k.nth_contract = 1 THEN k.collateral_key
            ELSE concat(k.collateral_key, '/', k.owner) END AS guarantee_id)
    FROM keyed k JOIN given p ON p.guarantee_id = k.collateral_key JOIN given c ON c.guarantee_id = k.contract_key
)
FROM given g
WHERE NOT EXISTS (SELECT 1 FROM met m WHERE m.collateral_key = g.guarantee_id)
    AND NOT EXISTS (SELECT 1 FROM met m WHERE m.contract_key = g.guarantee_id AND m.is_same)
UNION ALL BY NAME FROM joined"""


def current_rows_sql(day: str, loans: str | None = None) -> str:
    """SQL: the rows of the register, lineage and all, that stand on `day`; only those of `loans`, where it is given.

    `loans`: a relation with loan_id and contract_no.
    """
    rows = _unjoined_rows_sql(day)
    if loans:
        # One condition a query: each is looked up by what it asks for, several at once would go through every row.
        own = " UNION ".join(f"{rows} AND {key} IN (SELECT {key} FROM {loans})" for key in ("loan_id", "contract_no"))
        rows = f"WITH own AS ({own}) FROM own UNION {rows} AND guarantee_no IN (SELECT guarantee_no FROM own)"
    return MATCHES_SQL.format(rows=rows) + JOIN_SQL.format(fields=_merged_fields_sql())


def _unjoined_rows_sql(day: str) -> str:
    return f"SELECT * FROM {TABLE} WHERE {valid_on_sql(day)}"


def _merged_fields_sql() -> str:
    """Each field from the newer row that fills it; from a row of other collateral only what its contract says."""
    return ", ".join(
        f'{_merged_field_sql(name)} AS "{name}"' for name in dictionary.fields_of_table(TABLE) if name != "guarantee_id"
    )


def _merged_field_sql(name: str) -> str:
    newer, older = f'coalesce(c."{name}", p."{name}")', f'coalesce(p."{name}", c."{name}")'
    both = f"CASE WHEN c.row_valid_from > p.row_valid_from THEN {newer} ELSE {older} END"
    return both if name in CONTRACT_FIELDS else f'CASE WHEN k.is_same THEN {both} ELSE p."{name}" END'


def joined_rows_sql(con: duckdb.DuckDBPyConnection, day: str) -> str:
    """SQL: as standing; where rows have to be joined, a temporary table of this cursor that was joined once.

    A view would be joined anew by each of the queries over it, and DuckDB 2.0 never ended some of them: a query that
    stops at the first row it needs left the rest of a shared common table expression waiting.
    """
    rows = _unjoined_rows_sql(day)
    if not con.execute(f"{MATCHES_SQL.format(rows=rows)} SELECT EXISTS (FROM met)").fetchall()[0][0]:
        return rows
    con.execute(f"CREATE OR REPLACE TEMP TABLE joined_{TABLE} AS {current_rows_sql(day)}")
    return f"SELECT * FROM joined_{TABLE}"
