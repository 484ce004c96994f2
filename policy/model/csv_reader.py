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
from data.messages.bilingual import tell
from policy.model.records import (
    CURES,
    FOREVER,
    SEVERITIES,
    Clause,
    Consequence,
    Cure,
    Derived,
    Example,
    ExposureRatio,
    LimitColumn,
    LimitRow,
    LimitTable,
    Place,
    Policy,
    Problem,
    Rule,
)

SHIPPED = Path(__file__).parents[1] / "tables"
LIMIT_ROW_COLUMNS = ("row_id", "clause_id", "evidence", "effective_from", "effective_to", "reading_zh", "reading_en")
UNREADABLE = date(2000, 1, 1)  # stands in for a date that is reported, so that the rest can still be read
EFFECTS = {"on_violation": ("blocked", "noted"), "on_not_assessable": ("not_assessable", "noted")}
Row = tuple[Place, dict[str, str]]
T = TypeVar("T")


class PolicyError(InputError):
    """The policy tables cannot be used; `problems` says where and why."""

    def __init__(self, problems: list[Problem]) -> None:
        self.problems = problems
        first, more = problems[0], len(problems) - 1
        told = tell(
            "{table}, row {row}, column {column}: {message} {fix}",
            table=first.table,
            row=first.row,
            column=first.column,
            message=first.message,
            fix=first.fix,
        )
        if more:
            told = tell("{first} ({n} more; run python -m policy lint)", first=told, n=more)
        super().__init__(tell("Policy tables: {first}", first=told))


class TableReader:
    """Reads one folder of tables and gathers the problems on the way."""

    def __init__(self, texts: dict[str, str]) -> None:
        self.texts = texts
        self.problems: list[Problem] = []

    def report(self, place: Place, column: str, message: str, fix: str) -> None:
        self.problems.append(Problem("error", place.table, place.row, column, message, fix))

    def names(self, folder: str) -> list[str]:
        return sorted(name for name in self.texts if name.startswith(folder + "/"))

    def rows(self, name: str, columns: Iterable[str]) -> list[Row]:
        if name not in self.texts:
            self.report(
                Place(name, 1), "-", tell("the table is missing."), tell("Restore the file, or copy the shipped one.")
            )
            return []
        reader = csv.reader(io.StringIO(self.texts[name]))
        header = next(reader, [])
        wanted = list(columns)
        for column in wanted:
            if column not in header:
                self.report(
                    Place(name, 1),
                    column,
                    tell("the column is missing."),
                    tell("The header needs {known}.", known=", ".join(wanted)),
                )
        for column in header:
            if column not in wanted or header.count(column) > 1:
                self.report(
                    Place(name, 1),
                    column,
                    tell("unknown or repeated column."),
                    tell("Known: {known}.", known=", ".join(wanted)),
                )
        return [] if set(wanted) != set(header) else list(self._records(name, header, reader))

    def _records(self, name: str, header: list[str], reader: Iterable[list[str]]) -> Iterable[Row]:
        for cells in reader:
            place = Place(name, reader.line_num)  # type: ignore[attr-defined]
            if not any(cells):
                continue
            if len(cells) != len(header):
                self.report(
                    place,
                    "-",
                    tell("{n} cells under {n2} columns.", n=len(cells), n2=len(header)),
                    tell("Quote cells with commas."),
                )
                continue
            yield place, {column: cell.strip() for column, cell in zip(header, cells, strict=True)}

    def date(self, place: Place, column: str, cell: str, default: date | None = None) -> date:
        if not cell and default:
            return default
        try:
            return date.fromisoformat(cell)
        except ValueError:
            self.report(place, column, tell("'{cell}' is no date.", cell=cell), tell("Write it as 2024-07-01."))
            return default or UNREADABLE

    def records(self, name: str, kind: Callable[..., T], extra: Callable[[Row], dict[str, object]]) -> list[T]:
        """Rows of a table as dataclasses; `extra` gives the fields that are not plain text."""
        columns = [field.name for field in dataclass_fields(kind) if field.name != "place"]  # type: ignore[arg-type]
        return [kind(**(cells | extra((place, cells)))) for place, cells in self.rows(name, columns)]


