"""The facts of one snapshot as Parquet: a folder a snapshot, in it a folder a subject, whole or not there at all."""

import json
import os
import shutil
from datetime import date
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from data.errors import InputError
from data.facts import derivation
from data.history import time_travel
from data.messages.catalogue import bilingual
from data.storage.book import BookReader

SUCCESS, MANIFEST = "_SUCCESS", "manifest.json"
ROW_GROUP_SIZE = 100_000  # rows of a row group: what one task of a cluster takes at least
MAX_ROWS_PER_FILE = 2_000_000


def export_snapshot(reader: BookReader, as_of: date, out: Path) -> dict[str, int]:
    """Derives the facts of as_of anew and writes them to OUT/as_of=DATE; returns the rows of each subject.

    Raises InputError when that folder stands already, BookError for a book of an earlier version.
    """
    _require_new_folder(out, as_of)
    reader.require_current_schema()
    con = reader.cursor()
    rows = derivation.derive_temporary_facts(con, as_of)
    write_facts(con, as_of, out, rows)
    return rows


def write_facts(con: duckdb.DuckDBPyConnection, as_of: date, out: Path, rows: dict[str, int]) -> None:
    """Writes the facts of these subjects as they stand; under another name at first, which is renamed at the end.

    Raises InputError when the folder stands already.
    """
    target = _require_new_folder(out, as_of)
    draft = out / f".as_of={as_of}.{os.getpid()}.unfinished"
    draft.mkdir(parents=True)
    try:
        for subject in rows:
            _write_subject(con, subject, draft / subject)
        manifest = {
            "as_of": as_of.isoformat(),
            "data_version": compute_data_version(con, as_of),
            "facts_version": derivation.compute_version(),
            "rows": rows,
        }
        (draft / MANIFEST).write_text(json.dumps(manifest, indent=1), encoding="utf-8")
        (draft / SUCCESS).touch()
        draft.rename(target)
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def _require_new_folder(out: Path, as_of: date) -> Path:
    target = out / f"as_of={as_of}"
    if target.exists():
        raise InputError(bilingual("facts.export_folder_exists", folder=target))
    return target


def compute_data_version(con: duckdb.DuckDBPyConnection, as_of: date) -> str:
    return time_travel.hash_data_version(con, time_travel.count_current_rows(con, as_of))


def _write_subject(con: duckdb.DuckDBPyConnection, subject: str, folder: Path) -> None:
    """Streams the facts of a subject: one large file stays within memory and can be read in parts."""
    folder.mkdir()
    columns = derivation.quote_names([name for name in derivation.fact_types(subject) if name != "as_of"])
    found = con.sql(f"SELECT {columns} FROM facts_{subject}").to_arrow_reader(ROW_GROUP_SIZE)
    number, writer, held = 0, None, 0
    for batch in found:
        if writer is None or held >= MAX_ROWS_PER_FILE:
            if writer is not None:
                writer.close()
            writer, held = _open_parquet_file(folder, number, found.schema), 0
            number += 1
        writer.write_batch(batch, row_group_size=ROW_GROUP_SIZE)
        held += batch.num_rows
    (writer or _open_parquet_file(folder, 0, found.schema)).close()


def _open_parquet_file(folder: Path, number: int, schema: pa.Schema) -> pq.ParquetWriter:
    return pq.ParquetWriter(folder / f"part-{number:05}.parquet", schema, compression="zstd")
