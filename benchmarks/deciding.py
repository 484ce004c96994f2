"""python -m benchmarks.deciding BOOK: the limit tables of loans, asked by the engine and by zen-engine's batch call."""

import argparse
import sys
import time
from datetime import date
from pathlib import Path

import duckdb

from benchmarks import zen_tables
from benchmarks.measuring import print_ratio, time_median
from data import dictionary
from data.facts import derivation
from data.language.dialects import quote_identifier
from data.language.functions import column_reference, render
from data.storage import book
from policy.decision_tables import lookups
from policy.engine.scope import build_scope
from policy.model.records import LimitTable, Policy
from policy.runs import snapshot_check

MAX_LOANS = 50_000  # loans for zen-engine, whose rate does not depend on their number


def select_loan_limit_tables(policy: Policy) -> list[LimitTable]:
    """The unique tables whose keys are all facts of a loan."""
    known = dictionary.facts_of_subject("loan")
    return [
        t
        for t in policy.limit_tables.values()
        if t.hit_policy == "unique" and all(k.name in known for k in t.key_columns)
    ]


def match_rows_by_engine(con: duckdb.DuckDBPyConnection, policy: Policy, tables: list[LimitTable], as_of: date) -> None:
    scope = build_scope(policy, "loan")
    disbursed_on = column_reference("disbursed_on")
    hits = []
    for table in tables:
        number = lookups.matching_row_case(scope.row_conditions(table.name, disbursed_on))
        hits.append(f"{render(number)} AS {quote_identifier(table.name)}")
    con.execute(
        f"CREATE OR REPLACE TEMP TABLE decided AS SELECT loan_id, {', '.join(hits)} FROM facts_loan "
        "WHERE as_of = $as_of",
        {"as_of": as_of},
    )


def build_contexts(
    con: duckdb.DuckDBPyConnection, tables: list[LimitTable], as_of: date
) -> tuple[list[str], list[zen_tables.JsonObject]]:
    """Loan ids and what zen-engine is told of them; only loans of which every key is known."""
    keys = list(dict.fromkeys(key.name for table in tables for key in table.key_columns))
    names = ", ".join(map(quote_identifier, ("loan_id", "disbursed_on", *keys)))
    known = " AND ".join(f"{quote_identifier(key)} IS NOT NULL" for key in (*keys, "disbursed_on"))
    rows = con.execute(
        f"SELECT {names} FROM facts_loan WHERE as_of = ? AND {known} ORDER BY loan_id LIMIT {MAX_LOANS}", [as_of]
    ).fetchall()
    told = [zen_tables.build_context(act, dict(zip(keys, values, strict=True))) for _, act, *values in rows]
    return [row[0] for row in rows], told


def count_differences(
    con: duckdb.DuckDBPyConnection, tables: list[LimitTable], ids: list[str], zen_rows: list[dict[str, int]]
) -> int:
    """Loans for which the two name different rows."""
    names = [table.name for table in tables]
    rows = con.execute(f"SELECT loan_id, {', '.join(map(quote_identifier, names))} FROM decided").fetchall()
    ours = {loan: dict(zip(names, hits, strict=True)) for loan, *hits in rows}
    return sum(
        ours[loan] != {name: hits.get(name, lookups.NO_ROW) for name in names}
        for loan, hits in zip(ids, zen_rows, strict=True)
    )


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.deciding", description=__doc__)
    parser.add_argument("book", type=Path)
    policy = snapshot_check.load_policy()
    with book.open_for_writing(parser.parse_args().book) as con:
        as_of = derivation.list_dates_with_facts(con)[-1]
        loans = con.execute("SELECT count(*) FROM facts_loan WHERE as_of = ?", [as_of]).fetchall()[0][0]
        other, tables = zen_tables.engine_of_all_tables(select_loan_limit_tables(policy))
        label = f"{len(tables)} limit tables asked"
        ours = time_median(
            f"{label}: engine, {loans:,} loans", lambda: match_rows_by_engine(con, policy, tables, as_of), 3
        )
        ids, told = build_contexts(con, tables, as_of)
        start = time.perf_counter()
        said = zen_tables.evaluate_batch(other, "all", told)
        theirs = time.perf_counter() - start
        print(f"{label}: zen-engine, one batch of {len(told):,} loans {theirs:.3f} s")
        if wrong := count_differences(con, tables, ids, said):
            raise SystemExit(f"The engine and zen-engine name different rows for {wrong} loans.")
    print(f"  engine {loans / ours:,.0f} loans/s, zen-engine {len(told) / theirs:,.0f} loans/s")
    print_ratio("engine / zen-engine, loans per second", (loans / ours) / (len(told) / theirs), ">= 100")
    return 0


if __name__ == "__main__":
    sys.exit(main())
