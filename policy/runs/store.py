"""Runs: one policy version applied to the data of one snapshot, as the book keeps and names them.

A run of the same day, policy, rules (of the act, or today's) and data is replaced; once the data has moved, the older
run stays, so that a correction destroys no history.
"""

import json
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from functools import cache

import duckdb
from sqlglot._version import __version__ as sqlglot_version

from data.errors import BookError, InputError
from data.facts import derivation
from data.history import time_travel
from data.language.dialects import BOOK
from data.messages.catalogue import bilingual
from data.storage import query
from data.storage.system_tables import list_run_tables
from policy.model import csv_reader
from policy.model.records import Policy

RUN_TABLES = ("runs", "run_subjects", "run_counts", "violations", "run_data", "vanished")
RUN_TABLE_COLUMNS = (
    "run_id",
    "as_of",
    "policy_version",
    "engine_version",
    "rules_of",
    "data_version",
    "judged_at",
    "previous_run",
    "sequence",
)


@dataclass(frozen=True)
class Run:
    """`rules_of`: act or today. `previous_run`: the run its vanished violations were taken against.

    `sequence` counts the runs of a book: of two runs the later one has the greater number, whatever a clock said.
    """

    run_id: str
    as_of: date
    policy_version: str
    engine_version: str
    rules_of: str
    data_version: str
    judged_at: datetime
    previous_run: str | None = None
    sequence: int = 0

    @property
    def uses_current_rules(self) -> bool:
        return self.rules_of == "today"


@cache
def engine_version(judged_by: str = f"{BOOK.name} {duckdb.__version__}", facts_version: str | None = None) -> str:
    """What else decides verdicts: how facts are derived, and the libraries that compile and run the rules."""
    return f"1;facts {facts_version or derivation.compute_version()};{judged_by};sqlglot {sqlglot_version}"


def create_run(con: duckdb.DuckDBPyConnection, policy: Policy, as_of: date, *, today: bool) -> str:
    """Records the run, its policy and its data, and returns its id; the same run of before is removed."""
    rows = time_travel.count_current_rows(con, as_of)
    data_version, rules_of = time_travel.hash_data_version(con, rows), "today" if today else "act"
    run_id = f"{as_of:%Y%m%d}-{policy.version[:8]}-{rules_of}-{data_version[:8]}"
    for table in list_run_tables():
        con.execute(f"DELETE FROM {table} WHERE run_id = ?", [run_id])
    store_policy(con, policy)
    values = (
        run_id,
        as_of,
        policy.version,
        engine_version(),
        rules_of,
        data_version,
        _current_time(),
        None,
        next_sequence(con),
    )
    con.execute(
        f"INSERT INTO runs ({', '.join(RUN_TABLE_COLUMNS)}) VALUES ({', '.join('?' * len(RUN_TABLE_COLUMNS))})",
        list(values),
    )
    if rows:
        con.executemany("INSERT INTO run_data VALUES (?, ?, ?, ?)", [(run_id, *key, n) for key, n in rows.items()])
    return run_id


def next_sequence(con: duckdb.DuckDBPyConnection) -> int:
    """One more than the greatest sequence of a run that the book keeps."""
    return int(con.execute("SELECT coalesce(max(sequence), 0) + 1 FROM runs").fetchall()[0][0])


def store_policy(con: duckdb.DuckDBPyConnection, policy: Policy) -> None:
    """Stores the tables of a policy version, where the book does not have it yet."""
    con.execute(
        "INSERT OR IGNORE INTO policy_versions VALUES (?, ?, ?)",
        [policy.version, json.dumps(policy.texts, ensure_ascii=False), _current_time()],
    )


def _current_time() -> datetime:
    """Now in UTC, without its zone, as the book keeps times."""
    return datetime.now(UTC).replace(tzinfo=None)


def list_runs(con: duckdb.DuckDBPyConnection) -> list[Run]:
    """Every run of the book, the oldest snapshot first, then in the order judged.

    Raises BookError for a book of an earlier version, whose runs do not name their data.
    """
    has = con.execute(
        """SELECT count(*) FROM duckdb_columns()
           WHERE table_name = 'runs' AND column_name IN ('previous_run', 'sequence')"""
    ).fetchall()
    if has[0][0] < 2:
        raise BookError(bilingual("runs.earlier_version"))
    rows = con.execute(f"SELECT {', '.join(RUN_TABLE_COLUMNS)} FROM runs ORDER BY as_of, sequence, run_id").fetchall()
    return [Run(*row) for row in rows]


def find_run(con: duckdb.DuckDBPyConnection, name: str) -> Run:
    """The run of this id, or of the only id that begins so. Raises InputError when there is none, or several."""
    known = list_runs(con)
    found = [run for run in known if run.run_id == name] or [run for run in known if run.run_id.startswith(name)]
    if len(found) == 1:
        return found[0]
    if not known:
        raise InputError(bilingual("runs.no_run_yet"))
    if found:
        ids = ", ".join(run.run_id for run in found[-6:])
        raise InputError(bilingual("runs.several_runs", n=len(found), name=name, known=ids))
    raise InputError(bilingual("runs.unknown_run", name=name, known=", ".join(run.run_id for run in known[-6:])))


def require_latest_run(con: duckdb.DuckDBPyConnection, as_of: date | None) -> Run:
    """The run judged last for a day (default: the latest day). Raises BookError when there is none."""
    found = [run for run in list_runs(con) if as_of in (None, run.as_of)]
    if not found:
        raise BookError(bilingual("runs.no_run_of", as_of=as_of) if as_of else bilingual("runs.no_run_yet"))
    day = max(run.as_of for run in found)
    return max((run for run in found if run.as_of == day), key=lambda run: run.sequence)


def load_stored_policy(con: duckdb.DuckDBPyConnection, version: str) -> Policy:
    """The policy that a version's stored tables make. Raises InputError for a version the book does not hold, and
    PolicyError where this engine can no longer read its tables."""
    found = con.execute(
        "SELECT policy_version, tables FROM policy_versions WHERE starts_with(policy_version, ?)", [version]
    ).fetchall()
    if len(found) != 1:
        rows = con.execute("SELECT policy_version FROM policy_versions ORDER BY stored_at").fetchall()
        known = ", ".join(row[0] for row in rows) or bilingual("runs.none")
        if found:
            raise InputError(bilingual("runs.several_versions", n=len(found), version=version, known=known))
        raise InputError(bilingual("runs.unknown_version", version=version, known=known))
    policy, problems = csv_reader.read_policy(json.loads(found[0][1]))
    errors = [problem for problem in problems if problem.level == "error"]
    if errors:
        raise csv_reader.PolicyError(errors)
    return replace(policy, version=found[0][0])  # as it was stored, whatever its tables were called then


def load_run_data(con: duckdb.DuckDBPyConnection, run: Run) -> time_travel.RowCounts:
    """The rows the run was judged on, as it recorded them."""
    rows = con.execute("SELECT table_name, batch_id, current_rows FROM run_data WHERE run_id = ?", [run.run_id])
    return {(table, batch): count for table, batch, count in rows.fetchall()}


def count_verdicts_by_run(con: duckdb.DuckDBPyConnection) -> dict[str, dict[str, int]]:
    """Each run's verdicts: run_id -> verdict -> how many."""
    found: dict[str, dict[str, int]] = {}
    frame = query.fetch_frame(con, "SELECT run_id, verdict, sum(subjects)::BIGINT AS n FROM run_counts GROUP BY ALL")
    for run_id, verdict, count in frame.iter_rows():
        found.setdefault(run_id, {})[verdict] = count
    return found
