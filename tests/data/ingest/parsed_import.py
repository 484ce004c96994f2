"""Files read up to the book's door: what would be loaded, kept back and said, without a book."""

from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import openpyxl
import xlwt

from data.ingest import pipeline, staging
from data.ingest.files import sheet_reading
from data.ingest.profiles import profiles
from data.ingest.staging import StagedImport
from data.messages.catalogue import Note

SNAPSHOT_DATE = date(2024, 3, 31)


@dataclass
class ParsedImport:
    stage: StagedImport
    totals: list[Note]

    def column_values(self, field: str, table: str = "loans") -> list[Any]:
        return self.stage.tables[table][field].to_list() if table in self.stage.tables else []

    @property
    def note_ids(self) -> set[str]:
        return {note["id"] for note in self.stage.notes}

    def note_text(self, message: str) -> str:
        return next(note["en"] for note in self.stage.notes if note["id"] == message)

    @property
    def quarantined_rows(self) -> list[tuple[int, str]]:
        """(row, reason) of every row that would not load."""
        return [
            (row["row_number"], row["reason"]) for part in self.stage.quarantine for row in part.iter_rows(named=True)
        ]


@dataclass
class ImportParser:
    folder: Path

    def write_file(self, name: str, content: str | bytes) -> Path:
        path = self.folder / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    def parse_files(
        self, *files: Path, profile: str | None = None, assume: dict[str, str] | None = None
    ) -> ParsedImport:
        found, _ = pipeline.read_sources(
            sheet_reading.load_files(list(files)), SNAPSHOT_DATE, profiles.load(profile) if profile else None, assume
        )
        stage = staging.stage_sheets(found, SNAPSHOT_DATE)
        assert all(count.rows_in == count.loaded + count.quarantined + count.ignored for count in stage.counts)
        return ParsedImport(stage, [total for part in found for total in part.totals])

    def parse_text(self, content: str | bytes, name: str = "f.csv") -> ParsedImport:
        return self.parse_files(self.write_file(name, content))

    def write_xlsx(self, sheets: dict[str, list[list[Any]]], merges: tuple[str, ...] = (), **marks: Any) -> Path:
        """`marks`: formats (cell -> number format), hidden (names of sheets), from_1904."""
        book = openpyxl.Workbook()
        book.remove(book.active)
        for name, rows in sheets.items():
            sheet = book.create_sheet(name)
            for row in rows:
                sheet.append(row)
            for merge in merges:
                sheet.merge_cells(merge)
            for cell, number_format in marks.get("formats", {}).items():
                sheet[cell].number_format = number_format
            if name in marks.get("hidden", ()):
                sheet.sheet_state = "hidden"
        if marks.get("from_1904"):
            book.epoch = openpyxl.utils.datetime.CALENDAR_MAC_1904
        path = self.folder / "book.xlsx"
        book.save(path)
        return path

    def write_xls(self, sheets: dict[str, list[list[Any]]]) -> Path:
        """A real XLS (BIFF) file."""
        book = xlwt.Workbook(encoding="utf-8")
        for name, rows in sheets.items():
            sheet = book.add_sheet(name)
            for y, row in enumerate(rows):
                for x, cell in enumerate(row):
                    if cell is not None:
                        sheet.write(y, x, cell)
        path = self.folder / "book.xls"
        book.save(str(path))
        return path
