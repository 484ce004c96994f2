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
from data.language import functions
from data.language.dialects import quote_identifier
from data.language.expressions import TypedExpression
from policy.decision_tables import gaps_and_overlaps
from policy.decision_tables.gaps_and_overlaps import DATES_COLUMN, Grid, Region
from policy.engine.batch import facts_at_sql
from policy.engine.query_builder import QueryBuilder
from policy.engine.scope import Scope, build_scope
from policy.engine.table_usage import TableUsage, closed_code_lists, list_usages
from policy.model.records import LimitRow, Policy


@dataclass(frozen=True)
class GapExposure:
    """A gap: its records, their loans (the subjects where they have none), balance in yuan, and what closes it."""

    usage: TableUsage
    region: Region
    records: int
    loans: int
    balance: Decimal
    closing_rows: tuple[dict[str, str], ...]


@dataclass(frozen=True)
class TableCoverage:
    """One table asked of one subject: its gaps and how many records each row answers for."""

    usage: TableUsage
    gaps: tuple[GapExposure, ...]
    has_more_gaps: bool
    row_hits: tuple[tuple[LimitRow, int], ...]


def compute_book_coverage(con: duckdb.DuckDBPyConnection, policy: Policy, as_of: date) -> Iterator[TableCoverage]:
    """Every table against the facts of as_of; the policy must be free of errors."""
    return compute_tables_coverage(con, policy, as_of, set(policy.limit_tables))


def compute_tables_coverage(
    con: duckdb.DuckDBPyConnection, policy: Policy, as_of: date, names: set[str]
) -> Iterator[TableCoverage]:
    """The same of some tables alone."""
    taken = {name: {row.row_id for row in table.rows} for name, table in policy.limit_tables.items()}
    for asking in (one for one in list_usages(policy) if one.table in names):
        grid = gaps_and_overlaps.build_grid(
            policy.limit_tables[asking.table], closed_code_lists(policy, asking.subject)
        )
        if grid.rows:
            yield _compute_table_coverage(con, policy, asking, grid, as_of, taken[asking.table])


def _compute_table_coverage(
    con: duckdb.DuckDBPyConnection, policy: Policy, asking: TableUsage, grid: Grid, as_of: date, taken: set[str]
) -> TableCoverage:
    scope = build_scope(policy, asking.subject)
    act = scope.resolve_act_date(asking.act)
    found = grid.find_gaps()
    regions = [_build_condition(region, scope, act) for region in found.regions]
    tests = scope.row_conditions(asking.table, act.sql)
    records, loans, balances, answered = _count_exposure(con, scope, asking, act, regions, tests, as_of)
    gaps = [
        GapExposure(
            asking,
            region,
            records[n],
            loans[n],
            balances[n],
            tuple(gaps_and_overlaps.draft_closing_rows(grid, region, taken)),
        )
        for n, region in enumerate(found.regions)
    ]
    return TableCoverage(asking, tuple(gaps), found.has_more, tuple(zip(grid.rows, answered, strict=True)))


def _build_condition(region: Region, scope: Scope, act: TypedExpression) -> exp.Expr:
    parts = [
        cell.sql_condition(act.sql if name == DATES_COLUMN else scope.columns[name].sql)
        for name, cell in region.cells_by_column().items()
    ]
    return reduce(lambda a, b: exp.And(this=a, expression=exp.paren(b)), parts)


def _count_exposure(
    con: duckdb.DuckDBPyConnection,
    scope: Scope,
    asking: TableUsage,
    act: TypedExpression,
    regions: list[exp.Expr],
    tests: list[exp.Expr],
    as_of: date,
) -> tuple[list[int], list[int], list[Decimal], list[int]]:
    """Of each region: records, loans, balance; of each row: records. A loan of several records counts once."""
    keys = [key.name for key in scope.policy.limit_tables[asking.table].key_columns]
    subject_id = dictionary.load_subjects()[asking.subject].id
    roots = frozenset((*keys, *act.inputs, act.sql.name, "loan_id", "balance", subject_id))
    own = quote_identifier(subject_id)
    counted = [f"count_if({functions.render(test)}) AS n{n}" for n, test in enumerate((*regions, *tests))]
    gaps, rows = range(len(regions)), range(len(regions), len(counted))
    lists = (
        (f"sum(n{n})" for n in gaps),
        (f"count_if(n{n} > 0)" for n in gaps),
        (f"sum(balance) FILTER (n{n} > 0)" for n in gaps),
        (f"sum(n{n})" for n in rows),
    )
    result = con.execute(
        f"""{QueryBuilder(scope).render_query(facts_at_sql(asking.subject), roots, pruned=True)},
        loans AS (
            SELECT coalesce(loan_id, {own}) AS loan, max(balance) AS balance, {", ".join(counted)}
            FROM columns GROUP BY ALL)
        SELECT {", ".join(f"[{', '.join(each)}]" for each in lists)} FROM loans""",
        {"as_of": as_of},
    ).fetchall()[0]
    records, loans, balances, answered = ([value or 0 for value in values] for values in result)
    return list(map(int, records)), loans, list(map(Decimal, balances)), list(map(int, answered))