def dated(reader: TableReader) -> Callable[[Row], dict[str, object]]:
    """What `records` needs for rows with dates in force: those dates, and the place."""

    def extra(row: Row) -> dict[str, object]:
        place, cells = row
        starts = reader.date(place, "effective_from", cells["effective_from"])
        ends = reader.date(place, "effective_to", cells["effective_to"], FOREVER)
        if ends <= starts:
            reader.report(
                place, "effective_to", tell("ends before it begins."), tell("Dates hold from (incl.) to (excl.).")
            )
        return {"effective_from": starts, "effective_to": ends, "place": place}

    return extra


def _rule_cells(reader: TableReader) -> Callable[[Row], dict[str, object]]:
    dates = dated(reader)

    def extra(row: Row) -> dict[str, object]:
        place, cells = row
        grace = cells["grace_days"] or "0"
        if not grace.isdecimal():
            reader.report(
                place, "grace_days", tell("'{grace}' is no number of days.", grace=grace), tell("Write 0, 5, 30 …")
            )
        if cells["cure"] not in CURES:
            reader.report(
                place,
                "cure",
                tell("'{value}' cannot be.", value=cells["cure"]),
                tell("Use {known}.", known=" or ".join(CURES)),
            )
        return dates(row) | {"grace_days": int(grace) if grace.isdecimal() else 0}

    return extra


def _hit_policy_fault(table: str, said: str) -> tuple[str, str]:
    """What is wrong with a hit policy, and what to do; DMN's others depend on the order of rows, or hide answers."""
    if said in ("unique", "collect"):
        why = tell("{table} is {said} here and another hit policy above.", table=table, said=said)
        return why, tell("Use one hit policy for all columns of a table.")
    why = tell("hit policy '{said}' of {table} is not supported.", said=said, table=table)
    return why, tell("Use unique (at most one row may answer) or collect (the strictest of several binds).")


def _limit_tables(reader: TableReader) -> dict[str, LimitTable]:
    header = ("table", "column", "role", "type", "unit", "hit_policy", "zh", "en")
    columns: dict[str, list[LimitColumn]] = {}
    hit_policy: dict[str, str] = {}
    for place, c in reader.rows("limit_columns.csv", header):
        columns.setdefault(c["table"], []).append(
            LimitColumn(c["table"], c["column"], c["role"], c["type"], c["unit"], c["zh"], c["en"])
        )
        if c["role"] not in ("key", "limit"):
            reader.report(place, "role", tell("'{value}' is no role.", value=c["role"]), tell("Use key or limit."))
        if (
            c["hit_policy"] not in ("unique", "collect")
            or hit_policy.get(c["table"], c["hit_policy"]) != c["hit_policy"]
        ):
            reader.report(place, "hit_policy", *_hit_policy_fault(c["table"], c["hit_policy"]))
        hit_policy[c["table"]] = c["hit_policy"]
    for name in reader.names("limits"):
        if name.removeprefix("limits/").removesuffix(".csv") not in columns:
            reader.report(
                Place(name, 1),
                "-",
                tell("limit_columns.csv declares no such table."),
                tell("Declare its columns there."),
            )
    return {
        name: LimitTable(name, hit_policy[name], tuple(own), tuple(_limit_rows(reader, name, own)))
        for name, own in columns.items()
    }


def _limit_rows(reader: TableReader, name: str, columns: list[LimitColumn]) -> list[LimitRow]:
    keyed = [column.name for column in columns]
    dates = dated(reader)
    found = []
    for place, cells in reader.rows(f"limits/{name}.csv", (*LIMIT_ROW_COLUMNS, *keyed)):
        own = {column: cells.pop(column) for column in keyed}
        found.append(LimitRow(**(cells | dates((place, cells))), cells=own))  # type: ignore[arg-type]
    return found


