"""One file with many snapshots: a column says the day of each row, and every day is loaded as a batch of its own.

All days are stored in one transaction, the earliest first, and the facts are derived once at the end.
"""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl

from data import dictionary
from data.errors import InputError
from data.ingest import batches, pipeline, staging
from data.ingest.conversion.duplicate_rows import INDEX, SNAPSHOT_DAY
from data.ingest.conversion.sheet_conversion import ConvertedSheet
from data.ingest.files import sheet_reading
from data.ingest.mapping import row_errors
from data.ingest.profiles import profiles
from data.ingest.report import ImportReport
from data.messages.catalogue import Note, bilingual, import_note
from data.reference import size_limits
from data.storage import book


@dataclass
class SeriesReport:
    """The reports of the snapshots of one import, the earliest first."""

    reports: list[ImportReport] = field(default_factory=list)

    def merge(self) -> ImportReport:
        """One report of them all, named by the last one: counts added up, each note once."""
        last = self.reports[-1]
        return replace(
            last,
            counts=[count for report in self.reports for count in report.counts],
            assumptions=_list_distinct([note for report in self.reports for note in report.assumptions]),
            totals=_list_distinct([note for report in self.reports for note in report.totals]),
            already_loaded=all(report.already_loaded for report in self.reports),
        )

    def as_json(self) -> dict[str, Any]:
        return {**self.merge().as_json(), "snapshots": [report.as_json() for report in self.reports]}

    def as_text(self) -> str:
        """A line a snapshot, then the report of them all."""
        lines = [f"Snapshots 时点: {len(self.reports)}"]
        for report in self.reports:
            done = "already loaded 已导入过" if report.already_loaded else f"quarantined 隔离 {report.quarantined:,}"
            lines.append(f"{report.as_of}  {report.batch}  loaded 入库 {report.loaded:>12,}  {done}")
        return "\n".join([*lines, "", self.merge().as_text()])


def _list_distinct(notes: list[Note]) -> list[Note]:
    return list({(note["id"], note["en"], note.get("file")): note for note in notes}.values())


def holds_many_days(profile_name: str | None) -> bool:
    """Whether the profile reads files with many snapshots. Raises InputError for a profile that cannot be used."""
    return profile_name is not None and profiles.load(profile_name).has_many_days


def simulate_series(
    files: list[Path], profile_name: str, as_of: date | None = None, assume: Mapping[str, str] | None = None
) -> tuple[SeriesReport, pl.DataFrame]:
    """What an import of the files would load, and the rows it would quarantine; nothing is written."""
    parts, lookups = pipeline.read_sources(sheet_reading.load_files(files), as_of, profiles.load(profile_name), assume)
    reports, quarantine = [], []
    split = _split_by_day(parts, as_of)
    for day in split.days:
        report, stage = _stage_day(split.select_day(day), day, lookups, profile_name, None)
        report.assumptions = stage.notes
        reports.append(report)
        quarantine += stage.quarantine
    return SeriesReport(reports), pl.concat(quarantine)


def import_series(
    files: list[Path],
    path: Path,
    profile_name: str,
    as_of: date | None = None,
    scope: str | None = None,
    on_step: Callable[[str], None] = lambda _step: None,
    assume: Mapping[str, str] | None = None,
) -> SeriesReport:
    """Load every snapshot of the files into the book at `path`; with `as_of` only that day's.

    Days that are in the book already, from the same files, are left as they are. Raises as pipeline.import_files.
    """
    on_step("read")
    profile = profiles.load(profile_name)
    sources = sheet_reading.load_files(files)
    parts, lookups = pipeline.read_sources(sources, as_of, profile, assume)
    split = _split_by_day(parts, as_of)
    marks = {
        day: batches.compute_fingerprint(_hash_rows(split.select_day(day)), day, profile, scope, assume)
        for day in split.days
    }
    former = _find_former_reports(path, marks)
    if len(former) == len(marks):
        return SeriesReport(list(former.values()))
    incoming = size_limits.integer_limit("free_factor") * sum(len(source.content) for source in sources)
    series = SeriesReport()
    on_step("judge")
    with book.open_for_writing(path, incoming) as con:
        on_step("store")
        for day, mark in marks.items():
            report, stage = _stage_day(split.select_day(day), day, lookups, profile_name, scope)
            if day not in former:
                pipeline.store_batch(con, report, mark, stage)
            series.reports.append(former.get(day, report))
        on_step("derive")
        pipeline.derive_and_note(con, [report for report in series.reports if not report.already_loaded])
    if not any(report.loaded for report in series.reports):
        raise pipeline.build_nothing_loaded_error(path, series.reports[0])
    return series


