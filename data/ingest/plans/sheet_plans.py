"""Sheets to plans: which mapping reads each sheet, with the filters and lookups of its profile."""

from dataclasses import dataclass, field, replace

import polars as pl

from data.errors import InputError
from data.ingest.files import control_files, sheet_reading
from data.ingest.files.sheet_cells import select_filled_rows
from data.ingest.files.sheet_reading import Sheet, SourceFile
from data.ingest.mapping import column_units, header_matching
from data.ingest.mapping.mapping import VALUES, ColumnMapping, SheetMapping
from data.ingest.parsing import file_vocabulary
from data.ingest.parsing.stated_values import FIRST, LAST
from data.ingest.plans import lookups, other_sheets
from data.ingest.profiles.profile_model import FieldSpec, Profile
from data.ingest.profiles.profile_recognition import RecognisedFile, recognise_sheets, require_column
from data.messages.catalogue import BilingualText, Note, bilingual, import_note

DAY_NOTES = {FIRST: "note_day_first", LAST: "note_day_last"}


@dataclass(frozen=True)
class SheetPlan:
    """`row_filters`: column -> texts to keep; `joins`: (columns to match, frame whose KEYS they match)."""

    sheet: Sheet
    mapping: SheetMapping
    row_filters: dict[str, list[str]] = field(default_factory=dict)
    joins: tuple[lookups.Join, ...] = ()

    def join_lookups(self, rows: pl.DataFrame) -> pl.DataFrame:
        for columns, other in self.joins:
            rows = lookups.join_lookup(rows, columns, other)
        return rows


def build_plans(sources: list[SourceFile], profile: Profile | None) -> tuple[list[SheetPlan], dict[str, int]]:
    """The plan of each sheet, and the rows of files that only serve lookups. Raises InputError."""
    if profile:
        found = [
            sheet
            for source in sources
            for sheet in sheet_reading.read_sheets(source, profile.find_separator(source.name))
        ]
        return plan_by_profile(found, profile)
    return [plan for source in sources for plan in plan_by_dictionary(sheet_reading.read_sheets(source))], {}


def plan_by_dictionary(sheets: list[Sheet]) -> list[SheetPlan]:
    """Plans for the sheets of one file by the dictionary alone; sheets without a table are left out, with a note."""
    if len(sheets) == 1:
        return [_verify_row_count(SheetPlan(sheets[0], header_matching.match_sheet(sheets[0])))]
    plans: list[SheetPlan] = []
    left_out: list[Sheet] = []
    refused: list[tuple[Sheet, InputError]] = []
    for sheet in sheets:
        try:
            mapping = header_matching.match_sheet(sheet) if header_matching.find_header(sheet).known_cells else None
        except header_matching.NoTableError as error:
            refused.append((sheet, error))
            continue
        except InputError:
            if not other_sheets.is_named_as_no_list(sheet):
                raise
            left_out.append(sheet)
            continue
        if mapping is None and plans:
            mapping = other_sheets.continue_mapping(sheet, plans[-1].sheet, plans[-1].mapping)
        if mapping:
            plans.append(SheetPlan(sheet, mapping))
        else:
            left_out.append(sheet)
    _reject_keyless_lists(plans, refused)
    if not plans:
        header_matching.match_sheet(sheets[0])
    skipped = [other_sheets.note_skipped_sheet(sheet) for sheet in [*left_out, *(sheet for sheet, _ in refused)]]
    hidden = [import_note("note_sheet_hidden", sheet=plan.sheet.name) for plan in plans if plan.sheet.is_hidden]
    used = import_note("note_sheets_read", sheets=", ".join(plan.sheet.name for plan in plans))
    first = replace(plans[0].mapping, notes=(used, *skipped, *hidden, *plans[0].mapping.notes))
    return [replace(plans[0], mapping=first), *plans[1:]]


def _reject_keyless_lists(plans: list[SheetPlan], refused: list[tuple[Sheet, InputError]]) -> None:
    """A summary has few of the list's headers; a sheet with most of them is a list that lacks its key."""
    best = max((header_matching.find_header(plan.sheet).known_cells for plan in plans), default=0)
    for sheet, error in refused:
        if not other_sheets.is_named_as_no_list(sheet) and header_matching.find_header(sheet).known_cells * 2 > best:
            raise error


def _verify_row_count(plan: SheetPlan) -> SheetPlan:
    """The plan, with a note where a control file confirms its rows. Raises InputError where it does not."""
    source = plan.sheet.source
    if source.control is None:
        return plan
    rows = select_filled_rows(plan.sheet.cells, plan.mapping.header_row, list(plan.mapping.headers)).height
    control_files.verify_row_count(source.name, rows, source.control)
    note = import_note("note_control", control=source.control.name, rows=rows)
    return replace(plan, mapping=replace(plan.mapping, notes=(note, *plan.mapping.notes)))


def plan_by_profile(sheets: list[Sheet], profile: Profile) -> tuple[list[SheetPlan], dict[str, int]]:
    """Plans for the profile's tables, and the rows of files that only serve lookups."""
    found, others = recognise_sheets(sheets, profile)
    known = [entry for entry in found if not entry.spec.skip_reason]
    left_out = [_note_skipped_file(entry) for entry in found if entry.spec.skip_reason]
    if not any(entry.spec.table for entry in known):
        wanted = ", ".join(spec.name for spec in profile.files if spec.table)
        reasons = BilingualText(
            "".join(f" {_capitalise(str(note['en']))}." for note in left_out),
            "".join(f"{note['zh']}。" for note in left_out),
        )
        raise InputError(bilingual("mapping.no_file_for_a_table", profile=profile.name, wanted=wanted, reasons=reasons))
    served = {entry.sheet.name: lookups.select_data_rows(entry).height for entry in known if not entry.spec.table}
    plans = [_plan_file(entry, known, profile) for entry in known if entry.spec.table]
    continued = [_continue_plan(sheet, plans) for sheet in others]
    unknown = [sheet for sheet, plan in zip(others, continued, strict=True) if plan is None]
    left_out += map(other_sheets.note_unknown_sheet, unknown)
    first = replace(plans[0].mapping, notes=(*left_out, *plans[0].mapping.notes))
    return [replace(plans[0], mapping=first), *plans[1:], *filter(None, continued)], served


