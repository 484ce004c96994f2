"""A mapping proposed for a file: what each column seems to be, how sure that is, and the rows as they would load."""

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl
from rapidfuzz import fuzz, process

from data import dictionary
from data.ingest.conversion.sheet_conversion import convert_sheet
from data.ingest.files import sheet_reading
from data.ingest.files.sheet_cells import ROW
from data.ingest.files.sheet_reading import Sheet
from data.ingest.mapping import column_units, header_matching, header_vocabulary, title_lines
from data.ingest.mapping.header_matching import Header
from data.ingest.mapping.mapping import find_target_field
from data.ingest.parsing import cell_parsing, file_vocabulary
from data.ingest.parsing.cell_parsing import ParseOptions
from data.ingest.plans import sheet_plans
from data.ingest.profiles import profiles
from data.ingest.profiles.profile_model import Profile
from data.ingest.questions.open_questions import Answers
from data.messages.catalogue import Note, import_note

EXACT, ALIAS, GUESS, IGNORED, NONE = "exact", "alias", "guess", "ignored", "none"
SAMPLES = 5
INSPECTED_ROWS = 1000
"""Rows of a column that a proposal reads to see whether its cells fit the field."""


@dataclass
class ColumnProposal:
    """A column of the file: the field it feeds (table, field; None where none), how that was found, its first cells.

    `how`: exact (a name or label), alias, guess (a near match, to be looked at), ignored, none.
    """

    header: str
    table: str | None
    field: str | None
    how: str
    unit: str = ""
    score: int = 100
    samples: list[str] = dataclasses.field(default_factory=list)
    problems: list[Note] = dataclasses.field(default_factory=list)
    unknown_codes: list[str] = dataclasses.field(default_factory=list)

    @property
    def name(self) -> str:
        """The field as a mapping names it."""
        return f"{self.table}.{self.field}" if self.field else ""


@dataclass
class SheetProposal:
    """One sheet or file: the table that it seems to be, its columns, and what prevents loading it."""

    name: str
    encoding: str
    table: str
    header_row: int
    columns: list[ColumnProposal]
    problems: list[Note]
    title_date: date | None = None
    """The date that a title says."""


@dataclass
class MappingProposal:
    file: str
    sheets: list[SheetProposal]

    @property
    def columns(self) -> list[ColumnProposal]:
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
    notes: list[Note]
    rows_with_problems: int


def propose_mapping(path: Path, tables: Mapping[str, str] | None = None) -> MappingProposal:
    """What the file's columns seem to be; `tables`: sheet -> its table, where the user has chosen one.

    Raises InputError for a file that cannot be read.
    """
    found = sheet_reading.read_sheets(sheet_reading.load_file(path))
    heads = [(sheet, header_matching.find_likely_header(sheet)) for sheet in found]
    known = [(sheet, head) for sheet, head in heads if head.known_cells > 0] or heads[:1]
    best = max(head.known_cells for _, head in known)
    given = tables or {}
    chosen = [(sheet, head) for sheet, head in known if head.known_cells * 2 > best or best == 0]
    return MappingProposal(path.name, [_propose_sheet(sheet, head, given.get(sheet.name)) for sheet, head in chosen])


def preview_rows(path: Path, mapping: Profile | str | None, rows: int = 20, as_of: date | None = None) -> list[Preview]:
    """The first rows of each sheet as they would load; `mapping`: a profile, its name or path, or None.

    Raises InputError for a file or mapping that cannot be used.
    """
    profile = profiles.load(mapping) if isinstance(mapping, str) else mapping
    found, _ = sheet_plans.build_plans([sheet_reading.load_file(path)], profile)
    return [_preview_sheet(plan, rows, as_of or date.max) for plan in found]


def _preview_sheet(plan: sheet_plans.SheetPlan, rows: int, as_of: date) -> Preview:
    head = replace(plan.sheet, cells=plan.sheet.cells.head(plan.mapping.header_row + 1 + rows))
    part = convert_sheet(head, plan.mapping, as_of, plan.row_filters, plan.join_lookups, Answers())
    reasons: dict[int, list[dict[str, str]]] = {}
    for record in part.problems.iter_rows(named=True):
        error = {"field": record["field"], "value": record["value"], "en": record["en"], "zh": record["zh"]}
        reasons.setdefault(record["_index"], []).append(error)
    shown = [row | {"_problems": reasons.get(row.pop("_index"), [])} for row in part.typed.iter_rows(named=True)]
    fields = [feed.name for feed in plan.mapping.column_mappings]
    return Preview(part.table, fields, shown, [*part.notes], len(reasons))


def _propose_sheet(sheet: Sheet, head: Header, chosen_table: str | None) -> SheetProposal:
    texts = {column: text for column, text in head.cells.items() if text}
    table = chosen_table or _choose_table(list(texts.values()))
    above = sheet.cells[: max(head.row + 1 - head.depth, 0)].select(sheet.columns)
    title = title_lines.read_title([[cell for cell in row if cell] for row in above.iter_rows()], None)
    rows = sheet.cells[head.row + 1 :].head(INSPECTED_ROWS)
    columns = _propose_columns(texts, table, rows, sheet, title)
    have = {column.field for column in columns if column.table == table}
    missing = [group for group in file_vocabulary.load_required_fields(table) if not have.intersection(group)]
    problems: list[Note] = [import_note("proposal_missing", table=table, field=" / ".join(group)) for group in missing]
    return SheetProposal(sheet.name, sheet.encoding, table, head.row + 1, columns, problems, title.day)


