"""Sheets to plans: which mapping reads each sheet, with the filters and lookups of its profile."""

from dataclasses import dataclass, field, replace

import polars as pl

from data.errors import InputError
from data.ingest.files import control_files, sheet_reading
from data.ingest.files.sheet_reading import WIDTH, Sheet, Source
from data.ingest.mapping import header_matching, sheet_conversion
from data.ingest.mapping.mapping import Feed, Mapping
from data.ingest.mapping.profiles import FieldSpec, FileSpec, Lookup, Profile, factor
from data.ingest.parsing import file_vocabulary
from data.ingest.parsing.cell_parsing import Reading
from data.messages.catalogue import import_note


@dataclass(frozen=True)
class Plan:
    """`keep`: column -> texts to keep; `joins`: (column to match, frame whose KEY it matches)."""

    sheet: Sheet
    mapping: Mapping
    keep: dict[str, list[str]] = field(default_factory=dict)
    joins: tuple[tuple[str, pl.DataFrame], ...] = ()

    def join(self, rows: pl.DataFrame) -> pl.DataFrame:
        for column, other in self.joins:
            matched = rows.with_columns(pl.col(column).str.strip_chars().alias(KEY))
            rows = matched.join(other, on=KEY, how="left", maintain_order="left").drop(KEY)
        return rows


KEY = "_key"


def read(sources: list[Source], profile: Profile | None) -> tuple[list[Plan], dict[str, int]]:
    """What is to be loaded from each sheet, and the rows of files that only serve lookups. Raises InputError."""
    if profile:
        found = [sheet for source in sources for sheet in sheet_reading.sheets(source, profile.separator(source.name))]
        return by_profile(found, profile)
    return [plan for source in sources for plan in plain(sheet_reading.sheets(source))], {}


def plain(sheets: list[Sheet]) -> list[Plan]:
    """By the dictionary alone, the sheets of one file. Sheets of a workbook without a table are left out, and said."""
    if len(sheets) == 1:
        return [_controlled(Plan(sheets[0], header_matching.match(sheets[0])))]
    plans, left_out, refused = [], [], []
    for sheet in sheets:
        try:
            mapping = header_matching.match(sheet) if header_matching.find(sheet).known else None
        except header_matching.NoTableError as error:
            refused.append((sheet, error))
            continue
        mapping = mapping or (_continued(sheet, plans[-1]) if plans else None)
        if mapping:
            plans.append(Plan(sheet, mapping))
        else:
            left_out.append(sheet)
    _refuse_if_data(plans, refused)
    if not plans:
        header_matching.match(sheets[0])
    skipped = [
        import_note("note_sheet_skipped", sheet=sheet.name) for sheet in [*left_out, *(sheet for sheet, _ in refused)]
    ]
    hidden = [import_note("note_sheet_hidden", sheet=plan.sheet.name) for plan in plans if plan.sheet.is_hidden]
    used = import_note("note_sheets_read", sheets=", ".join(plan.sheet.name for plan in plans))
    first = replace(plans[0].mapping, notes=(used, *skipped, *hidden, *plans[0].mapping.notes))
    return [replace(plans[0], mapping=first), *plans[1:]]


def _refuse_if_data(plans: list[Plan], refused: list[tuple[Sheet, InputError]]) -> None:
    """A summary has few of the list's headers; a sheet with most of them is a list that lacks its key."""
    best = max((header_matching.find(plan.sheet).known for plan in plans), default=0)
    for sheet, error in refused:
        if header_matching.find(sheet).known * 2 > best:
            raise error


def _continued(sheet: Sheet, former: Plan) -> Mapping | None:
    """The mapping of the sheet before, where this one goes on with its rows and has no header of its own."""
    mapping = former.mapping
    filled = [column for column in sheet.columns if sheet.cells[column].null_count() < len(sheet.cells)]
    keys = [
        column
        for feed in mapping.feeds
        if feed.field in file_vocabulary.required(mapping.table)[0]
        for column in feed.columns
    ]
    needed = {*keys, *(column for feed in mapping.feeds for column in feed.columns)}
    if not needed <= set(sheet.columns) or not set(filled) <= set(former.sheet.columns):
        return None
    first = sheet.cells.head(1)
    feeds = [replace(feed, reading=replace(feed.reading, date_serials=sheet.date_serials)) for feed in mapping.feeds]
    if any(first[key].null_count() for key in keys) or any(
        sheet_conversion.read(first, feed).bad.any() for feed in feeds
    ):
        return None
    said = import_note("note_sheet_continues", sheet=sheet.name, former=former.sheet.name)
    return replace(mapping, header_row=-1, header_depth=0, notes=(said,))


