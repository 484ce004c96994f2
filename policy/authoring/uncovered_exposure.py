"""What of a book no limit row answers for, with loans and balance, and the rows that no record of the book falls in.

All records of the subject that asks a table are looked at, whatever the scope of its rules; one query a table.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import reduce

import duckdb
from sqlglot import exp

from data import dictionary
from policy.decision_tables import gaps_and_overlaps, lookups
from policy.decision_tables.gaps_and_overlaps import DATES, Grid, Region
from policy.engine.batch import booked
from policy.engine.columns import Columns, identifier
from policy.engine.table_usage import Asking, asked, closed_codes
from policy.language import functions
from policy.language.expressions import Typed
from policy.model.records import LimitRow, Policy


@dataclass(frozen=True)
class InGap:
    """A gap: its records, their loans (the subjects where they have none), balance in yuan, and what closes it."""

    asking: Asking
    region: Region
    records: int
    loans: int
    balance: Decimal
    rows: tuple[dict[str, str], ...]


@dataclass(frozen=True)
class Exposure:
    """One table asked of one subject: its gaps and how many records each row answers for."""

    asking: Asking
    gaps: tuple[InGap, ...]
    more: bool
    answered: tuple[tuple[LimitRow, int], ...]


def of_book(con: duckdb.DuckDBPyConnection, policy: Policy, as_of: date) -> Iterator[Exposure]:
    """Every table against the facts of as_of; the policy must be free of errors."""
    return of_tables(con, policy, as_of, set(policy.limit_tables))


def of_tables(con: duckdb.DuckDBPyConnection, policy: Policy, as_of: date, names: set[str]) -> Iterator[Exposure]:
    """The same of some tables alone."""
    taken = {name: {row.row_id for row in table.rows} for name, table in policy.limit_tables.items()}
    for asking in (one for one in asked(policy) if one.table in names):
        grid = gaps_and_overlaps.grid(policy.limit_tables[asking.table], closed_codes(policy, asking.subject))
        if grid.rows:
            yield _of_table(con, policy, asking, grid, as_of, taken[asking.table])


def _of_table(
    con: duckdb.DuckDBPyConnection, policy: Policy, asking: Asking, grid: Grid, as_of: date, taken: set[str]
) -> Exposure:
    columns = Columns(policy, asking.subject)
    act = columns.act(asking.act)
    found = grid.gaps()
    regions = [_condition(region, columns, act) for region in found.regions]
    tests = lookups.conditions(columns.table(asking.table), columns.typed, act.sql)
    records, loans, balances, answered = _count(con, columns, asking, act, regions, tests, as_of)
    gaps = [
        InGap(
            asking,
            region,
            records[n],
            loans[n],
            balances[n],
            tuple(gaps_and_overlaps.closing_rows(grid, region, taken)),
        )
        for n, region in enumerate(found.regions)
    ]
    return Exposure(asking, tuple(gaps), found.more, tuple(zip(grid.rows, answered, strict=True)))


def _condition(region: Region, columns: Columns, act: Typed) -> exp.Expression:
    parts = [cell.sql(act.sql if name == DATES else columns.typed[name].sql) for name, cell in region.cells().items()]
    return reduce(lambda a, b: exp.And(this=a, expression=exp.paren(b)), parts)


def _count(
    con: duckdb.DuckDBPyConnection,
    columns: Columns,
    asking: Asking,
    act: Typed,
    regions: list[exp.Expression],
    tests: list[exp.Expression],
    as_of: date,
) -> tuple[list[int], list[int], list[Decimal], list[int]]:
    """Of each region: records, loans, balance; of each row: records. A loan of several records counts once."""
    keys = [key.name for key in columns.policy.limit_tables[asking.table].keys]
    subject_id = dictionary.subjects()[asking.subject].id
    roots = frozenset((*keys, *act.inputs, act.sql.name, "loan_id", "balance", subject_id))
    own = identifier(subject_id)
    counted = [f"count_if({functions.render(test)}) AS n{n}" for n, test in enumerate((*regions, *tests))]
    gaps, rows = range(len(regions)), range(len(regions), len(counted))
    lists = (
        (f"sum(n{n})" for n in gaps),
        (f"count_if(n{n} > 0)" for n in gaps),
        (f"sum(balance) FILTER (n{n} > 0)" for n in gaps),
        (f"sum(n{n})" for n in rows),
    )
    result = con.execute(
        f"""{columns.select(booked(asking.subject), roots, pruned=True)},
        loans AS (
            SELECT coalesce(loan_id, {own}) AS loan, max(balance) AS balance, {", ".join(counted)}
            FROM columns GROUP BY ALL)
        SELECT {", ".join(f"[{', '.join(each)}]" for each in lists)} FROM loans""",
        {"as_of": as_of},
    ).fetchall()[0]
    records, loans, balances, answered = ([value or 0 for value in values] for values in result)
    return list(map(int, records)), loans, list(map(Decimal, balances)), list(map(int, answered))