def _choose_table(texts: list[str]) -> str:
    """The table that knows most of the headers; of several, one whose key is among them."""

    def rank(table: str) -> tuple[int, bool, int]:
        own = [
            name for text in texts for owner, name in header_vocabulary.find_candidates(text, table) if owner == table
        ]
        complete = all(set(own).intersection(group) for group in file_vocabulary.load_required_fields(table))
        return sum(1 for text in texts if header_vocabulary.find_candidates(text, table)), complete, len(own)

    return max(dictionary.load_tables(), key=rank)


def _propose_columns(
    texts: dict[str, str], table: str, rows: pl.DataFrame, sheet: Sheet, title: title_lines.Title
) -> list[ColumnProposal]:
    taken: dict[tuple[str, str], str] = {}
    found: dict[str, ColumnProposal] = {}
    for place in sorted(texts, key=lambda place: header_vocabulary.rank_header(texts[place], table)):
        found[place] = _match_column(texts[place], table, taken)
    for place, column in found.items():
        cells = rows[place]
        column.samples = cells.drop_nulls().unique(maintain_order=True).head(SAMPLES).to_list()
        if column.how == NONE and not column.problems:
            _guess_field(column, table, taken, cells, sheet)
        if column.field:
            _inspect_cells(column, cells, sheet, has_unit=bool(title.units))
    return [found[place] for place in texts]


def _match_column(header: str, table: str, taken: dict[tuple[str, str], str]) -> ColumnProposal:
    options = header_vocabulary.find_candidates(header, table)
    if not options:
        return ColumnProposal(header, None, None, IGNORED if header_vocabulary.is_ignorable(header) else NONE)
    choice = next((option for option in options if option not in taken), None)
    if choice is None:
        note = import_note("proposal_taken", field=options[0][1], column=taken[options[0]])
        return ColumnProposal(header, None, None, NONE, problems=[note])
    taken[choice] = header
    meant = find_target_field(*choice)
    labels = {file_vocabulary.normalise_text(text) for text in (meant.name, meant.zh, meant.en)}
    how = EXACT if labels.intersection(header_vocabulary.list_header_forms(header)) else ALIAS
    unit, is_usual = column_units.propose_unit(header, choice)
    if not is_usual:
        return ColumnProposal(header, *choice, how, unit)
    note = import_note("proposal_rate_unit", column=header, unit=unit)
    return ColumnProposal(header, *choice, GUESS, unit, problems=[note])


def _guess_field(
    column: ColumnProposal, table: str, taken: dict[tuple[str, str], str], cells: pl.Series, sheet: Sheet
) -> None:
    """The nearest free field that the cells fit, marked as a guess."""
    bare = header_vocabulary.split_unit(column.header)[0]
    choices = header_vocabulary.list_choices(table)
    near = process.extract(
        file_vocabulary.normalise_text(bare),
        choices.keys(),
        scorer=fuzz.ratio,
        limit=8,
        score_cutoff=float(file_vocabulary.read_setting("guess_score")),
    )
    for text, score, _ in near:
        choice = choices[text]
        if choice not in taken and _fits_field(choice, cells, sheet):
            taken[choice] = column.header
            column.table, column.field, column.how, column.score = *choice, GUESS, round(score)
            column.unit = column_units.propose_unit(column.header, choice)[0]
            column.problems.append(
                import_note("proposal_guess", column=column.header, field=choice[1], score=round(score))
            )
            return
    column.problems.append(import_note("proposal_none", column=column.header))


def _fits_field(choice: tuple[str, str], cells: pl.Series, sheet: Sheet) -> bool:
    """Whether most of the cells can be read as the field."""
    parsed = cell_parsing.parse_cells(cells, find_target_field(*choice), ParseOptions(date_serials=sheet.date_serials))
    return int(parsed.bad.sum()) * 2 <= len(cells) - cells.null_count()


def _inspect_cells(column: ColumnProposal, cells: pl.Series, sheet: Sheet, *, has_unit: bool) -> None:
    """What in the column's cells needs a look: what cannot be read, codes outside their list, an unstated unit."""
    meant = find_target_field(column.table or "", column.field or "")
    parsed = cell_parsing.parse_cells(cells, meant, ParseOptions(date_serials=sheet.date_serials))
    bad = parsed.bad.arg_true()
    if len(bad):
        example = str(cells[bad[0]])
        column.problems.append(import_note("proposal_unread", column=column.header, rows=len(bad), value=example))
    if meant.type == "code" and len(bad):
        column.unknown_codes = cells.gather(bad).unique(maintain_order=True).head(20).to_list()
    if meant.type == "money" and not column.unit and not has_unit:
        column.problems.append(import_note("proposal_unit", column=column.header))


def list_first_rows(previews: list[Preview]) -> list[dict[str, Any]]:
    """The rows of all sheets, for listing: row number, values that are filled, problems."""
    return [
        {"row": row[ROW], "problems": row["_problems"]}
        | {name: row[name] for name in preview.fields if row[name] is not None}
        for preview in previews
        for row in preview.rows
    ]
