"""Import: files to the book in one transaction, every row loaded, quarantined with its reason, or ignored."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import date
from pathlib import Path

import duckdb
import polars as pl

from data.errors import InputError
from data.facts import derivation
from data.history import supersession, versions
from data.history.supersession import ArrivingBatch
from data.ingest import batches, foreign_keys, staging
from data.ingest.conversion.sheet_conversion import ConvertedSheet, convert_sheet
from data.ingest.files import sheet_reading
from data.ingest.files.sheet_reading import SourceFile
from data.ingest.plans import sheet_plans
from data.ingest.profiles import profiles
from data.ingest.profiles.profile_model import Profile
from data.ingest.questions.open_questions import Answers
from data.ingest.report import ImportReport
from data.ingest.staging import StagedImport
from data.messages.catalogue import BilingualText, Note, bilingual
from data.quality import checks, counts_store
from data.reference import size_limits
from data.storage import book

STEPS = ("read", "judge", "store", "derive")
"""Read the files, check their rows, store them, derive the facts."""


class NothingLoadedError(InputError):
    """No row could be loaded; the report names the batch whose quarantine contains them."""

    def __init__(self, message: BilingualText, report: ImportReport) -> None:
        super().__init__(message)
        self.report = report


def simulate_import(
    files: list[Path], as_of: date, profile_name: str | None = None, assume: Mapping[str, str] | None = None
) -> tuple[ImportReport, pl.DataFrame]:
    """The report of an import of the files and the rows it would quarantine; nothing is written.

    [table_name, file, row_number, field, value, reason, reason_zh, content]. Raises InputError as an import does.
    """
    parts, lookups = read_sources(
        sheet_reading.load_files(files), as_of, profiles.load(profile_name) if profile_name else None, assume
    )
    stage = staging.stage_sheets(parts, as_of)
    totals = list_totals(parts)
    report = ImportReport(
        "", as_of, profile_name, stage.counts, assumptions=stage.notes, lookups=lookups, totals=totals
    )
    return report, pl.concat(stage.quarantine) if stage.quarantine else pl.DataFrame()


def import_files(
    files: list[Path],
    as_of: date,
    path: Path,
    profile_name: str | None = None,
    scope: str | None = None,
    on_step: Callable[[str], None] = lambda _step: None,
    assume: Mapping[str, str] | None = None,
) -> ImportReport:
    """Load the files as of a date into the book at `path`.

    `scope` (supersession): what becomes of rows in the book that the files leave out. `assume`: answers to questions
    that the files leave open, by question. `on_step` is called with each of STEPS as it begins.

    Raises InputError for a file or profile that cannot be used, BookError for the book; then the book is as it was.
    When no row at all could be loaded, the quarantine keeps the rows and NothingLoadedError names the first reason.
    """
    on_step("read")
    profile = profiles.load(profile_name) if profile_name else None
    sources = sheet_reading.load_files(files)
    mark = batches.compute_fingerprint((source.sha256 for source in sources), as_of, profile, scope, assume)
    report = _find_former_report(path, mark)
    if report is None:
        parts, lookups = read_sources(sources, as_of, profile, assume)
        incoming = size_limits.integer_limit("free_factor") * sum(len(source.content) for source in sources)
        report = _write_batch(path, incoming, parts, lookups, as_of, mark, profile_name, scope, on_step)
    if not report.loaded:
        raise build_nothing_loaded_error(path, report)
    return report


def _find_former_report(path: Path, fingerprint: str) -> ImportReport | None:
    """The batch that already brought these files, if the book has one."""
    if not path.exists():
        return None
    with book.open_for_reading(path) as con:
        return batches.find_report(con, fingerprint)


def read_sources(
    sources: list[SourceFile], as_of: date | None, profile: Profile | None, assume: Mapping[str, str] | None = None
) -> tuple[list[ConvertedSheet], dict[str, int]]:
    """The files as typed rows with their problems, and the rows of files that only serve lookups.

    Raises UnansweredError where the files leave open what `assume` does not answer.
    """
    answers = Answers(assume)
    found, lookups = sheet_plans.build_plans(sources, profile)
    parts = [
        convert_sheet(plan.sheet, plan.mapping, as_of, plan.row_filters, plan.join_lookups, answers) for plan in found
    ]
    answers.require()
    if not any(part.rows_in > part.ignored for part in parts):
        raise InputError(bilingual("ingest.no_data_rows", name=parts[0].sheet.name))
    return [replace(parts[0], notes=(*answers.list_notes(), *parts[0].notes)), *parts[1:]], lookups


def _write_batch(
    path: Path,
    incoming: int,
    parts: list[ConvertedSheet],
    lookups: dict[str, int],
    as_of: date,
    fingerprint: str,
    profile: str | None,
    scope: str | None,
    on_step: Callable[[str], None],
) -> ImportReport:
    on_step("judge")
    stage = staging.stage_sheets(parts, as_of)
    report = ImportReport("", as_of, profile, stage.counts, lookups=lookups, totals=list_totals(parts), scope=scope)
    on_step("store")
    with book.open_for_writing(path, incoming) as con:
        store_batch(con, report, fingerprint, stage)
        on_step("derive")
        derive_and_note(con, [report])
    return report


def list_totals(parts: list[ConvertedSheet]) -> list[Note]:
    return [{**entry, "file": part.sheet.name} for part in parts for entry in part.totals]


def store_batch(con: duckdb.DuckDBPyConnection, report: ImportReport, fingerprint: str, stage: StagedImport) -> None:
    """Store the staged rows as a batch, which gives the report its name, and close what it leaves out."""
    report.batch = batches.make_batch_id(con, report.as_of, fingerprint)
    report.assumptions = stage.notes
    batches.store_batch(con, report, fingerprint, stage)
    if not report.loaded:
        return
    replaces = [
        versions.store_rows(con, table, rows, report.as_of, report.batch) for table, rows in stage.tables.items()
    ]
    if any(replaces):
        report.assumptions.extend(supersession.close_superseded_rows(con, _build_arrival(report)))
    report.assumptions += foreign_keys.resolve_references(con, report.batch)


def derive_and_note(con: duckdb.DuckDBPyConnection, reports: list[ImportReport]) -> None:
    """Derive the facts of every snapshot that the batches may have changed; keep what the reports say."""
    loaded = [report for report in reports if report.loaded]
    if loaded:
        counts_store.delete_counts(con)
        for day in versions.list_dates_from(con, min(report.as_of for report in loaded)):
            derivation.derive_facts(con, day)
    for report in loaded:
        report.findings = [*checks.list_batch_findings(con, report.as_of, report.batch)]
    for report in reports:
        batches.store_notes(con, report)


def _build_arrival(report: ImportReport) -> ArrivingBatch:
    own = tuple(dict.fromkeys(count.table for count in report.counts if not count.derived))
    derived = tuple(dict.fromkeys(count.table for count in report.counts if count.derived))
    return ArrivingBatch(report.batch, report.as_of, own, derived, report.scope)


def build_nothing_loaded_error(path: Path, report: ImportReport) -> NothingLoadedError:
    """The first reason why no row could be loaded."""
    with book.open_for_reading(path) as con:
        first = con.execute(
            "SELECT file, row_number, reason, reason_zh FROM quarantine WHERE batch_id = ? "
            "ORDER BY file, row_number LIMIT 1",
            [report.batch],
        ).fetchone()
    reason = BilingualText("")
    if first:
        file, row, english, chinese = first
        reason = BilingualText(f"{file}, row {row}: {english}. ", f"{file} 第 {row} 行：{chinese}。")
    message = bilingual("ingest.nothing_loaded", rows=report.rows_in, first=reason, book=path, batch=report.batch)
    return NothingLoadedError(message, report)
