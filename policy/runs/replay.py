"""A run judged again from its stored policy and the data as they were, compared with what it left, byte for byte."""

import hashlib
from dataclasses import dataclass
from typing import Any

import duckdb

from data.errors import InputError
from data.history import time_travel
from data.messages.catalogue import BilingualText, bilingual
from data.storage import query
from data.storage.book import BookReader
from policy.runs import in_memory, store
from policy.runs.in_memory import TEMPORARY_RUN_ID, DataState
from policy.runs.store import Run

HASHED_PARTS = {
    "counts": ("run_counts", ("rule_id", "subject", "branch_id", "verdict", "reason", "field", "subjects")),
    "violations": (
        "violations",
        (
            "violation_id",
            "rule_id",
            "subject",
            "subject_id",
            "loan_id",
            "borrower_id",
            "branch_id",
            "officer_id",
            "balance",
            "measured",
            "limit_value",
        ),
    ),
}
MAX_ROWS = 20


@dataclass(frozen=True)
class ReplayResult:
    """`moved`: what came into the book's data since, in words; the replay is on the data as they were.

    `hashes`: part -> (stored, replayed). `rows`: the first rows that only one of both has.
    """

    run: Run
    data_changes: list[BilingualText]
    hashes: dict[str, tuple[str, str]]
    difference_count: int
    sample_rows: list[dict[str, Any]]

    @property
    def is_identical(self) -> bool:
        return all(stored == again for stored, again in self.hashes.values())


def replay_run(reader: BookReader, name: str) -> ReplayResult:
    """Judges the run's policy on the run's data, where nothing in the book changes.

    Raises InputError when there is no such run, when its data can no longer be rebuilt (naming what moved), or when
    its policy can no longer be run.
    """
    stored, again = reader.cursor(), reader.cursor()
    run = store.find_run(stored, name)
    data, moved = rebuild_data(reader, run)
    in_memory.judge_data(
        again, store.load_stored_policy(stored, run.policy_version), data, run.as_of, today=run.uses_current_rules
    )
    hashes = {
        part: (hash_rows(stored, part, run.run_id), hash_rows(again, part, TEMPORARY_RUN_ID)) for part in HASHED_PARTS
    }
    differing, rows = (
        _find_differences(stored, again, run.run_id) if any(a != b for a, b in hashes.values()) else (0, [])
    )
    return ReplayResult(run, moved, hashes, differing, rows)


def rebuild_data(reader: BookReader, run: Run) -> tuple[DataState, list[BilingualText]]:
    """The data of a run, and what has come since in words. Raises InputError when they cannot be rebuilt."""
    con = reader.cursor()
    known, now = store.load_run_data(con, run), time_travel.count_current_rows(con, run.as_of)
    if time_travel.hash_data_version(con, now) == run.data_version:
        return DataState(run.as_of), []
    since = frozenset(batch for _, batch in now if batch) - {batch for _, batch in known}
    moved = _describe_data_changes(known, now)
    time_travel.create_historic_views(con, run.as_of, run.as_of, set(since))
    if time_travel.hash_data_version(con, time_travel.count_current_rows(con, run.as_of)) != run.data_version:
        why = _join_changes(moved) if moved else bilingual("runs.batch_changed")
        raise InputError(bilingual("runs.data_not_rebuilt", run=run.run_id, as_of=run.as_of, why=why))
    return DataState(run.as_of, since), moved


def _join_changes(changes: list[BilingualText]) -> BilingualText:
    return BilingualText("; ".join(changes), "；".join(change.zh for change in changes))


def _describe_data_changes(known: time_travel.RowCounts, now: time_travel.RowCounts) -> list[BilingualText]:
    changes = []
    for table, batch in sorted(known.keys() | now.keys()):
        before, after = known.get((table, batch)), now.get((table, batch))
        if before != after:
            counts = {"table": table, "before": before or 0, "after": after or 0, "batch": batch or "-"}
            changes.append(
                bilingual("runs.rows_of_new_batch", **counts)
                if before is None
                else bilingual("runs.rows_of_batch", **counts)
            )
    return changes


def row_text_sql(part: str) -> str:
    """A row as one text: every column with its length before it, so that no two different rows look alike."""
    cells = (
        f"coalesce(length(CAST({c} AS VARCHAR)) || ':' || CAST({c} AS VARCHAR), '-')" for c in HASHED_PARTS[part][1]
    )
    return " || ".join(cells)


def hash_rows(con: duckdb.DuckDBPyConnection, part: str, run_id: str) -> str:
    """The hash of a run's rows in whatever order: of their count and the sums of both halves of every row's MD5."""
    text = row_text_sql(part)
    found = con.execute(
        f"""SELECT count(*), coalesce(sum(md5_number_lower(row)::HUGEINT), 0),
            coalesce(sum(md5_number_upper(row)::HUGEINT), 0)
        FROM (SELECT {text} AS row FROM {HASHED_PARTS[part][0]} WHERE run_id = $run)""",
        {"run": run_id},
    ).fetchall()[0]
    return hashlib.sha256(repr(found).encode()).hexdigest()


def _find_differences(
    stored: duckdb.DuckDBPyConnection, again: duckdb.DuckDBPyConnection, run_id: str
) -> tuple[int, list[dict[str, Any]]]:
    """How many rows differ, and the first of them."""
    differing, shown = 0, []
    for part, (table, columns) in HASHED_PARTS.items():
        names = ", ".join(columns)
        book = _load_rows(stored, f"SELECT {names} FROM {table} WHERE run_id = $run", run_id)
        again.register("stored_rows", book.to_arrow())
        for side, one, other in (("stored", "stored_rows", "here"), ("replayed", "here", "stored_rows")):
            text = f"WITH here AS (SELECT {names} FROM {table} WHERE run_id = $run)"
            text += f" SELECT {names} FROM {one} EXCEPT ALL SELECT {names} FROM {other} ORDER BY ALL"
            found = _load_rows(again, text, TEMPORARY_RUN_ID)
            differing += found.height
            shown += [{"part": part, "only": side} | row for row in found.head(MAX_ROWS).to_dicts()]
        again.unregister("stored_rows")
    return differing, shown


def _load_rows(con: duckdb.DuckDBPyConnection, text: str, run_id: str) -> Any:
    return query.fetch_frame(con, text, run=run_id)
