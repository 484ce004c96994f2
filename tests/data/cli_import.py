"""Imports as a user makes them: files written, the command line run, the book read."""

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from data import dictionary
from data.__main__ import main
from data.storage.book import BookReader, read_generation

SNAPSHOT_DATE = "2024-03-31"


@dataclass
class CommandResult:
    status: int
    out: str
    err: str

    @property
    def report(self) -> dict[str, Any]:
        return json.loads(self.out)

    @property
    def loans(self) -> dict[str, Any]:
        return self.report["tables"]["loans"]


@dataclass
class ImportCli:
    """A folder with a book, and the command line."""

    folder: Path
    capsys: pytest.CaptureFixture[str]
    book: Path = field(init=False)
    reader: BookReader | None = None

    def __post_init__(self) -> None:
        self.book = self.folder / "book.duckdb"

    def run(self, *arguments: str | Path) -> CommandResult:
        self.capsys.readouterr()
        try:
            status = main([str(argument) for argument in arguments])
        except SystemExit as stop:
            status = int(stop.code or 0)
        said = self.capsys.readouterr()
        return CommandResult(status, said.out, said.err)

    def write(self, name: str, content: str | bytes) -> Path:
        path = self.folder / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    def import_files(self, *files: Path, as_of: str = SNAPSHOT_DATE, profile: str | None = None) -> CommandResult:
        extra = ["--profile", profile] if profile else []
        return self.run("import", *files, "--as-of", as_of, "--book", self.book, "--json", *extra)

    def import_text(self, content: str | bytes, name: str = "loans.csv", as_of: str = SNAPSHOT_DATE) -> CommandResult:
        return self.import_files(self.write(name, content), as_of=as_of)

    def list_quarantine(self) -> list[dict[str, Any]]:
        return json.loads(self.run("quarantine", "--book", self.book, "--json").out)

    def query(self, sql: str, *values: Any) -> list[tuple]:
        """Of the published book, which is opened anew only when another has been published."""
        if self.reader is None or self.reader.generation != read_generation(self.book):
            self.reader = BookReader(self.book)
        return self.reader.cursor().execute(sql, list(values)).fetchall()

    def read_all_tables(self) -> dict[str, list[tuple]]:
        """Everything in the book's own tables, to compare before and after."""
        names = [*dictionary.load_tables(), "batches", "batch_tables", "quarantine"]
        return (
            {name: self.query(f'SELECT * FROM "{name}" ORDER BY ALL') for name in names} if self.book.exists() else {}
        )
