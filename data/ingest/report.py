"""The report of an import: rows in = loaded + quarantined + ignored, and the balances; as JSON and as text."""

from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

from data import dictionary
from data.ingest.staging import LoadCounts
from data.messages.catalogue import Note
from data.quality import checks

ROWS = ("rows_in", "loaded", "quarantined", "ignored")
BALANCES = ("balance_in", "balance_loaded")
FIRST_NOTES = (
    "note_assumed",
    "note_unit",
    "note_title_unit",
    "note_profile_unit",
    "note_answer_unit",
    "note_rate_assumed",
)
"""Beginnings of the ids of notes that come before everything else: answers, and what decided each unit."""


@dataclass
class ImportReport:
    """Counts are one a table and file; assumptions, totals are notes in two languages; lookups: file -> rows."""

    batch: str
    as_of: date
    profile: str | None
    counts: list[LoadCounts]
    already_loaded: bool = False
    assumptions: list[Note] = field(default_factory=list)
    lookups: dict[str, int] = field(default_factory=dict)
    totals: list[Note] = field(default_factory=list)
    findings: list[Note] = field(default_factory=list)
    """Faults of the data among the batch's rows: check, severity, rows, amount, titles."""
    scope: str | None = None

    def sum_by_table(self) -> dict[str, dict[str, Any]]:
        """Counts of each table, summed over files, in the dictionary's order.

        What flat files yield beside their loans counts only where no file of the table itself came along.
        """
        found: dict[str, dict[str, Any]] = {}
        for name in dictionary.load_tables():
            counts = [count for count in self.counts if count.table == name]
            counts = [count for count in counts if not count.derived] or counts
            if counts:
                found[name] = {column: sum(getattr(count, column) for count in counts) for column in ROWS}
                found[name] |= {column: _sum_known([getattr(count, column) for count in counts]) for column in BALANCES}
        return found

    @property
    def quarantined(self) -> int:
        return sum(count.quarantined for count in self.counts)

    @property
    def loaded(self) -> int:
        """Rows of the files; what flat ones yield beside their loans is not counted again."""
        return sum(count.loaded for count in self.counts if not count.derived)

    @property
    def rows_in(self) -> int:
        return sum(count.rows_in for count in self.counts if not count.derived)

    @property
    def first_notes(self) -> list[Note]:
        return [entry for entry in self.assumptions if str(entry.get("id", "")).startswith(FIRST_NOTES)]

    @property
    def other_notes(self) -> list[Note]:
        return [entry for entry in self.assumptions if not str(entry.get("id", "")).startswith(FIRST_NOTES)]

    def as_json(self) -> dict[str, Any]:
        files = {count.file: {"sha256": count.sha256, "encoding": count.encoding} for count in self.counts}
        tables = {
            name: {column: float(value) if isinstance(value, Decimal) else value for column, value in counts.items()}
            for name, counts in self.sum_by_table().items()
        }
        return {
            "batch": self.batch,
            "already_loaded": self.already_loaded,
            "as_of": self.as_of.isoformat(),
            "profile": self.profile,
            "tables": tables,
            "files": files,
            "lookups": self.lookups,
            "assumptions": self.assumptions,
            "totals": self.totals,
            "findings": self.findings,
            "scope": self.scope,
        }

    def as_text(self) -> str:
        done = "already loaded, nothing changed 已导入过，未作改动" if self.already_loaded else "loaded 已导入"
        lines = [f"Batch 批次 {self.batch}, as of 时点 {self.as_of}: {done}"]
        lines += [_format_note(entry) for entry in self.first_notes]
        lines.append(_format_row("", *HEADINGS))
        for name, counts in self.sum_by_table().items():
            label = f"{name} {dictionary.load_tables()[name].zh}"
            lines.append(_format_row(label, *(_format_value(counts[column]) for column in (*ROWS, *BALANCES))))
        files = {count.file: count.encoding for count in self.counts}
        lines += [f"file 文件 {name}: {encoding}" for name, encoding in files.items()]
        lines += [f"lookup 对照 {name}: rows 行 {rows}" for name, rows in self.lookups.items()]
        lines += [_format_note(entry) for entry in self.totals + self.other_notes]
        lines += [
            f"! {entry['severity']:8}{entry['rows']:>10,} {_format_amount(entry):>20} {entry['zh']} {entry['en']}"
            for entry in self.findings
        ]
        return "\n".join(lines)


def _format_note(entry: Note) -> str:
    return f"- {entry.get('file', '')} {entry['en']} {entry['zh']}"


def _format_amount(finding: Note) -> str:
    own, foreign = finding["amount"], finding.get("foreign")
    return checks.format_amounts(Decimal(str(own)) if own else None, str(foreign) if foreign else None)


HEADINGS = (
    "rows in 读入",
    "loaded 入库",
    "quarantined 隔离",
    "ignored 忽略",
    "balance in 读入余额",
    "balance loaded 入库余额",
)


def _sum_known(values: list[Decimal | None]) -> Decimal | None:
    known = [value for value in values if value is not None]
    return sum(known, Decimal(0)) if known else None


def _format_value(value: int | Decimal | None) -> str:
    return "-" if value is None else f"{value:,}"


def _format_row(label: str, *cells: str) -> str:
    return f"{label:<24}" + "".join(f"{cell:>22}" for cell in cells)