def _hash_rows(parts: list[ConvertedSheet]) -> list[str]:
    """A digest of the rows of each file, by which a day is known again in a longer file."""
    return [hashlib.sha256(part.raw.select(pl.exclude("^_.*$")).write_json().encode()).hexdigest() for part in parts]


def _find_former_reports(path: Path, marks: Mapping[date, str]) -> dict[date, ImportReport]:
    """The batches that already brought these snapshots from the same files."""
    if not path.exists():
        return {}
    with book.open_for_reading(path) as con:
        found = {day: batches.find_report(con, mark) for day, mark in marks.items()}
    return {day: report for day, report in found.items() if report}


def _stage_day(
    parts: list[ConvertedSheet], day: date, lookups: dict[str, int], profile: str, scope: str | None
) -> tuple[ImportReport, staging.StagedImport]:
    stage = staging.stage_sheets(parts, day)
    totals = pipeline.list_totals(parts)
    return ImportReport("", day, profile, stage.counts, lookups=lookups, totals=totals, scope=scope), stage


@dataclass(frozen=True)
class DaySplit:
    """The rows of files by day. `is_only`: all other days are left out, with a note."""

    parts: list[ConvertedSheet]
    days: list[date]
    is_only: bool

    def select_day(self, day: date) -> list[ConvertedSheet]:
        """The rows of a day, and with the last one the files without days."""
        return [
            self._select_rows(part, day) for part in self.parts if part.mapping.has_many_days or day == self.days[-1]
        ]

    def _select_rows(self, part: ConvertedSheet, day: date) -> ConvertedSheet:
        """The first day has the rows whose day is unknown, to be quarantined, and what the file has beside rows."""
        if not part.mapping.has_many_days:
            return part
        is_first = day == self.days[0]
        is_day = (part.typed[SNAPSHOT_DAY] == day).fill_null(is_first)
        own, others = part.keep_rows(is_day), int((~is_day).sum()) if self.is_only else 0
        ignored = others + (part.ignored if is_first else 0)
        notes = [import_note("note_other_days", rows=others, day=day)] if others else []
        return replace(
            own,
            rows_in=len(own.typed) + ignored,
            ignored=ignored,
            notes=(*notes, *part.notes),
            totals=part.totals if is_first else (),
        )


def _split_by_day(parts: list[ConvertedSheet], as_of: date | None) -> DaySplit:
    """Raises InputError where no row has a day, or none has the one asked for."""
    ready = [_require_days(part) for part in parts]
    found = {day for part in ready if part.mapping.has_many_days for day in part.typed[SNAPSHOT_DAY].drop_nulls()}
    days = sorted(found & {as_of} if as_of else found)
    if not days:
        raise InputError(bilingual("ingest.no_such_day", name=ready[0].sheet.name, days=_format_days(sorted(found))))
    return DaySplit(ready, days, as_of is not None)


def _format_days(days: list[date]) -> str:
    return f"{days[0]} – {days[-1]} ({len(days)})" if days else "-"


def _require_days(part: ConvertedSheet) -> ConvertedSheet:
    """With an error for each row that has no day."""
    if not part.mapping.has_many_days:
        return part
    bad = part.problems.filter(pl.col("field") == "snapshot_date")[INDEX]
    rows = part.typed.filter(pl.col(SNAPSHOT_DAY).is_null() & ~pl.col(INDEX).is_in(bad.implode()))
    if not len(rows):
        return part
    zh = dictionary.fields_of_table("snapshots")["snapshot_date"].zh
    blank = pl.repeat(None, len(rows), dtype=pl.String, eager=True)
    missing = row_errors.build_records("missing_key", rows[INDEX], 0, "snapshot_date", zh, blank)
    return replace(part, problems=pl.concat([part.problems, missing]))
