"""Import: files to the book in one transaction, every row loaded, quarantined with its reason, or ignored."""

from datetime import date
from pathlib import Path

import duckdb

from data import batches, book, facts, plans, profiles, readers, register, staging
from data.converting import Part, convert
from data.errors import InputError
from data.profiles import Profile
from data.readers import Source
from data.reports import Report


class NothingLoadedError(InputError):
    """Rows came in and none could be loaded; the report says where they are kept."""

    def __init__(self, message: str, report: Report) -> None:
        super().__init__(message)
        self.report = report


def import_files(files: list[Path], as_of: date, path: Path, profile_name: str | None = None) -> Report:
    """Load the files as of a date into the book at `path`.

    Raises InputError for a file or profile that cannot be used, BookError for the book; then the book is as it was.
    When no row at all could be loaded, the quarantine keeps the rows and NothingLoadedError names the first reason.
    """
    profile = profiles.load(profile_name) if profile_name else None
    sources = list({source.sha256: source for source in map(readers.load, files)}.values())
    mark = batches.fingerprint(sources, as_of, profile)
    report = _former(path, mark)
    if report is None:
        parts, lookups = read(sources, as_of, profile)
        report = _write(path, parts, lookups, as_of, mark, profile_name)
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
    sheets = [sheet for source in sources for sheet in readers.sheets(source)]
    found, lookups = plans.by_profile(sheets, profile) if profile else (plans.plain(sheets), {})
    parts = [convert(plan.sheet, plan.mapping, as_of, plan.keep, plan.join) for plan in found]
    if not any(part.rows_in > part.ignored for part in parts):
        raise InputError(f"{parts[0].sheet.name}: no rows below the header. Export it again.")
    return parts, lookups


def _write(
    path: Path, parts: list[Part], lookups: dict[str, int], as_of: date, mark: str, profile: str | None
) -> Report:
    stage = staging.stage(parts, as_of)
    totals = [entry | {"file": part.sheet.name} for part in parts for entry in part.totals]
    with book.writing(path) as con:
        report = Report(
            batches.new_id(con, as_of, mark), as_of, profile, stage.counts, assumptions=stage.notes, lookups=lookups,
            totals=totals,
        )  # fmt: skip
        batches.store(con, report, mark, stage)
        if report.loaded:
            for table, rows in stage.tables.items():
                register.load(con, table, rows, as_of, report.batch)
            _build_facts(con, as_of)
    return report


def _build_facts(con: duckdb.DuckDBPyConnection, as_of: date) -> None:
    """Facts of every snapshot that the batch may have changed."""
    for day in register.dates_from(con, as_of):
        facts.build(con, day)


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