def _continue_plan(sheet: Sheet, plans: list[SheetPlan]) -> SheetPlan | None:
    """The plan of the last list of the same workbook, where this sheet goes on with its rows without a header."""
    former = next((plan for plan in reversed(plans) if plan.sheet.source is sheet.source), None)
    mapping = other_sheets.continue_mapping(sheet, former.sheet, former.mapping) if former else None
    return replace(former, sheet=sheet, mapping=mapping) if former and mapping else None


def _capitalise(sentence: str) -> str:
    return sentence[0].upper() + sentence[1:]


def _note_skipped_file(entry: RecognisedFile) -> Note:
    """The note on a file that the profile recognises and does not read."""
    reason = entry.spec.skip_reason or {}
    rows = len(entry.sheet.cells)
    return import_note("note_unread", name=entry.sheet.name, rows=rows, reason=reason["en"], reason_zh=reason["zh"])


def _plan_file(entry: RecognisedFile, known: list[RecognisedFile], profile: Profile) -> SheetPlan:
    columns = entry.index_columns()
    joins: list[lookups.Join] = []
    notes: list[Note] = []
    for lookup in entry.spec.lookups:
        other = next((found for found in known if found.spec.name == lookup.name), None)
        if other is None:
            notes.append(import_note("note_missing_lookup", lookup=lookup.name))
        elif all(file_vocabulary.normalise_text(name) in columns for name in lookup.on):
            on = tuple(columns[file_vocabulary.normalise_text(name)] for name in lookup.on)
            joins.append((on, lookups.build_lookup_frame(lookup, other)))
            columns |= {
                file_vocabulary.normalise_text(name): name
                for name in joins[-1][1].columns
                if name not in lookups.list_key_names(on)
            }
    missing = {lookup.name for lookup in entry.spec.lookups} - {name.split(".")[0] for name in columns.values()}
    feeds = [
        _map_field(entry.sheet.name, spec, columns, profile)
        for spec in entry.spec.fields
        if not _needs_lookup(spec, missing)
    ]
    feeds += _map_other_columns(entry, feeds)
    notes += [{"id": "note_profile"} | note for note in entry.spec.notes]
    notes += [note for feed in feeds for note in _note_stated_dates(feed)]
    notes += header_matching.build_mapping_notes(entry.headers, feeds)
    mapping = SheetMapping(
        entry.spec.table or "",
        entry.row,
        entry.headers,
        tuple(feeds),
        tuple(notes),
        entry.depth,
        entry.spec.duplicates,
        entry.spec.has_many_days,
    )
    return _verify_row_count(SheetPlan(entry.sheet, mapping, lookups.resolve_row_filters(entry), tuple(joins)))


def _note_stated_dates(feed: ColumnMapping) -> list[Note]:
    """Which day a date without one is, and from where numbers count, as the profile states it."""
    stated = feed.reading.stated
    notes: list[Note] = []
    if stated.day and feed.target.type == "date":
        notes.append(import_note(DAY_NOTES[stated.day], column=feed.header))
    if stated.day_numbers:
        notes.append(import_note("note_day_numbers", column=feed.header, day=stated.day_numbers.day_zero))
    return notes


def _needs_lookup(spec: FieldSpec, missing: set[str]) -> bool:
    return any(name.split(".")[0] in missing for name in (*spec.columns, spec.when) if "." in name)


def _map_field(file: str, spec: FieldSpec, columns: dict[str, str], profile: Profile) -> ColumnMapping:
    reading = replace(
        column_units.choose_unit(file, spec.unit, spec.columns, spec.target, is_of_file=spec.has_file_unit),
        format=spec.format,
        codes=dict(spec.codes),
        blanks=profile.blanks,
        stated=spec.stated,
    )
    when = require_column(file, spec.when, columns) if spec.when else ""
    header = " + ".join(spec.columns) or f"'{spec.text}'"
    found = tuple(require_column(file, name, columns) for name in spec.columns)
    own = spec.target if spec.table == VALUES else None
    return ColumnMapping(spec.table, spec.field, found, header, reading, spec.how, spec.text, when, spec.separator, own)


def _map_other_columns(entry: RecognisedFile, feeds: list[ColumnMapping]) -> list[ColumnMapping]:
    """Columns that the profile does not name: ignored as it says, or read by the dictionary's names."""
    used = {column for feed in feeds for column in feed.columns}
    if entry.spec.ignore_others:
        return []
    rest = {
        column: header
        for column, header in entry.headers.items()
        if column not in used and file_vocabulary.normalise_text(header) not in entry.spec.ignore
    }
    found = header_matching.map_columns(entry.sheet.name, entry.spec.table or "", rest)
    taken = {feed.name: feed.header for feed in feeds}
    for feed in found:
        if feed.name in taken:
            raise InputError(
                bilingual(
                    "mapping.field_mapped_twice",
                    name=entry.sheet.name,
                    first=taken[feed.name],
                    second=feed.header,
                    field=feed.field,
                )
            )
    return found