def _controlled(plan: Plan) -> Plan:
    """The plan, once its rows are as many as the file's control says."""
    source, rows = plan.sheet.source, _filled(plan.sheet, plan.mapping.header_row, list(plan.mapping.headers)).height
    if source.control is None:
        return plan
    control_files.check_rows(source.name, rows, source.control)
    said = import_note("note_control", control=source.control.name, rows=rows)
    return replace(plan, mapping=replace(plan.mapping, notes=(said, *plan.mapping.notes)))


def _filled(sheet: Sheet, header_row: int, columns: list[str]) -> pl.DataFrame:
    rows = sheet.cells[header_row + 1 :]
    return rows.filter(~pl.all_horizontal(pl.col(columns).is_null()))


@dataclass(frozen=True)
class _Known:
    """A sheet recognised as one of the profile's files."""

    spec: FileSpec
    sheet: Sheet
    row: int
    depth: int
    headers: dict[str, str]

    def columns(self) -> dict[str, str]:
        """Plain header -> column, or "" for a header that occurs twice."""
        labels = self.spec.labels
        found: dict[str, str] = {}
        for column, header in self.headers.items():
            name = labels.get(file_vocabulary.plain(header), file_vocabulary.plain(header))
            found[name] = "" if name in found else column
        return found


def by_profile(sheets: list[Sheet], profile: Profile) -> tuple[list[Plan], dict[str, int]]:
    """Plans for the profile's tables, and the rows of files that only serve lookups."""
    found = [_recognise(sheet, profile) for sheet in sheets]
    known = [entry for entry in found if not entry.spec.unread]
    left_out = [_left_out(entry) for entry in found if entry.spec.unread]
    if not any(entry.spec.table for entry in known):
        wanted = ", ".join(spec.name for spec in profile.files if spec.table)
        why = "".join(f" {said['en'][0].upper()}{said['en'][1:]}." for said in left_out)
        raise InputError(f"Profile {profile.name}: none of the files feeds a table. Add the file for: {wanted}.{why}")
    lookups = {entry.sheet.name: _data_rows(entry).height for entry in known if not entry.spec.table}
    plans = [_plan(entry, known, profile) for entry in known if entry.spec.table]
    first = replace(plans[0].mapping, notes=(*left_out, *plans[0].mapping.notes))
    return [replace(plans[0], mapping=first), *plans[1:]], lookups


def _left_out(entry: _Known) -> dict:
    """What the report says of a file that the profile knows of and cannot read."""
    reason = entry.spec.unread
    rows = len(entry.sheet.cells)
    return import_note("note_unread", name=entry.sheet.name, rows=rows, reason=reason["en"], reason_zh=reason["zh"])


def _recognise(sheet: Sheet, profile: Profile) -> _Known:
    """By its header, and by its name where the header fits several; without a header by its name alone."""
    fits = [known for spec in profile.files if (known := _by_header(sheet, spec))]
    named = [known for known in fits if known.spec.is_named(sheet.source.name)]
    found = next(iter((*named, *fits)), None) or _without_header(sheet, profile)
    if found:
        return found
    wanted = "; ".join(f"{spec.name}: {', '.join(spec.headers or spec.file_names)}" for spec in profile.files)
    raise InputError(f"{sheet.name} fits no file of profile {profile.name}, which knows them by headers: {wanted}.")


def _by_header(sheet: Sheet, spec: FileSpec) -> _Known | None:
    wanted = set(map(file_vocabulary.plain, spec.headers))
    head = header_matching.find(
        sheet, frozenset(wanted | {label for label, name in spec.labels.items() if name in wanted})
    )
    found = {
        spec.labels.get(file_vocabulary.plain(header), file_vocabulary.plain(header)) for header in head.cells.values()
    }
    fits = wanted and wanted <= found
    return _Known(spec, sheet, head.row, head.depth, header_matching.texts(sheet, head)) if fits else None


def _without_header(sheet: Sheet, profile: Profile) -> _Known | None:
    """A file without a header, known by its name; its columns stand in the profile."""
    for spec in profile.files:
        if not spec.is_named(sheet.source.name):
            continue
        if spec.unread:
            return _Known(spec, sheet, -1, 0, {})
        named = {f"c{i}": name for i, name in enumerate(spec.codes)}
        width = int(sheet.cells[WIDTH].median() or 0)
        if width != len(spec.columns):
            raise InputError(
                f"{sheet.name} has {width} columns, but profile {profile.name} names {len(spec.columns)} for "
                f"{spec.name}. Correct the columns in the profile, or export the file again."
            )
        first = {file_vocabulary.plain(cell) for cell in sheet.cells.select(sheet.columns).row(0) if cell}
        has_header = first and first <= {*map(file_vocabulary.plain, spec.codes), *spec.labels}
        return _Known(spec, sheet, 0 if has_header else -1, int(bool(has_header)), named)
    return None