def _example_inputs(reader: TableReader, row: Row) -> dict[str, object]:
    place, cells = row
    inputs = {}
    for part in filter(None, (part.strip() for part in cells["inputs"].split(";"))):
        name, equals, value = part.partition("=")
        if not equals:
            reader.report(
                place, "inputs", tell("'{part}' is no field=value.", part=part), tell("Separate inputs by semicolons.")
            )
        inputs[name.strip()] = value.strip()
    return {"inputs": inputs, "as_of": reader.date(place, "as_of", cells["as_of"]), "place": place}


def _effects(reader: TableReader) -> dict[str, tuple[str, str]]:
    """What a violation, and an unknown, of each severity means for an extension."""
    found: dict[str, tuple[str, str]] = {}
    for place, c in reader.rows("effects.csv", ("severity", *EFFECTS)):
        for column, words in EFFECTS.items():
            if c[column] not in words:
                reader.report(
                    place,
                    column,
                    tell("'{value}' is no effect.", value=c[column]),
                    tell("Use {known}.", known=" or ".join(words)),
                )
        if c["severity"] in found or c["severity"] not in SEVERITIES:
            reader.report(
                place,
                "severity",
                tell("'{value}' is unknown or stands twice.", value=c["severity"]),
                tell("One row a severity."),
            )
        found[c["severity"]] = (c["on_violation"], c["on_not_assessable"])
    return found


def _clauses(reader: TableReader) -> dict[str, Clause]:
    names = [field.name for field in dataclass_fields(Clause)]
    found: dict[str, Clause] = {}
    for place, cells in reader.rows("clauses.csv", (*names, "level")):
        if cells["clause_id"] in found:
            reader.report(
                place,
                "clause_id",
                tell("'{value}' stands twice.", value=cells["clause_id"]),
                tell("Keep one row a clause."),
            )
        found[cells["clause_id"]] = Clause(**{name: cells[name] for name in names})
    return found


def _where_given(reader: TableReader, name: str, kind: Callable[..., T]) -> tuple[T, ...]:
    """The rows of a table that a folder may do without: what it is about is then not said."""
    return tuple(reader.records(name, kind, lambda row: {"place": row[0]})) if name in reader.texts else ()


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


def version_of(texts: dict[str, str]) -> str:
    """The hash of the tables' content: cells, not line ends or quoting."""
    digest = hashlib.sha256()
    for name in sorted(texts):
        digest.update(repr((name, list(csv.reader(io.StringIO(texts[name]))))).encode())
    return digest.hexdigest()[:16]


def read(texts: dict[str, str]) -> tuple[Policy, list[Problem]]:
    """The policy as far as it can be read, and what is wrong with the rows of its tables."""
    reader = TableReader(texts)
    cells = _rule_cells(reader)
    rules = [r for name in reader.names("rules") for r in reader.records(name, Rule, cells)]
    examples = [
        e
        for name in reader.names("examples")
        for e in reader.records(name, Example, lambda row: _example_inputs(reader, row))
    ]
    derived = [
        Derived(**({"name": c.pop("field")} | c), place=place)
        for place, c in reader.rows(
            "derived.csv", ("field", *[f.name for f in dataclass_fields(Derived) if f.name not in ("name", "place")])
        )
    ]
    policy = Policy(
        version_of(texts),
        _clauses(reader),
        tuple(rules),
        _limit_tables(reader),
        tuple(derived),
        _effects(reader),
        tuple(examples),
        texts,
        _where_given(reader, "consequences.csv", Consequence),
        _where_given(reader, "exposure_ratios.csv", ExposureRatio),
        _where_given(reader, "cures.csv", Cure),
    )
    return policy, reader.problems
