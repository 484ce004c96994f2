"""Other people's engines on the part that they can express: zen-engine on limit tables, pandera on range rules."""

import random
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import duckdb
import pandera.polars as pa
import polars as pl
import pytest

from benchmarks import zen_tables
from data.language.expressions import KINDS, TypedExpression
from data.language.functions import column_reference, render
from data.queries import snapshots
from data.storage import book, query
from policy.decision_tables import lookups, unary_tests
from policy.model.records import LimitColumn, LimitTable, Policy
from policy.runs import snapshot_check
from tests import shared_books
from tests.policy import policy_builder
from tests.policy.engine.random_policies import SMALLEST_STEP
from tests.shipped_policy import POLICY

SQL_TYPES = {"number": "DECIMAL(18,6)", "date": "DATE", "boolean": "BOOLEAN", "text": "VARCHAR"}
RECORDS_PER_TABLE = 200


@pytest.fixture(scope="module")
def shipped_policy() -> Policy:
    return POLICY


def _key_values(rng: random.Random, table: LimitTable, key: LimitColumn) -> list[Any]:
    """Known values around every bound, every name, and one that no row names."""
    kind = KINDS[key.type]
    cells = [unary_tests.parse(row.cells[key.name], kind) for row in table.rows]
    if kind == "boolean":
        return [True, False]
    if kind == "text":
        return [*sorted({name for cell in cells for name in cell.values}), "another"]
    bounds = sorted({b for cell in cells for i in cell.intervals for b in (i.low, i.high) if b is not None})
    if kind == "date":
        return [b + timedelta(days=d) for b in bounds for d in (-1, 0, 1)] or [date(2024, 1, 1)]
    return [b + d * SMALLEST_STEP[key.type] for b in bounds for d in (-1, 0, 1)] or [Decimal(rng.randrange(100))]


def _random_records(table: LimitTable) -> list[tuple[date, dict[str, Any]]]:
    rng = random.Random(table.name)
    values = {key.name: _key_values(rng, table, key) for key in table.key_columns}
    days = {
        day + timedelta(days=d)
        for row in table.rows
        for day in (row.effective_from, row.effective_to)
        for d in (-1, 0)
        if day.year < 9999
    }
    acts = [*sorted(days), date(2024, 6, 30), date(2024, 6, 30)]
    return [
        (rng.choice(acts), {name: rng.choice(some) for name, some in values.items()}) for _ in range(RECORDS_PER_TABLE)
    ]


def _rows_by_engine(table: LimitTable, records: list[tuple[date, dict[str, Any]]]) -> list[list[int]]:
    """The rows that our compiled conditions say answer."""
    kinds = {key.name: KINDS[key.type] for key in table.key_columns}
    typed = {name: TypedExpression(column_reference(name), kind) for name, kind in kinds.items()}
    parsed = lookups.parse_table(table)
    assert parsed.problems == ()
    tests = ", ".join(render(test) for test in lookups.row_conditions(parsed, typed, column_reference("act")))
    con = duckdb.connect(":memory:")
    types = {"act": "DATE"} | {name: SQL_TYPES[kind] for name, kind in kinds.items()}
    columns = ", ".join(f'"{name}" {kind}' for name, kind in types.items())
    con.execute(f"CREATE TABLE records (n INTEGER, {columns})")
    rows = [(n, act, *(keys[name] for name in kinds)) for n, (act, keys) in enumerate(records)]
    con.executemany(f"INSERT INTO records VALUES (?, {', '.join('?' * len(types))})", rows)
    found = con.execute(f"SELECT [{tests}] FROM records ORDER BY n").fetchall()
    con.close()
    return [[row for row, hit in enumerate(hits) if hit] for (hits,) in found]


def test_zen_engine_gives_the_same_rows_of_every_shipped_table(shipped_policy: Policy) -> None:
    zen_engine, tables = zen_tables.engine_by_table(shipped_policy.limit_tables.values())
    assert len(tables) >= 0.9 * len(shipped_policy.limit_tables)
    hits = 0
    for table in tables:
        records = _random_records(table)
        ours = _rows_by_engine(table, records)
        assert zen_tables.matching_rows(zen_engine, table, records) == ours, table.name
        hits += sum(map(len, ours))
    assert hits > RECORDS_PER_TABLE


RANGES = {
    "balance": ("<=", Decimal("500000")),
    "days_past_due": ("<=", 90),
    "classification_rank": ("<=", 2),
    "original_term_months": (">=", 12),
    "guarantor_count": (">=", 1),
}
CHECKS = {"<=": pa.Check.le, ">=": pa.Check.ge}


def test_pandera_counts_the_same_failures_of_range_rules(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Violations and failure cases, on every loan of a demo book; unknown values fail neither."""
    path = shared_books.copy_demo_book(tmp_path_factory, 500)
    rules = [
        {"rule_id": name, "measure": name, "comparator": sign, "limit": str(bound), "unit": ""}
        for name, (sign, bound) in RANGES.items()
    ]
    with book.open_for_writing(path) as con:
        as_of = snapshots.resolve_snapshot(con, None)
        run = snapshot_check.judge_snapshot(con, policy_builder.build_policy(rules), as_of)
        names = ", ".join(RANGES)
        frame = query.fetch_frame(con.cursor(), f"SELECT {names} FROM facts_loan WHERE as_of = $as_of", as_of=as_of)
    schema = pa.DataFrameSchema(
        {
            name: pa.Column(frame.schema[name], CHECKS[sign](bound), nullable=True)
            for name, (sign, bound) in RANGES.items()
        }
    )
    with pytest.raises(pa.errors.SchemaErrors) as failed:
        schema.validate(frame, lazy=True)
    cases = failed.value.failure_cases
    theirs = dict(cases.group_by("column").len().iter_rows())
    ours = {rule.rule_id: rule.counts["violation"] for rule in run.rules}
    assert {name: count for name, count in ours.items() if count} == theirs
    assert len(theirs) >= 3 and pl.Series(list(ours.values())).sum() > 100