def _data_rows(entry: _Known) -> pl.DataFrame:
    return _filled(entry.sheet, entry.row, list(entry.headers))


def _plan(entry: _Known, known: list[_Known], profile: Profile) -> Plan:
    columns = entry.columns()
    joins, notes = [], []
    for lookup in entry.spec.lookups:
        other = next((found for found in known if found.spec.name == lookup.name), None)
        if other is None:
            notes.append(import_note("note_missing_lookup", lookup=lookup.name))
        elif file_vocabulary.plain(lookup.on) in columns:
            joins.append((columns[file_vocabulary.plain(lookup.on)], _lookup_frame(lookup, other)))
            columns |= {file_vocabulary.plain(name): name for name in joins[-1][1].columns if name != KEY}
    missing = {lookup.name for lookup in entry.spec.lookups} - {name.split(".")[0] for name in columns.values()}
    feeds = [_feed(entry.sheet.name, spec, columns, profile) for spec in entry.spec.fields if not _needs(spec, missing)]
    feeds += _others(entry, feeds)
    notes += [{"id": "note_profile"} | said for said in entry.spec.notes] + header_matching.reading_notes(
        entry.headers, feeds
    )
    mapping = Mapping(entry.spec.table or "", entry.row, entry.headers, tuple(feeds), tuple(notes), entry.depth)
    return _controlled(Plan(entry.sheet, mapping, _keep(entry), tuple(joins)))


def _keep(entry: _Known) -> dict[str, list[str]]:
    return {_column(entry.sheet.name, name, entry.columns()): texts for name, texts in entry.spec.keep.items()}


def _column(file: str, name: str, columns: dict[str, str]) -> str:
    column = columns.get(file_vocabulary.plain(name))
    if not column:
        wrong = "does not have" if column is None else "has twice"
        raise InputError(f"{file}: the profile reads column '{name}', which the file {wrong}. Correct either.")
    return column


def _needs(spec: FieldSpec, missing: set[str]) -> bool:
    return any(name.split(".")[0] in missing for name in (*spec.columns, spec.when) if "." in name)


def _lookup_frame(lookup: Lookup, other: _Known) -> pl.DataFrame:
    """KEY and the other file's columns as name.header. Raises InputError when a key occurs twice."""
    keep = _keep(other)
    rows = _data_rows(other).filter(pl.all_horizontal(pl.lit(True), *(pl.col(c).is_in(t) for c, t in keep.items())))
    key = _column(other.sheet.name, lookup.key, other.columns())
    named = rows.select(
        pl.col(key).str.strip_chars().alias(KEY),
        *(pl.col(column).alias(f"{lookup.name}.{header}") for column, header in other.headers.items()),
    ).filter(pl.col(KEY).is_not_null())
    twice = named.filter(pl.col(KEY).is_duplicated())
    if len(twice):
        raise InputError(
            f"{other.sheet.name}: {lookup.key} '{twice[KEY][0]}' occurs more than once, so it cannot be looked up. "
            "Narrow the profile's keep filter."
        )
    return named


def _feed(file: str, spec: FieldSpec, columns: dict[str, str], profile: Profile) -> Feed:
    reading = Reading(
        format=spec.format, factor=factor(spec), own_unit=bool(spec.unit), codes=spec.codes, blanks=profile.blanks
    )
    when = _column(file, spec.when, columns) if spec.when else ""
    header = " + ".join(spec.columns) or f"'{spec.constant}'"
    found = tuple(_column(file, name, columns) for name in spec.columns)
    return Feed(spec.table, spec.field, found, header, reading, spec.how, spec.constant, when, spec.separator)


def _others(entry: _Known, feeds: list[Feed]) -> list[Feed]:
    """Columns that the profile does not name: ignored as it says, or read by the dictionary's names."""
    used = {column for feed in feeds for column in feed.columns}
    if entry.spec.ignore_others:
        return []
    rest = {
        column: header
        for column, header in entry.headers.items()
        if column not in used and file_vocabulary.plain(header) not in entry.spec.ignore
    }
    found = header_matching.feeds_for(entry.sheet.name, entry.spec.table or "", rest)
    taken = {feed.name: feed.header for feed in feeds}
    for feed in found:
        if feed.name in taken:
            raise InputError(
                f"{entry.sheet.name}: columns '{taken[feed.name]}' and '{feed.header}' both name "
                f"{feed.field}. Add one to the profile's ignore list."
            )
    return found
