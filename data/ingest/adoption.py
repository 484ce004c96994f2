"""Verdicts that were judged elsewhere, taken into the book as a run like any other."""

import json
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.dataset as ds

from data.errors import InputError
from data.facts import derivation
from data.facts.parquet_export import MANIFEST, SUCCESS
from data.history import time_travel
from data.storage.system_tables import list_run_tables, load_system_tables

ARROW_TYPES = {"VARCHAR": pa.string(), "BIGINT": pa.int64(), "DECIMAL(18,2)": pa.decimal128(18, 2)}


def _arrow_schema(table: str) -> dict[str, pa.DataType]:
    """Column -> Arrow type of a table of runs, without the run's id, which the book gives."""
    columns = load_system_tables()[table].columns
    return {name: ARROW_TYPES[sql_type] for name, sql_type in columns.items() if name != "run_id"}


COUNTS_SCHEMA = _arrow_schema("run_counts")
VIOLATIONS_SCHEMA = _arrow_schema("violations")
MANIFEST_KEYS = ("as_of", "policy_version", "engine_version", "rules_of", "data_version", "judged_at", "subjects")


@dataclass(frozen=True)
class AdoptedRun:
    run_id: str
    as_of: date
    policy_version: str
    engine_version: str
    subjects: dict[str, int]
    violations: int


def adopt_run(con: duckdb.DuckDBPyConnection, folder: Path) -> AdoptedRun:
    """Stores the run of a folder of verdicts; the same run of before is replaced.

    Raises InputError, and stores nothing, when the folder is not whole, a column is missing or of another type, the
    verdicts do not add up, or the book holds another policy or other data than were judged.
    """
    says = _read_manifest(folder)
    as_of = date.fromisoformat(says["as_of"])
    rows = time_travel.count_current_rows(con, as_of)
    _require_same_inputs(con, says, time_travel.hash_data_version(con, rows))
    run_id = f"{as_of:%Y%m%d}-{says['policy_version'][:8]}-{says['rules_of']}-{says['data_version'][:8]}"
    if as_of not in derivation.list_dates_with_facts(con):
        derivation.derive_facts(con, as_of)
    for table in list_run_tables():
        con.execute(f"DELETE FROM {table} WHERE run_id = ?", [run_id])
    con.execute(
        "INSERT INTO runs (run_id, as_of, policy_version, engine_version, rules_of, data_version, judged_at) "
        "VALUES (?, ?, ?, ?, ?, ?, ?)",
        [run_id, as_of, *(says[name] for name in MANIFEST_KEYS[1:5]), datetime.fromisoformat(says["judged_at"])],
    )
    if rows:
        con.executemany("INSERT INTO run_data VALUES (?, ?, ?, ?)", [(run_id, *key, n) for key, n in rows.items()])
    con.executemany("INSERT INTO run_subjects VALUES (?, ?, ?)", [(run_id, *pair) for pair in says["subjects"].items()])
    _insert_dataset(con, run_id, "run_counts", _open_parquet_dataset(folder / "counts", COUNTS_SCHEMA), COUNTS_SCHEMA)
    _insert_dataset(
        con, run_id, "violations", _open_parquet_dataset(folder / "violations", VIOLATIONS_SCHEMA), VIOLATIONS_SCHEMA
    )
    return AdoptedRun(
        run_id,
        as_of,
        says["policy_version"],
        says["engine_version"],
        says["subjects"],
        _reconcile_verdicts(con, run_id, folder),
    )


