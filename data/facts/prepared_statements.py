"""Queries that read no table, planned once and run many times: their rows come as one parameter.

DuckDB keeps the plan of a prepared statement only while it reads no table and gets its parameters in the types it
was planned for; planning a wide query costs many times its run over a few rows.
"""

from collections import deque
from collections.abc import Iterable, Mapping
from typing import Any

import duckdb

from data.storage.connection import CONFIG, LOCK_DOWN_STATEMENTS

MAX_STATEMENTS = 256
Row = Mapping[str, Any]
ColumnTypes = Mapping[str, str]


class _StatementCache:
    """A private engine without a book, and the statements that it has planned."""

    def __init__(self) -> None:
        self.connection = duckdb.connect(":memory:", config={**CONFIG, "threads": "1"})
        for statement in LOCK_DOWN_STATEMENTS:
            self.connection.execute(statement)
        self.planned: dict[str, str] = {}

    def prepare(self, text: str, macros: str | None) -> str:
        if text not in self.planned:
            if macros:
                self.connection.execute(macros)
            name = f"planned_{len(self.planned)}"
            self.connection.execute(f"PREPARE {name} AS {text}")
            self.planned[text] = name
        return self.planned[text]


_IDLE_CACHES: deque[_StatementCache] = deque()


def relation_sql(types: ColumnTypes, name: str = "rows") -> str:
    """The relation of the rows given under a name, with these columns and SQL types, to stand in a query's FROM."""
    return f"(SELECT unnest({_cast_to_structs('$' + name, types)}, recursive := true))"


def run_query(text: str, rows: Iterable[Row], types: ColumnTypes) -> list[dict[str, Any]]:
    """The answer of a query over `relation(types)` for these rows, by column name."""
    return run_over_relations(text, {"rows": (rows, types)})


def run_over_relations(
    text: str, relations: Mapping[str, tuple[Iterable[Row], ColumnTypes]], macros: str | None = None
) -> list[dict[str, Any]]:
    """The answer of a query over several relations, each given by its name; `macros` are made before it is planned."""
    values = ", ".join(
        f"{name} := {_cast_to_structs('[' + ', '.join(_struct_literal(row, types) for row in rows) + ']', types)}"
        for name, (rows, types) in relations.items()
    )
    try:
        engine = _IDLE_CACHES.pop()
    except IndexError:
        engine = _StatementCache()
    result = engine.connection.execute(f"EXECUTE {engine.prepare(text, macros)}({values})")
    names = [column[0] for column in result.description or []]
    found = [dict(zip(names, row, strict=True)) for row in result.fetchall()]
    if len(engine.planned) < MAX_STATEMENTS:
        _IDLE_CACHES.append(engine)
    return found


def _cast_to_structs(value: str, types: ColumnTypes) -> str:
    fields = ", ".join(f"{_quote_name(name)} {sql_type}" for name, sql_type in types.items())
    return f"CAST({value} AS STRUCT({fields})[])"


def _quote_name(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _struct_literal(row: Row, types: ColumnTypes) -> str:
    return "{" + ", ".join(f"{_text_literal(name)}: {_value_literal(row[name])}" for name in types) + "}"


def _value_literal(value: object) -> str:
    if value is None:
        return "NULL"
    if isinstance(value, list):
        return "[" + ", ".join(map(_value_literal, value)) + "]"
    return _text_literal(str(value).lower() if isinstance(value, bool) else str(value))


def _text_literal(value: str) -> str:
    parts = ["'" + part.replace("'", "''") + "'" for part in value.split("\0")]
    return "(" + " || chr(0) || ".join(parts) + ")" if len(parts) > 1 else parts[0]
