"""Reading the policy tables from a folder of CSV files; what cannot be read is a Problem, never skipped."""

import csv
import hashlib
import io
from collections.abc import Callable, Iterable
from dataclasses import fields as dataclass_fields
from datetime import date
from pathlib import Path
from typing import TypeVar

from data.errors import InputError
from data.messages.catalogue import bilingual
from policy.model.records import (
    CURABILITIES,
    FOREVER,
    SEVERITIES,
    Clause,
    Consequence,
    DerivedField,
    Example,
    ExposureRatio,
    LimitColumn,
    LimitRow,
    LimitTable,
    Policy,
    Problem,
    RemediationAction,
    Rule,
    SourceLocation,
)

SHIPPED_TABLES = Path(__file__).parents[1] / "tables"
LIMIT_ROW_COLUMNS = ("row_id", "clause_id", "evidence", "effective_from", "effective_to", "reading_zh", "reading_en")
PLACEHOLDER_DATE = date(2000, 1, 1)  # stands in for a date that is reported, so that the rest can still be read
EFFECT_VALUES = {"on_violation": ("blocked", "noted"), "on_not_assessable": ("not_assessable", "noted")}
Row = tuple[SourceLocation, dict[str, str]]
T = TypeVar("T")


class PolicyError(InputError):
    """The policy tables cannot be used; `problems` says where and why."""

    def __init__(self, problems: list[Problem]) -> None:
        self.problems = problems
        first, more = problems[0], len(problems) - 1
        told = bilingual(
            "model.row_column",
            table=first.table,
            row=first.row,
            column=first.column,
            message=first.message,
            fix=first.fix,
        )
        if more:
            told = bilingual("model.more_run_python_m", first=told, n=more)
        super().__init__(bilingual("model.policy_tables", first=told))


class TableReader:
    """Reads one folder of tables and gathers the problems on the way."""

    def __init__(self, texts: dict[str, str]) -> None:
        self.texts = texts
        self.problems: list[Problem] = []

    def report_problem(self, place: SourceLocation, column: str, message: str, fix: str) -> None:
        self.problems.append(Problem("error", place.table, place.row, column, message, fix))

    def list_tables(self, folder: str) -> list[str]:
        return sorted(name for name in self.texts if name.startswith(folder + "/"))

    def read_rows(self, name: str, columns: Iterable[str]) -> list[Row]:
        if name not in self.texts:
            self.report_problem(
                SourceLocation(name, 1),
                "-",
                bilingual("model.table_missing"),
                bilingual("model.restore_file_copy_shipped"),
            )
            return []
        reader = csv.reader(io.StringIO(self.texts[name]))
        header = next(reader, [])
        wanted = list(columns)
        for column in wanted:
            if column not in header:
                self.report_problem(
                    SourceLocation(name, 1),
                    column,
                    bilingual("model.column_missing"),
                    bilingual("model.header_needs", known=", ".join(wanted)),
                )
        for column in header:
            if column not in wanted or header.count(column) > 1:
                self.report_problem(
                    SourceLocation(name, 1),
                    column,
                    bilingual("model.unknown_repeated_column"),
                    bilingual("model.known", known=", ".join(wanted)),
                )
        return [] if set(wanted) != set(header) else list(self._parse_rows(name, header, reader))

    def _parse_rows(self, name: str, header: list[str], reader: Iterable[list[str]]) -> Iterable[Row]:
        for cells in reader:
            place = SourceLocation(name, reader.line_num)  # type: ignore[attr-defined]
            if not any(cells):
                continue
            if len(cells) != len(header):
                self.report_problem(
                    place,
                    "-",
                    bilingual("model.cells_under_columns", n=len(cells), n2=len(header)),
                    bilingual("model.quote_cells_commas"),
                )
                continue
            yield place, {column: cell.strip() for column, cell in zip(header, cells, strict=True)}

    def parse_date(self, place: SourceLocation, column: str, cell: str, default: date | None = None) -> date:
        if not cell and default:
            return default
        try:
            return date.fromisoformat(cell)
        except ValueError:
            self.report_problem(
                place, column, bilingual("model.no_date", cell=cell), bilingual("model.write_2024_07_01")
            )
            return default or PLACEHOLDER_DATE

    def read_records(self, name: str, kind: Callable[..., T], extra: Callable[[Row], dict[str, object]]) -> list[T]:
        """Rows of a table as dataclasses; `extra` gives the fields that are not plain text."""
        columns = [field.name for field in dataclass_fields(kind) if field.name != "place"]  # type: ignore[arg-type]
        return [kind(**(cells | extra((place, cells)))) for place, cells in self.read_rows(name, columns)]


