"""Facts of a few requests for one loan that are only tried: derived as all facts are, in a plan that is kept."""

import re
from collections.abc import Mapping, Sequence
from datetime import date
from functools import cache
from typing import Any

import duckdb

from data import dictionary
from data.facts import derivation, prepared_statements

REQUEST = {
    "request_id": "VARCHAR",
    "loan_id": "VARCHAR",
    "application_date": "DATE",
    "requested_maturity": "DATE",
    "consent": "VARCHAR",
}
# What a request that is only tried depends on: the loan's own history, and whether a register is loaded at all.
OWN = (
    "SELECT * FROM current WHERE loan_id = $loan_id UNION ALL (SELECT * FROM current WHERE loan_id <> $loan_id LIMIT 1)"
)
LOADED = "SELECT * FROM current LIMIT 1"
REGISTERS = {"extensions": OWN, "consents": LOADED}


def extension_facts(
    con: duckdb.DuckDBPyConnection, as_of: date, requests: Sequence[Mapping[str, Any]]
) -> list[dict[str, Any]]:
    """The extension facts of requests (the columns of REQUEST) for one loan, in their order."""
    loan_id = requests[0]["loan_id"]
    given: dict[str, tuple[Sequence[Mapping[str, Any]], Mapping[str, str]]] = {
        "tried_request": ([{**r, "request_id": str(n)} for n, r in enumerate(requests)], REQUEST),
        "judged_day": ([{"as_of": as_of}], {"as_of": "DATE"}),
        "judged_loan": (_rows(con, *_loan(as_of, loan_id)), _loan_types()),
    }
    for table in derivation.EXTENSION_TABLES:
        rows = _rows(con, *_register(con, table, as_of, loan_id)) if table in REGISTERS else []
        given[f"current_{table}"] = (rows, _fields(table))
    found = prepared_statements.run_over(_text(), given, derivation.sql("prelude"))
    return [
        {**row, "request_id": request["request_id"]}
        for row, request in zip(sorted(found, key=lambda row: int(row["request_id"])), requests, strict=True)
    ]


@cache
def _loan_types() -> dict[str, str]:
    """The facts of the loan that extension.sql speaks of."""
    words = set(re.findall(r"\w+", derivation.sql("extension")))
    return {name: sql_type for name, sql_type in derivation.types("loan").items() if name in words}


@cache
def _fields(table: str) -> dict[str, str]:
    return {name: field.sql_type for name, field in dictionary.fields(table).items()}


def _loan(as_of: date, loan_id: str) -> tuple[str, dict[str, Any]]:
    names = derivation.names(list(_loan_types()))
    text = f"SELECT {names} FROM facts_loan WHERE as_of = $as_of AND loan_id = $loan_id"
    return text, {"as_of": as_of, "loan_id": loan_id}


def _register(con: duckdb.DuckDBPyConnection, table: str, as_of: date, loan_id: str) -> tuple[str, dict[str, Any]]:
    beside = derivation.beside(con, table, "$as_of")
    current = (
        f"SELECT {derivation.names(list(_fields(table)))} FROM {table} "
        f"WHERE as_of <= $as_of AND (until IS NULL OR until > $as_of){beside}"
    )
    given = {"as_of": as_of} | ({"loan_id": loan_id} if "$loan_id" in REGISTERS[table] else {})
    return f"WITH current AS NOT MATERIALIZED ({current}) {REGISTERS[table]}", given


def _rows(con: duckdb.DuckDBPyConnection, text: str, given: Mapping[str, Any]) -> list[dict[str, Any]]:
    result = con.execute(text, given)
    names = [column[0] for column in result.description or []]
    return [dict(zip(names, row, strict=True)) for row in result.fetchall()]


@cache
def _text() -> str:
    """extension.sql over the relations given instead of the book's."""
    given = {
        "tried_request": REQUEST,
        "judged_day": {"as_of": "DATE"},
        "judged_loan": _loan_types(),
        **{f"current_{table}": _fields(table) for table in derivation.EXTENSION_TABLES},
    }
    relations = [f"{name} AS {prepared_statements.relation(types, name)}" for name, types in given.items()]
    requests = f"request AS ({derivation.sql('requests_hypothetical')})"
    body = (
        derivation.sql("extension")
        .split("WITH ", 1)[1]
        .replace("getvariable('as_of')", "(SELECT as_of FROM judged_day)")
    )
    columns = ", ".join(f'CAST("{n}" AS {sql_type}) AS "{n}"' for n, sql_type in derivation.types("extension").items())
    return f"WITH {', '.join((*relations, requests))}, derived AS (WITH {body}) SELECT {columns} FROM derived"
