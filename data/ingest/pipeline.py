"""Import: files to the book in one transaction, every row loaded, quarantined with its reason, or ignored."""

from collections.abc import Callable
from datetime import date
from pathlib import Path

import duckdb
import polars as pl

from data.errors import InputError
from data.facts import derivation
from data.history import supersession, versions
from data.history.supersession import Arrival
from data.ingest import batches, foreign_keys, staging
from data.ingest.files import sheet_reading
from data.ingest.files.sheet_reading import Source
from data.ingest.mapping import profiles, sheet_plans
from data.ingest.mapping.profiles import Profile
from data.ingest.mapping.sheet_conversion import Part, convert
from data.ingest.report import Report
from data.quality import checks, counts_store
from data.reference import size_limits
from data.storage import book

STEPS = ("read", "judge", "store", "derive")
"""Read the files, judge their rows, store them, derive the facts."""


class NothingLoadedError(InputError):
    """Rows came in and none could be loaded; the report says where they are kept."""

    def __init__(self, message: str, report: Report) -> None:
        super().__init__(message)
        self.report = report


def rehearse(files: list[Path], as_of: date, profile_name: str | None = None) -> tuple[Report, pl.DataFrame]:
    """What an import of the files would report, and the rows that it would keep back; nothing is written.

    [table_name, file, row_number, field, value, reason, reason_zh, content]. Raises InputError as an import does.
    """
    parts, lookups = read(sheet_reading.load_all(files), as_of, profiles.load(profile_name) if profile_name else None)
    stage = staging.stage(parts, as_of)
    totals = [entry | {"file": part.sheet.name} for part in parts for entry in part.totals]
    report = Report("", as_of, profile_name, stage.counts, assumptions=stage.notes, lookups=lookups, totals=totals)
    return report, pl.concat(stage.quarantine) if stage.quarantine else pl.DataFrame()


def import_files(
    files: list[Path],
    as_of: date,
    path: Path,
    profile_name: str | None = None,
    scope: str | None = None,
    on_step: Callable[[str], None] = lambda _step: None,
) -> Report:
    """Load the files as of a date into the book at `path`; `scope` (endings) says what rows left out of them mean.

    `on_step` hears each of STEPS as it begins.

    Raises InputError for a file or profile that cannot be used, BookError for the book; then the book is as it was.
    When no row at all could be loaded, the quarantine keeps the rows and NothingLoadedError names the first reason.
    """
    on_step("read")
    profile = profiles.load(profile_name) if profile_name else None
    sources = sheet_reading.load_all(files)
    mark = batches.fingerprint(sources, as_of, profile, scope)
    report = _former(path, mark)
    if report is None:
        parts, lookups = read(sources, as_of, profile)
        incoming = size_limits.whole("free_factor") * sum(len(source.content) for source in sources)
        report = _write(path, incoming, parts, lookups, as_of, mark, profile_name, scope, on_step)
    if not report.loaded:
        raise _nothing_loaded(path, report)
    return report


def _former(path: Path, mark: str) -> Report | None:
    """The batch that already brought these files, if the book has one."""
    if not path.exists():
        return None
    with book.reading(path) as con:
        return batches.find(con, mark)


def read(sources: list[Source], as_of: date, profile: Profile | None) -> tuple[list[Part], dict[str, int]]:
    """The files as typed rows with their problems, and the rows of files that only serve lookups."""
    found, lookups = sheet_plans.read(sources, profile)
    parts = [convert(plan.sheet, plan.mapping, as_of, plan.keep, plan.join) for plan in found]
    if not any(part.rows_in > part.ignored for part in parts):
        raise InputError(f"{parts[0].sheet.name}: no rows below the header. Export it again.")
    return parts, lookups


def _write(
    path: Path,
    incoming: int,
    parts: list[Part],
    lookups: dict[str, int],
    as_of: date,
    mark: str,
    profile: str | None,
    scope: str | None,
    on_step: Callable[[str], None],
) -> Report:
    on_step("judge")
    stage = staging.stage(parts, as_of)
    totals = [entry | {"file": part.sheet.name} for part in parts for entry in part.totals]
    on_step("store")
    with book.writing(path, incoming) as con:
        report = Report(
            batches.new_id(con, as_of, mark),
            as_of,
            profile,
            stage.counts,
            assumptions=stage.notes,
            lookups=lookups,
            totals=totals,
            scope=scope,
        )
        batches.store(con, report, mark, stage)
        if report.loaded:
            replaces = [versions.load(con, table, rows, as_of, report.batch) for table, rows in stage.tables.items()]
            if any(replaces):
                report.assumptions += supersession.end(con, _arrival(report))
            report.assumptions += foreign_keys.notes(con, report.batch)
            on_step("derive")
            counts_store.forget(con)
            _build_facts(con, as_of)
            report.findings = checks.of_batch(con, as_of, report.batch)
        batches.store_notes(con, report)
    return report


def _arrival(report: Report) -> Arrival:
    own = tuple(dict.fromkeys(count.table for count in report.counts if not count.derived))
    derived = tuple(dict.fromkeys(count.table for count in report.counts if count.derived))
    return Arrival(report.batch, report.as_of, own, derived, report.scope)


def _build_facts(con: duckdb.DuckDBPyConnection, as_of: date) -> None:
    """Facts of every snapshot that the batch may have changed."""
    for day in versions.dates_from(con, as_of):
        derivation.build(con, day)


def _nothing_loaded(path: Path, report: Report) -> NothingLoadedError:
    """The first reason why no row could be loaded."""
    with book.reading(path) as con:
        first = con.execute(
            "SELECT file, row_number, reason FROM quarantine WHERE batch_id = ? ORDER BY file, row_number LIMIT 1",
            [report.batch],
        ).fetchone()
    where = f"{first[0]}, row {first[1]}: {first[2]}. " if first else ""
    return NothingLoadedError(
        f"None of the {report.rows_in} rows could be loaded. {where}Correct the file or its mapping and import again; "
        f"python -m data quarantine --book {path} lists every row (batch {report.batch}).",
        report,
    )
