"""A mapping proposed for a file: what each column seems to be, how sure that is, and the rows as they would load."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl
from rapidfuzz import fuzz, process

from data import dictionary
from data.ingest.files import sheet_reading
from data.ingest.files.sheet_reading import ROW, Sheet
from data.ingest.mapping import header_matching, profiles, sheet_plans, title_lines
from data.ingest.mapping.header_matching import Head
from data.ingest.mapping.mapping import COMPANIONS, EVENTS, target
from data.ingest.mapping.profiles import Profile
from data.ingest.mapping.sheet_conversion import convert
from data.ingest.parsing import cell_parsing, file_vocabulary
from data.ingest.parsing.cell_parsing import Reading
from data.messages.catalogue import import_note

EXACT, ALIAS, GUESS, IGNORED, NONE = "exact", "alias", "guess", "ignored", "none"
SAMPLES = 5
LOOKED_AT = 1000
"""Rows of a column that a proposal reads to see whether its cells fit the field."""


@dataclass
class Column:
    """A column of the file: the field it feeds (table, field; None where none), how that was found, its first cells.

    `how`: exact (a name or label), alias, guess (a near match, to be looked at), ignored, none.
    """

    header: str
    table: str | None
    field: str | None
    how: str
    unit: str = ""
    score: int = 100
    samples: list[str] = field(default_factory=list)
    problems: list[dict] = field(default_factory=list)
    unknown_codes: list[str] = field(default_factory=list)

    @property
    def name(self) -> str:
        """The field as a mapping names it."""
        return f"{self.table}.{self.field}" if self.field else ""


@dataclass
class SheetProposal:
    """One sheet or file: the table that it seems to be, its columns, and what stands in the way of loading it."""

    name: str
    encoding: str
    table: str
    header_row: int
    columns: list[Column]
    problems: list[dict]
    as_of: date | None = None
    """The date that a title says."""


@dataclass
class Proposal:
    file: str
    sheets: list[SheetProposal]

    @property
    def columns(self) -> list[Column]:
        return [column for sheet in self.sheets for column in sheet.columns]

    @property
    def is_complete(self) -> bool:
        """Whether the mapping can be used as it is."""
        return not any(sheet.problems for sheet in self.sheets)


@dataclass
class Preview:
    """Rows as they would load: fields by name, `_row`, and `_problems` in both languages."""

    table: str
    fields: list[str]
    rows: list[dict[str, Any]]
    notes: list[dict]
    with_problems: int


def propose(path: Path, tables: Mapping[str, str] | None = None) -> Proposal:
    """What the file's columns seem to be; `tables`: sheet -> the table that it is, where somebody said so.

    Raises InputError for a file that cannot be read.
    """
    found = sheet_reading.sheets(sheet_reading.load(path))
    heads = [(sheet, _head(sheet)) for sheet in found]
    known = [(sheet, head) for sheet, head in heads if head.known > 0] or heads[:1]
    best = max(head.known for _, head in known)
    said = tables or {}
    chosen = [(sheet, head) for sheet, head in known if head.known * 2 > best or best == 0]
    return Proposal(path.name, [_sheet(sheet, head, said.get(sheet.name)) for sheet, head in chosen])


def preview(path: Path, mapping: Profile | str | None, rows: int = 20, as_of: date | None = None) -> list[Preview]:
    """The first rows of each sheet as they would load; `mapping`: a profile, its name or path, or None.

    Raises InputError for a file or mapping that cannot be used.
    """
    profile = profiles.load(mapping) if isinstance(mapping, str) else mapping
    found, _ = sheet_plans.read([sheet_reading.load(path)], profile)
    return [_preview(plan, rows, as_of or date.max) for plan in found]


def _preview(plan: sheet_plans.Plan, rows: int, as_of: date) -> Preview:
    head = replace(plan.sheet, cells=plan.sheet.cells.head(plan.mapping.header_row + 1 + rows))
    part = convert(head, plan.mapping, as_of, plan.keep, plan.join)
    reasons: dict[int, list[dict[str, str]]] = {}
    for record in part.problems.iter_rows(named=True):
        said = {"field": record["field"], "value": record["value"], "en": record["en"], "zh": record["zh"]}
        reasons.setdefault(record["_index"], []).append(said)
    shown = [row | {"_problems": reasons.get(row.pop("_index"), [])} for row in part.typed.iter_rows(named=True)]
    fields = [feed.name for feed in plan.mapping.feeds]
    return Preview(part.table, fields, shown, [*part.notes], len(reasons))


def _head(sheet: Sheet) -> Head:
    """The header; where no word of it is known, the first of the rows with the most cells."""
    head = header_matching.find(sheet)
    if head.known > 0:
        return head
    rows = sheet.cells.select(sheet.columns).head(header_matching.SEARCHED_ROWS).rows(named=True)
    filled = [sum(1 for cell in row.values() if cell and cell.strip()) for row in rows]
    at = filled.index(max(filled))
    return Head(at, 1, {column: " ".join((cell or "").split()) for column, cell in rows[at].items()}, 0)


def _sheet(sheet: Sheet, head: Head, said: str | None) -> SheetProposal:
    texts = {column: text for column, text in head.cells.items() if text}
    table = said or _table(list(texts.values()))
    above = sheet.cells[: max(head.row + 1 - head.depth, 0)].select(sheet.columns)
    title = title_lines.read([[cell for cell in row if cell] for row in above.iter_rows()], None)
    rows = sheet.cells[head.row + 1 :].head(LOOKED_AT)
    columns = _columns(texts, table, rows, sheet, title)
    have = {column.field for column in columns if column.table == table}
    missing = [group for group in file_vocabulary.required(table) if not have.intersection(group)]
    problems = [import_note("proposal_missing", table=table, field=" / ".join(group)) for group in missing]
    return SheetProposal(sheet.name, sheet.encoding, table, head.row + 1, columns, problems, title.day)


def _table(texts: list[str]) -> str:
    """The table that knows most of the headers; of several, one whose key is among them."""

    def rank(table: str) -> tuple[int, bool, int]:
        own = [name for text in texts for owner, name in header_matching.candidates(text, table) if owner == table]
        complete = all(set(own).intersection(group) for group in file_vocabulary.required(table))
        return sum(1 for text in texts if header_matching.candidates(text, table)), complete, len(own)

    return max(dictionary.tables(), key=rank)


def _columns(
    texts: dict[str, str], table: str, rows: pl.DataFrame, sheet: Sheet, title: title_lines.Title
) -> list[Column]:
    taken: dict[tuple[str, str], str] = {}
    found: dict[str, Column] = {}
    for place in sorted(texts, key=lambda place: header_matching.strength(texts[place], table)):
        found[place] = _known(texts[place], table, taken)
    for place, column in found.items():
        cells = rows[place]
        column.samples = cells.drop_nulls().unique(maintain_order=True).head(SAMPLES).to_list()
        if column.how == NONE and not column.problems:
            _guess(column, table, taken, cells, sheet)
        if column.field:
            _look(column, cells, sheet, has_unit=bool(title.units))
    return [found[place] for place in texts]


def _known(header: str, table: str, taken: dict[tuple[str, str], str]) -> Column:
    options = header_matching.candidates(header, table)
    if not options:
        return Column(header, None, None, IGNORED if header_matching.is_ignorable(header) else NONE)
    choice = next((option for option in options if option not in taken), None)
    if choice is None:
        said = import_note("proposal_taken", field=options[0][1], column=taken[options[0]])
        return Column(header, None, None, NONE, problems=[said])
    taken[choice] = header
    meant = target(*choice)
    labels = {file_vocabulary.plain(text) for text in (meant.name, meant.zh, meant.en)}
    how = EXACT if labels.intersection(header_matching.forms(header)) else ALIAS
    return Column(header, *choice, how, header_matching.split_unit(header)[1])


def _guess(column: Column, table: str, taken: dict[tuple[str, str], str], cells: pl.Series, sheet: Sheet) -> None:
    """The nearest free field that the cells fit, marked as a guess."""
    bare, unit = header_matching.split_unit(column.header)
    choices = _choices(table)
    near = process.extract(
        file_vocabulary.plain(bare),
        choices.keys(),
        scorer=fuzz.ratio,
        limit=8,
        score_cutoff=float(file_vocabulary.setting("guess_score")),
    )
    for text, score, _ in near:
        choice = choices[text]
        if choice not in taken and _fits(choice, cells, sheet):
            taken[choice] = column.header
            column.table, column.field, column.how, column.score, column.unit = *choice, GUESS, round(score), unit
            column.problems.append(
                import_note("proposal_guess", column=column.header, field=choice[1], score=round(score))
            )
            return
    column.problems.append(import_note("proposal_none", column=column.header))


def _choices(table: str) -> dict[str, tuple[str, str]]:
    """Plain word -> (table, field) for the table, its companions and the steps of a wide file."""
    found: dict[str, tuple[str, str]] = {}
    for owner in (table, *COMPANIONS.get(table, ())):
        for text, name in header_matching.vocabulary(owner).items():
            found.setdefault(text, (owner, name))
    if table in COMPANIONS:
        for text, step in file_vocabulary.wide_steps().items():
            found.setdefault(text, (EVENTS, step))
    return found


def _fits(choice: tuple[str, str], cells: pl.Series, sheet: Sheet) -> bool:
    """Whether most of the cells can be read as the field."""
    parsed = cell_parsing.parse(cells, target(*choice), Reading(date_serials=sheet.date_serials))
    return int(parsed.bad.sum()) * 2 <= len(cells) - cells.null_count()


def _look(column: Column, cells: pl.Series, sheet: Sheet, *, has_unit: bool) -> None:
    """What in the column's cells needs a look: what cannot be read, codes outside their list, an unstated unit."""
    meant = target(column.table or "", column.field or "")
    parsed = cell_parsing.parse(cells, meant, Reading(date_serials=sheet.date_serials))
    bad = parsed.bad.arg_true()
    if len(bad):
        example = str(cells[bad[0]])
        column.problems.append(import_note("proposal_unread", column=column.header, rows=len(bad), value=example))
    if meant.type == "code" and len(bad):
        column.unknown_codes = cells.gather(bad).unique(maintain_order=True).head(20).to_list()
    if meant.type == "money" and not column.unit and not has_unit:
        column.problems.append(import_note("proposal_unit", column=column.header))


def first_rows(previews: list[Preview]) -> list[dict[str, Any]]:
    """The rows of all sheets, for listing: row number, values that are filled, problems."""
    return [
        {"row": row[ROW], "problems": row["_problems"]}
        | {name: row[name] for name in preview.fields if row[name] is not None}
        for preview in previews
        for row in preview.rows
    ]
