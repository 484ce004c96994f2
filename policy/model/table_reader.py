"""Reading one policy table after another: rows under their columns, cells in their types, and the problems found."""

import csv
import io
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from dataclasses import fields as dataclass_fields
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any, TypeVar

from data.messages.catalogue import BilingualText, bilingual
from data.reference import size_limits
from policy.model.problem import Problem, SourceLocation
from policy.model.table_schema import ColumnSpec, find_table_spec, table_columns

PLACEHOLDER_DATE = date(2000, 1, 1)  # replaces a date that is reported, so that the rest can still be read
EFFECTIVE_FROM, EFFECTIVE_TO = "effective_from", "effective_to"
SHOWN = 40  # characters of a cell that a message repeats
T = TypeVar("T")


@dataclass(frozen=True)
class Row:
    """The cells of a row by their columns, as text without the spaces around it."""

    place: SourceLocation
    cells: dict[str, str]


class TableReader:
    """Reads the tables of one folder and gathers the problems on the way."""

    def __init__(self, texts: Mapping[str, str]) -> None:
        self.texts = texts
        self.problems: list[Problem] = []

    def report_problem(self, place: SourceLocation, column: str, message: str, fix: str) -> None:
        self.problems.append(Problem("error", place.table, place.row, column, message, fix))

    def list_tables(self, folder: str) -> list[str]:
        return sorted(name for name in self.texts if name.startswith(folder + "/"))

    def read_rows(self, name: str, own_columns: Iterable[str] = ()) -> list[Row]:
        """The rows of a table by its schema; `own_columns`: those that a limit table declares beside it.

        A table that the folder may leave out has no rows then; one that it must have is a problem.
        """
        if name not in self.texts:
            self._report_missing_table(name)
            return []
        lines = csv.reader(io.StringIO(self.texts[name]))
        header = next(lines, [])
        known = [*table_columns(name), *own_columns]
        if not self._check_header(name, header, known):
            return []
        places = ((SourceLocation(name, lines.line_num), cells) for cells in lines)
        return list(self._parse_rows(header, places))

    def _report_missing_table(self, name: str) -> None:
        spec = find_table_spec(name)
        if spec is None or spec.is_required or "/" in name:
            self.report_problem(
                SourceLocation(name, 1), "-", bilingual("model.table_missing"), bilingual("model.restore_table")
            )

    def _check_header(self, name: str, header: list[str], known: list[str]) -> bool:
        """Whether the header has each known column once, and no other."""
        place, names = SourceLocation(name, 1), ", ".join(known)
        for column in known:
            if column not in header:
                self.report_problem(
                    place, column, bilingual("model.column_missing"), bilingual("model.header_needs", known=names)
                )
        for column in dict.fromkeys(header):
            if column not in known or header.count(column) > 1:
                self.report_problem(
                    place, column, bilingual("model.unknown_column"), bilingual("model.known_columns", known=names)
                )
        return set(known) == set(header)

    def _parse_rows(self, header: list[str], lines: Iterable[tuple[SourceLocation, list[str]]]) -> Iterator[Row]:
        for place, cells in lines:
            if not any(cells):
                continue
            if len(cells) != len(header):
                self.report_problem(
                    place,
                    "-",
                    bilingual("model.cells_and_columns", cells=len(cells), columns=len(header)),
                    bilingual("model.quote_commas"),
                )
                continue
            yield Row(place, {column: cell.strip() for column, cell in zip(header, cells, strict=True)})

    def parse_cells(self, row: Row) -> dict[str, Any]:
        """The cells in the types of their columns; one that cannot be read is a problem and gets a substitute."""
        specs = table_columns(row.place.table)
        values: dict[str, Any] = {
            name: self._parse_cell(row.place, specs[name], cell) if name in specs else cell
            for name, cell in row.cells.items()
        }
        if EFFECTIVE_FROM in values and values[EFFECTIVE_TO] <= values[EFFECTIVE_FROM]:
            self.report_problem(
                row.place, EFFECTIVE_TO, bilingual("model.ends_before_start"), bilingual("model.validity_dates")
            )
        return values

    def _parse_cell(self, place: SourceLocation, spec: ColumnSpec, cell: str) -> str | date | int:
        text = cell or spec.default
        match spec.type:
            case "date":
                return self._parse_date(place, spec, text)
            case "days":
                return self._parse_days(place, spec.name, text)
        return text

    def _parse_date(self, place: SourceLocation, spec: ColumnSpec, text: str) -> date:
        try:
            return date.fromisoformat(text)
        except ValueError:
            self.report_problem(
                place, spec.name, bilingual("model.not_a_date", cell=text), bilingual("model.write_date")
            )
            return date.fromisoformat(spec.default) if spec.default else PLACEHOLDER_DATE

    def _parse_days(self, place: SourceLocation, column: str, text: str) -> int:
        most = size_limits.integer_limit("policy_days")
        if text.isdecimal() and len(text) <= len(str(most)) and int(text) <= most:
            return int(text)
        self.report_problem(
            place, column, bilingual("model.not_days", cell=text[:SHOWN], most=most), bilingual("model.write_days")
        )
        return 0

    def read_records(self, name: str, kind: Callable[..., T], renamed: Mapping[str, str] | None = None) -> list[T]:
        """The rows of a table as dataclasses; `renamed`: field → column, where the two names differ."""
        fields = {field.name for field in dataclass_fields(kind)}  # type: ignore[arg-type]
        found = []
        for row in self.read_rows(name):
            values = self.parse_cells(row) | {"place": row.place}
            values |= {field: values[column] for field, column in (renamed or {}).items()}
            found.append(kind(**{field: value for field, value in values.items() if field in fields}))
        return found


def parse_number(text: str) -> Decimal | None:
    """A cell as a finite number; None where it is not one."""
    try:
        number = Decimal(text)
    except InvalidOperation:
        return None
    return number if number.is_finite() else None


def describe_number_fault(text: str) -> tuple[BilingualText, BilingualText]:
    """What is wrong with a cell that is not a number, and what to do."""
    return bilingual("model.not_a_number", cell=text), bilingual("model.write_number")
