"""A finding about the policy tables, and the place in them that it is about."""

from dataclasses import dataclass


@dataclass(frozen=True)
class SourceLocation:
    """The place of a row: the table's file, and the row as a spreadsheet counts (the header is row 1)."""

    table: str
    row: int


@dataclass(frozen=True)
class Problem:
    """A finding of the linter: where, what is wrong, what to do. Only level `error` stops the policy from loading."""

    level: str
    table: str
    row: int
    column: str
    message: str
    fix: str

    def __str__(self) -> str:
        return f"{self.table}, row {self.row}, column {self.column}: {self.message} {self.fix}"
