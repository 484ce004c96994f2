"""Judging where nothing is kept: temporary tables of one cursor stand before the book's own, which stays as it is."""

from dataclasses import dataclass
from datetime import date

import duckdb

from data import dictionary
from data.errors import BookError, InputError
from data.facts import derivation
from data.history import time_travel
from policy.engine.compiler import compiled
from policy.model.records import Policy
from policy.runs import store
from policy.runs.snapshot_check import Run, judge_into

RUN_ID = "scratch"


@dataclass(frozen=True)
class Data:
    """The registers as they stood at `day`, before the batches `without` came."""

    day: date
    without: frozenset[str] = frozenset()


def judge(con: duckdb.DuckDBPyConnection, policy: Policy, data: Data, as_of: date, *, today: bool) -> Run:
    """Judges these data on as_of; counts and violations stand under RUN_ID in temporary tables of this cursor.

    Raises InputError when a rule of the policy can no longer be compiled, BookError for a book of an earlier version.
    """
    need_compiled(policy, today=today)
    _need_tables(con)
    _clear(con)
    if data.without or data.day != as_of:
        time_travel.shadow(con, data.day, as_of, set(data.without))
    derivation.rebuild(con, as_of)
    return judge_into(con, policy, as_of, RUN_ID, today=today)


def need_compiled(policy: Policy, *, today: bool) -> None:
    """A rule that does not compile would be left out without a word; here it is an error."""
    for subject in policy.subjects:
        problems = compiled(policy, subject, today=today).all_problems
        if problems:
            raise InputError(f"Policy {policy.version} cannot be run by this version of Loanlight: {problems[0]}")


def _need_tables(con: duckdb.DuckDBPyConnection) -> None:
    has = {row[0] for row in con.execute("SELECT table_name FROM duckdb_tables()").fetchall()}
    lacks = sorted({*dictionary.tables(), *store.PARTS} - has)
    if lacks:
        raise BookError(
            f"The book was written by an earlier version of Loanlight: it has no table {', '.join(lacks)}. "
            "Run python -m policy check."
        )


def _clear(con: duckdb.DuckDBPyConnection) -> None:
    catalog = con.execute("SELECT current_database()").fetchall()[0][0].replace('"', '""')
    for table in store.PARTS:
        con.execute(f'CREATE OR REPLACE TEMP TABLE {table} AS FROM "{catalog}".main.{table} LIMIT 0')
