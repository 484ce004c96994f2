"""Extension facts of hypothetical requests for one loan, derived by the same SQL as booked ones in a prepared plan."""

import re
from collections.abc import Mapping, Sequence
from datetime import date
from functools import cache
from typing import Any

import duckdb

from data import dictionary
from data.facts import derivation, prepared_statements
from data.history.validity import IS_CURRENT

REQUEST_TYPES = {
    "request_id": "VARCHAR",
    "loan_id": "VARCHAR",
    "application_date": "DATE",
    "requested_maturity": "DATE",
    "consent": "VARCHAR",
}
# What a hypothetical request depends on: the history of its loan, and whether a register is loaded at all.
OWN_ROWS_SQL = (
    "SELECT * FROM current WHERE loan_id = $loan_id UNION ALL (SELECT * FROM current WHERE loan_id <> $loan_id LIMIT 1)"
)
FIRST_ROW_SQL = "SELECT * FROM current LIMIT 1"
REGISTER_QUERIES = {"extensions": OWN_ROWS_SQL, "consents": FIRST_ROW_SQL}


def derive_extension_facts(
    con: duckdb.DuckDBPyConnection, as_of: date, requests: Sequence[Mapping[str, Any]]
) -> list[dict[str, Any]]:
    """The extension facts of requests (columns of REQUEST_TYPES) for one loan, in the order of the requests."""
    loan_id = requests[0]["loan_id"]
    given: dict[str, tuple[Sequence[Mapping[str, Any]], Mapping[str, str]]] = {
        derivation.HYPOTHETICAL_REQUESTS: (
            [{**r, "request_id": str(n)} for n, r in enumerate(requests)],
            REQUEST_TYPES,
        ),
        "judged_day": ([{"as_of": as_of}], {"as_of": "DATE"}),
        "judged_loan": (_fetch_rows(con, *_loan_query(as_of, loan_id)), _used_loan_types()),
    }
    for table in derivation.EXTENSION_TABLES:
        rows = _fetch_rows(con, *_register_query(con, table, as_of, loan_id)) if table in REGISTER_QUERIES else []
        given[f"current_{table}"] = (rows, _field_types(table))
    found = prepared_statements.run_over_relations(_extension_query(), given, derivation.read_sql("prelude"))
    return [
        {**row, "request_id": request["request_id"]}
        for row, request in zip(sorted(found, key=lambda row: int(row["request_id"])), requests, strict=True)
    ]


@cache
def _used_loan_types() -> dict[str, str]:
    """The loan facts that extension.sql reads, with their SQL types."""
    words = set(re.findall(r"\w+", derivation.read_sql("extension")))
    return {name: sql_type for name, sql_type in derivation.fact_types("loan").items() if name in words}


@cache
def _field_types(table: str) -> dict[str, str]:
    return {name: field.sql_type for name, field in dictionary.fields_of_table(table).items()}


def _loan_query(as_of: date, loan_id: str) -> tuple[str, dict[str, Any]]:
    names = derivation.quote_names(list(_used_loan_types()))
    text = f"SELECT {names} FROM facts_loan WHERE as_of = $as_of AND loan_id = $loan_id"
    return text, {"as_of": as_of, "loan_id": loan_id}


def _register_query(
    con: duckdb.DuckDBPyConnection, table: str, as_of: date, loan_id: str
) -> tuple[str, dict[str, Any]]:
    beside = derivation.derived_extensions_sql(con, table, "$as_of")
    current = f"SELECT {derivation.quote_names(list(_field_types(table)))} FROM {table} WHERE {IS_CURRENT}{beside}"
    given = {"as_of": as_of} | ({"loan_id": loan_id} if "$loan_id" in REGISTER_QUERIES[table] else {})
    return f"WITH current AS NOT MATERIALIZED ({current}) {REGISTER_QUERIES[table]}", given


def _fetch_rows(con: duckdb.DuckDBPyConnection, text: str, values: Mapping[str, Any]) -> list[dict[str, Any]]:
    result = con.execute(text, values)
    names = [column[0] for column in result.description or []]
    return [dict(zip(names, row, strict=True)) for row in result.fetchall()]


@cache
def _extension_query() -> str:
    """The query of extension facts over relations given as parameters, in place of those of the book."""
    given = {
        derivation.HYPOTHETICAL_REQUESTS: REQUEST_TYPES,
        "judged_day": {"as_of": "DATE"},
        "judged_loan": _used_loan_types(),
        **{f"current_{table}": _field_types(table) for table in derivation.EXTENSION_TABLES},
    }
    relations = [f"{name} AS {prepared_statements.relation_sql(types, name)}" for name, types in given.items()]
    requests = f"request AS ({derivation.hypothetical_requests_sql()})"
    derived = f"derived AS ({derivation.extension_sql(day='(SELECT as_of FROM judged_day)')})"
    columns = ", ".join(
        f'CAST("{n}" AS {sql_type}) AS "{n}"' for n, sql_type in derivation.fact_types("extension").items()
    )
    return f"WITH {', '.join((*relations, requests, derived))} SELECT {columns} FROM derived"
