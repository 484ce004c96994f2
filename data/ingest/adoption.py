"""Adopts verdicts of a check run elsewhere (Spark) as a run of the book."""

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
from data.messages.catalogue import bilingual
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
    verdicts do not add up, or the policy or the data in the book are not those that were checked.
    """
    manifest = _read_manifest(folder)
    as_of = date.fromisoformat(manifest["as_of"])
    rows = time_travel.count_current_rows(con, as_of)
    _require_same_inputs(con, manifest, time_travel.hash_data_version(con, rows))
    run_id = f"{as_of:%Y%m%d}-{manifest['policy_version'][:8]}-{manifest['rules_of']}-{manifest['data_version'][:8]}"
    if as_of not in derivation.list_dates_with_facts(con):
        derivation.derive_facts(con, as_of)
    for table in list_run_tables():
        con.execute(f"DELETE FROM {table} WHERE run_id = ?", [run_id])
    _insert_run(con, run_id, as_of, manifest)
    if rows:
        con.executemany("INSERT INTO run_data VALUES (?, ?, ?, ?)", [(run_id, *key, n) for key, n in rows.items()])
    _insert_dataset(con, run_id, "run_counts", _open_parquet_dataset(folder / "counts", COUNTS_SCHEMA), COUNTS_SCHEMA)
    _insert_dataset(
        con, run_id, "violations", _open_parquet_dataset(folder / "violations", VIOLATIONS_SCHEMA), VIOLATIONS_SCHEMA
    )
    return AdoptedRun(
        run_id,
        as_of,
        manifest["policy_version"],
        manifest["engine_version"],
        manifest["subjects"],
        _reconcile_verdicts(con, run_id, folder),
    )


def _insert_run(con: duckdb.DuckDBPyConnection, run_id: str, as_of: date, manifest: dict[str, Any]) -> None:
    """The run itself and its number of subjects."""
    con.execute(
        "INSERT INTO runs (run_id, as_of, policy_version, engine_version, rules_of, data_version, judged_at, sequence) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, (SELECT coalesce(max(sequence), 0) + 1 FROM runs))",
        [
            run_id,
            as_of,
            *(manifest[name] for name in MANIFEST_KEYS[1:5]),
            datetime.fromisoformat(manifest["judged_at"]),
        ],
    )
    con.executemany(
        "INSERT INTO run_subjects VALUES (?, ?, ?)", [(run_id, *pair) for pair in manifest["subjects"].items()]
    )


def _read_manifest(folder: Path) -> dict[str, Any]:
    if not folder.is_dir():
        raise InputError(bilingual("ingest.no_verdict_folder", folder=folder))
    if not (folder / SUCCESS).exists():
        raise InputError(bilingual("ingest.check_not_finished", folder=folder, file=SUCCESS))
    try:
        manifest = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
        lacks = [name for name in MANIFEST_KEYS if name not in manifest]
        date.fromisoformat(manifest["as_of"]), datetime.fromisoformat(manifest["judged_at"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise InputError(bilingual("ingest.manifest_unreadable", file=folder / MANIFEST, error=error)) from error
    if lacks:
        raise InputError(bilingual("ingest.manifest_incomplete", file=folder / MANIFEST, keys=", ".join(lacks)))
    return dict(manifest)


def _require_same_inputs(con: duckdb.DuckDBPyConnection, manifest: dict[str, Any], version: str) -> None:
    """Raises InputError unless the policy is in the book and the data are those in the book now."""
    known = con.execute(
        "SELECT count(*) FROM policy_versions WHERE policy_version = ?", [manifest["policy_version"]]
    ).fetchall()
    if not known[0][0]:
        raise InputError(bilingual("ingest.unknown_policy", policy=manifest["policy_version"]))
    if manifest["data_version"] is None:
        raise InputError(bilingual("ingest.facts_without_data_version"))
    if manifest["data_version"] != version:
        raise InputError(
            bilingual(
                "ingest.data_changed",
                checked=manifest["data_version"],
                current=version,
                as_of=manifest["as_of"],
            )
        )


def _open_parquet_dataset(folder: Path, columns: dict[str, pa.DataType]) -> ds.Dataset:
    """All files below a folder. Raises InputError for a missing or mistyped column."""
    files = sorted(str(path) for path in folder.rglob("*.parquet"))
    if not files:
        raise InputError(bilingual("ingest.no_parquet_file", folder=folder))
    for file in files:
        try:
            schema = ds.dataset(file).schema
        except (pa.ArrowException, OSError) as error:
            raise InputError(
                bilingual("ingest.parquet_unreadable", file=file, error=str(error).splitlines()[0])
            ) from error
        for name, wanted in columns.items():
            if name not in schema.names:
                raise InputError(bilingual("ingest.parquet_column_missing", file=file, column=name, type=wanted))
            if schema.field(name).type != wanted:
                raise InputError(
                    bilingual(
                        "ingest.parquet_column_type",
                        file=file,
                        column=name,
                        found=schema.field(name).type,
                        type=wanted,
                    )
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
        raise InputError(bilingual("ingest.verdicts_do_not_add_up", folder=folder, rule=wrong[0][0]))
    return int(con.execute("SELECT count(*) FROM violations WHERE run_id = ?", [run_id]).fetchall()[0][0])