def _read_manifest(folder: Path) -> dict[str, Any]:
    if not folder.is_dir():
        raise InputError(f"No folder {folder}. Give the --out of python -m policy check.")
    if not (folder / SUCCESS).exists():
        raise InputError(f"{folder} has no {SUCCESS}: the check was not written to the end. Run it again.")
    try:
        says = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
        lacks = [name for name in MANIFEST_KEYS if name not in says]
        date.fromisoformat(says["as_of"]), datetime.fromisoformat(says["judged_at"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise InputError(f"{folder / MANIFEST} cannot be read: {error}. Run the check again.") from error
    if lacks:
        raise InputError(f"{folder / MANIFEST} does not say {', '.join(lacks)}. Run the check again.")
    return dict(says)


def _require_same_inputs(con: duckdb.DuckDBPyConnection, says: dict[str, Any], version: str) -> None:
    """The policy must be one the book keeps, and the data those the book holds now."""
    known = con.execute(
        "SELECT count(*) FROM policy_versions WHERE policy_version = ?", [says["policy_version"]]
    ).fetchall()
    if not known[0][0]:
        raise InputError(
            f"The book does not know policy {says['policy_version']}. Take it in with its tables: "
            "python -m policy adopt --tables DIR."
        )
    if says["data_version"] is None:
        raise InputError(
            "The facts that were judged do not say from which data they come. Judge facts that were "
            "written by python -m data export-facts."
        )
    if says["data_version"] != version:
        raise InputError(
            f"The verdicts are of data {says['data_version']}, and the book holds {version} for "
            f"{says['as_of']}: it has moved since. Export the facts and check them again."
        )


def _open_parquet_dataset(folder: Path, columns: dict[str, pa.DataType]) -> ds.Dataset:
    """All files below a folder. Raises InputError for a missing or mistyped column."""
    files = sorted(str(path) for path in folder.rglob("*.parquet"))
    if not files:
        raise InputError(f"{folder} holds no Parquet file. Run the check again.")
    for file in files:
        try:
            schema = ds.dataset(file).schema
        except (pa.ArrowException, OSError) as error:
            raise InputError(f"{file} cannot be read as Parquet: {str(error).splitlines()[0]}") from error
        for name, wanted in columns.items():
            if name not in schema.names:
                raise InputError(f"{file} has no column '{name}' ({wanted}). Run the check again.")
            if schema.field(name).type != wanted:
                raise InputError(
                    f"{file}, column '{name}' is {schema.field(name).type}, not {wanted}. Run the check again."
                )
    return ds.dataset(files, schema=pa.schema(list(columns.items())))


def _insert_dataset(
    con: duckdb.DuckDBPyConnection, run_id: str, table: str, found: ds.Dataset, columns: dict[str, pa.DataType]
) -> None:
    names = ", ".join(columns)
    con.register("judged_elsewhere", found)
    con.execute(
        f"INSERT INTO {table} (run_id, {names}) SELECT $run, {names} FROM judged_elsewhere "
        f"ORDER BY {', '.join(list(columns)[1:4])}",
        {"run": run_id},
    )
    con.unregister("judged_elsewhere")


def _reconcile_verdicts(con: duckdb.DuckDBPyConnection, run_id: str, folder: Path) -> int:
    """Every rule has a verdict for each of its subjects, and every violation counted is there once."""
    wrong = con.execute(
        """WITH counted AS (SELECT rule_id, subject, sum(c.subjects) AS judged,
                coalesce(sum(c.subjects) FILTER (verdict = 'violation'), 0) AS broken
            FROM run_counts c WHERE run_id = $run GROUP BY ALL),
        listed AS (SELECT rule_id, count(*) AS listed, count(DISTINCT violation_id) AS different
            FROM violations WHERE run_id = $run GROUP BY rule_id)
        SELECT rule_id FROM counted c FULL JOIN listed l USING (rule_id)
            LEFT JOIN (FROM run_subjects WHERE run_id = $run) s USING (subject)
        WHERE c.judged IS DISTINCT FROM s.subjects OR c.broken <> coalesce(l.listed, 0) OR l.listed <> l.different
        ORDER BY rule_id LIMIT 1""",
        {"run": run_id},
    ).fetchall()
    if wrong:
        raise InputError(f"{folder}: the verdicts of rule {wrong[0][0]} do not add up. Run the check again.")
    return int(con.execute("SELECT count(*) FROM violations WHERE run_id = ?", [run_id]).fetchall()[0][0])