def effective_dates_parser(reader: TableReader) -> Callable[[Row], dict[str, object]]:
    """What `records` needs for rows with dates in force: those dates, and the place."""

    def extra(row: Row) -> dict[str, object]:
        place, cells = row
        starts = reader.parse_date(place, "effective_from", cells["effective_from"])
        ends = reader.parse_date(place, "effective_to", cells["effective_to"], FOREVER)
        if ends <= starts:
            reader.report_problem(
                place, "effective_to", bilingual("model.ends_before_begins"), bilingual("model.dates_hold_incl_excl")
            )
        return {"effective_from": starts, "effective_to": ends, "place": place}

    return extra


def _rule_fields_parser(reader: TableReader) -> Callable[[Row], dict[str, object]]:
    dates = effective_dates_parser(reader)

    def extra(row: Row) -> dict[str, object]:
        place, cells = row
        grace = cells["grace_days"] or "0"
        if not grace.isdecimal():
            reader.report_problem(
                place, "grace_days", bilingual("model.no_number_days", grace=grace), bilingual("model.write_0_5_30")
            )
        if cells["cure"] not in CURABILITIES:
            reader.report_problem(
                place,
                "cure",
                bilingual("model.cannot", value=cells["cure"]),
                bilingual("common.use", known=" or ".join(CURABILITIES)),
            )
        return dates(row) | {"grace_days": int(grace) if grace.isdecimal() else 0}

    return extra


def _describe_hit_policy_fault(table: str, said: str) -> tuple[str, str]:
    """What is wrong with a hit policy, and what to do; DMN's others depend on the order of rows, or hide answers."""
    if said in ("unique", "collect"):
        why = bilingual("model.here_hit_policy_above", table=table, said=said)
        return why, bilingual("model.use_hit_policy_all")
    why = bilingual("model.hit_policy_not_supported", said=said, table=table)
    return why, bilingual("model.use_unique_most_row")


def _read_limit_tables(reader: TableReader) -> dict[str, LimitTable]:
    header = ("table", "column", "role", "type", "unit", "hit_policy", "zh", "en")
    columns: dict[str, list[LimitColumn]] = {}
    hit_policy: dict[str, str] = {}
    for place, c in reader.read_rows("limit_columns.csv", header):
        columns.setdefault(c["table"], []).append(
            LimitColumn(c["table"], c["column"], c["role"], c["type"], c["unit"], c["zh"], c["en"])
        )
        if c["role"] not in ("key", "limit"):
            reader.report_problem(
                place, "role", bilingual("model.no_role", value=c["role"]), bilingual("model.use_key_limit")
            )
        if (
            c["hit_policy"] not in ("unique", "collect")
            or hit_policy.get(c["table"], c["hit_policy"]) != c["hit_policy"]
        ):
            reader.report_problem(place, "hit_policy", *_describe_hit_policy_fault(c["table"], c["hit_policy"]))
        hit_policy[c["table"]] = c["hit_policy"]
    for name in reader.list_tables("limits"):
        if name.removeprefix("limits/").removesuffix(".csv") not in columns:
            reader.report_problem(
                SourceLocation(name, 1),
                "-",
                bilingual("model.limit_columns_csv_declares"),
                bilingual("model.declare_its_columns_there"),
            )
    return {
        name: LimitTable(name, hit_policy[name], tuple(own), tuple(_read_limit_rows(reader, name, own)))
        for name, own in columns.items()
    }


def _read_limit_rows(reader: TableReader, name: str, columns: list[LimitColumn]) -> list[LimitRow]:
    keyed = [column.name for column in columns]
    dates = effective_dates_parser(reader)
    found = []
    for place, cells in reader.read_rows(f"limits/{name}.csv", (*LIMIT_ROW_COLUMNS, *keyed)):
        own = {column: cells.pop(column) for column in keyed}
        found.append(LimitRow(**(cells | dates((place, cells))), cells=own))  # type: ignore[arg-type]
    return found


