"""Judging without storing: temporary tables of one cursor hide the tables of the book, which stays unchanged."""

from dataclasses import dataclass
from datetime import date

import duckdb

from data import dictionary
from data.errors import BookError, InputError
from data.facts import derivation
from data.history import time_travel
from data.messages.catalogue import bilingual
from policy.engine.compiler import compile_subject_cached
from policy.model.records import Policy
from policy.runs import store
from policy.runs.snapshot_check import CheckResult, judge_into_run

TEMPORARY_RUN_ID = "scratch"


@dataclass(frozen=True)
class DataState:
    """The registers as they stood at `day`, before the batches `without` came."""

    day: date
    excluded_batches: frozenset[str] = frozenset()


def judge_data(
    con: duckdb.DuckDBPyConnection, policy: Policy, data: DataState, as_of: date, *, today: bool
) -> CheckResult:
    """Judges these data on as_of; results go to temporary tables of this cursor, under TEMPORARY_RUN_ID.

    Raises InputError when a rule of the policy can no longer be compiled, BookError for a book of an earlier version.
    """
    require_compilable(policy, today=today)
    _require_tables(con)
    _create_temporary_tables(con)
    if data.excluded_batches or data.day != as_of:
        time_travel.create_historic_views(con, data.day, as_of, set(data.excluded_batches))
    derivation.derive_temporary_facts(con, as_of)
    return judge_into_run(con, policy, as_of, TEMPORARY_RUN_ID, today=today)


def require_compilable(policy: Policy, *, today: bool) -> None:
    """A rule that does not compile would be left out without a word; here it is an error."""
    for subject in policy.subjects:
        problems = compile_subject_cached(policy, subject, today=today).all_problems
        if problems:
            raise InputError(bilingual("runs.policy_not_runnable", version=policy.version, problem=problems[0]))


def _require_tables(con: duckdb.DuckDBPyConnection) -> None:
    present = {row[0] for row in con.execute("SELECT table_name FROM duckdb_tables()").fetchall()}
    missing = sorted({*dictionary.load_tables(), *store.RUN_TABLES} - present)
    if missing:
        raise BookError(bilingual("runs.tables_missing", tables=", ".join(missing)))


def _create_temporary_tables(con: duckdb.DuckDBPyConnection) -> None:
    catalog = con.execute("SELECT current_database()").fetchall()[0][0].replace('"', '""')
    for table in store.RUN_TABLES:
        con.execute(f'CREATE OR REPLACE TEMP TABLE {table} AS FROM "{catalog}".main.{table} LIMIT 0')