def _parse_example_inputs(reader: TableReader, row: Row) -> dict[str, object]:
    place, cells = row
    inputs = {}
    for part in filter(None, (part.strip() for part in cells["inputs"].split(";"))):
        name, equals, value = part.partition("=")
        if not equals:
            reader.report_problem(
                place,
                "inputs",
                bilingual("model.no_field_value", part=part),
                bilingual("model.separate_inputs_semicolons"),
            )
        inputs[name.strip()] = value.strip()
    return {"inputs": inputs, "as_of": reader.parse_date(place, "as_of", cells["as_of"]), "place": place}


def _read_effects(reader: TableReader) -> dict[str, tuple[str, str]]:
    """What a violation, and an unknown, of each severity means for an extension."""
    found: dict[str, tuple[str, str]] = {}
    for place, c in reader.read_rows("effects.csv", ("severity", *EFFECT_VALUES)):
        for column, words in EFFECT_VALUES.items():
            if c[column] not in words:
                reader.report_problem(
                    place,
                    column,
                    bilingual("model.no_effect", value=c[column]),
                    bilingual("common.use", known=" or ".join(words)),
                )
        if c["severity"] in found or c["severity"] not in SEVERITIES:
            reader.report_problem(
                place,
                "severity",
                bilingual("model.unknown_stands_twice", value=c["severity"]),
                bilingual("model.row_severity"),
            )
        found[c["severity"]] = (c["on_violation"], c["on_not_assessable"])
    return found


def _read_clauses(reader: TableReader) -> dict[str, Clause]:
    names = [field.name for field in dataclass_fields(Clause)]
    found: dict[str, Clause] = {}
    for place, cells in reader.read_rows("clauses.csv", (*names, "level")):
        if cells["clause_id"] in found:
            reader.report_problem(
                place,
                "clause_id",
                bilingual("model.stands_twice", value=cells["clause_id"]),
                bilingual("model.keep_row_clause"),
            )
        found[cells["clause_id"]] = Clause(**{name: cells[name] for name in names})
    return found


def _read_optional_records(reader: TableReader, name: str, kind: Callable[..., T]) -> tuple[T, ...]:
    """The rows of a table that a folder may do without: what it is about is then not said."""
    return tuple(reader.read_records(name, kind, lambda row: {"place": row[0]})) if name in reader.texts else ()


def read_texts(directory: Path) -> dict[str, str]:
    """The text of every table of a folder by its name; raises InputError for a missing folder or a wrong encoding."""
    if not directory.is_dir():
        raise InputError(f"No folder {directory} of policy tables. Give --tables a folder like the shipped one.")
    texts = {}
    for path in sorted(directory.rglob("*.csv")):
        try:
            texts[path.relative_to(directory).as_posix()] = path.read_text(encoding="utf-8-sig")
        except UnicodeDecodeError as error:
            raise InputError(f"Policy table {path}: not UTF-8 at byte {error.start}. Save it as UTF-8 CSV.") from error
    return texts


def compute_version(texts: dict[str, str]) -> str:
    """The hash of the tables' content: cells, not line ends or quoting."""
    digest = hashlib.sha256()
    for name in sorted(texts):
        digest.update(repr((name, list(csv.reader(io.StringIO(texts[name]))))).encode())
    return digest.hexdigest()[:16]


def read_policy(texts: dict[str, str]) -> tuple[Policy, list[Problem]]:
    """The policy as far as it can be read, and what is wrong with the rows of its tables."""
    reader = TableReader(texts)
    cells = _rule_fields_parser(reader)
    rules = [r for name in reader.list_tables("rules") for r in reader.read_records(name, Rule, cells)]
    examples = [
        e
        for name in reader.list_tables("examples")
        for e in reader.read_records(name, Example, lambda row: _parse_example_inputs(reader, row))
    ]
    derived = [
        DerivedField(**({"name": c.pop("field")} | c), place=place)
        for place, c in reader.read_rows(
            "derived.csv",
            ("field", *[f.name for f in dataclass_fields(DerivedField) if f.name not in ("name", "place")]),
        )
    ]
    policy = Policy(
        compute_version(texts),
        _read_clauses(reader),
        tuple(rules),
        _read_limit_tables(reader),
        tuple(derived),
        _read_effects(reader),
        tuple(examples),
        texts,
        _read_optional_records(reader, "consequences.csv", Consequence),
        _read_optional_records(reader, "exposure_ratios.csv", ExposureRatio),
        _read_optional_records(reader, "cures.csv", RemediationAction),
    )
    return policy, reader.problems
