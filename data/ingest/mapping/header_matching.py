"""Headers of a file without a profile: find the header row, the fields its cells name, and the table they make."""

import difflib
import re
import unicodedata
from dataclasses import dataclass
from functools import cache

from data import dictionary
from data.errors import InputError
from data.ingest.files.sheet_reading import Sheet
from data.ingest.mapping import title_lines
from data.ingest.mapping.mapping import COMPANIONS, EVENTS, ColumnMapping, SheetMapping, find_target_field
from data.ingest.parsing import file_vocabulary
from data.ingest.parsing.cell_parsing import ParseOptions
from data.messages.catalogue import import_note

SEARCHED_ROWS = 30
GROUP = "_"
"""Joins a group's header with the header under it: 担保情况_担保方式."""
BRACKETED = re.compile(r"[(\[【]([^)\]】]*)[)\]】]")
HELP = "Correct the header, map the column in a profile (--profile), or add it to the ignorable headers."


class NoTableError(InputError):
    """No table's key is among the headers."""


@dataclass(frozen=True)
class Header:
    """A header: the index of its last row, how many rows it takes, its texts by column, how many of them are known."""

    row: int
    depth: int
    cells: dict[str, str]
    known_cells: int


@cache
def build_vocabulary(table: str) -> dict[str, str]:
    """Plain header -> field of this table: names first, then labels, then aliases."""
    fields = dictionary.fields_of_table(table).values()
    texts = [(f.name, f.name) for f in fields] + [(f"{table}.{f.name}", f.name) for f in fields]
    texts += [(label, f.name) for f in fields for label in (f.zh, f.en)]
    texts += [(alias, f.name) for f in fields for alias in f.aliases]
    found: dict[str, str] = {}
    for text, name in texts:
        found.setdefault(file_vocabulary.normalise_text(text), name)
    return found


@cache
def _collect_known_words() -> frozenset[str]:
    known = {word for table in dictionary.load_tables() for word in build_vocabulary(table)}
    return frozenset(known | set(file_vocabulary.load_event_columns()) | file_vocabulary.load_ignored_words("header"))


def split_unit(header: str) -> tuple[str, str]:
    """'贷款余额(万元)', '贷款余额_万元' -> ('贷款余额', '万元'); the unit is empty where the header says none."""
    text = unicodedata.normalize("NFKC", header)
    for bracket in BRACKETED.finditer(text):
        unit = bracket[1].strip().removeprefix("单位").lstrip(": ")
        if any(unit in file_vocabulary.load_units(kind) for kind in ("money", "rate", "integer")):
            return text[: bracket.start()] + text[bracket.end() :], unit
    for unit in file_vocabulary.load_units("money"):
        bare = text.strip().removesuffix(unit).rstrip("_-: ").removesuffix("单位").rstrip("_-: ")
        if len(unit) > 1 and bare and bare != text.strip():
            return bare, unit
    return header, ""


@cache
def list_header_forms(header: str) -> tuple[str, ...]:
    """The plain header, whole and without its unit; then a sub-header before its group's (到期日期), or alone."""
    bare = split_unit(header)[0]
    found = [file_vocabulary.normalise_text(header), file_vocabulary.normalise_text(bare)]
    group, _, sub = bare.rpartition(GROUP)
    if group and sub and not (group + sub).isascii():
        found += [file_vocabulary.normalise_text(sub + group), file_vocabulary.normalise_text(sub)]
    return tuple(dict.fromkeys(found))


def find_candidates(header: str, table: str) -> list[tuple[str, str]]:
    """(table, field) that this header may mean in a file of this table, the likeliest first."""
    found = []
    for owner in (table, *COMPANIONS.get(table, ())):
        name = next(
            (build_vocabulary(owner)[form] for form in list_header_forms(header) if form in build_vocabulary(owner)),
            None,
        )
        if name:
            found.append((owner, name))
    if table in COMPANIONS:
        found += [
            (EVENTS, file_vocabulary.load_event_columns()[form])
            for form in list_header_forms(header)
            if form in file_vocabulary.load_event_columns()
        ][:1]
    return found


def is_ignorable(header: str) -> bool:
    return any(form in file_vocabulary.load_ignored_words("header") for form in list_header_forms(header))


def find_header(sheet: Sheet, known: frozenset[str] | None = None) -> Header:
    """The row with the most known headers among the first rows, or two rows of which the upper groups the lower."""
    known = known or _collect_known_words()
    rows = list(sheet.cells.select(sheet.columns).head(SEARCHED_ROWS).rows(named=True))
    best, best_rank = Header(0, 1, {}, -1), (-1, False)
    for i, row in enumerate(rows):
        single = {column: " ".join((cell or "").split()) for column, cell in row.items()}
        heads = [Header(i, 1, single, _count_known_cells(single, known))]
        if i and (joined := _join_group_headers(rows[i - 1], row, sheet, i - 1)):
            heads.append(Header(i, 2, joined, _count_known_cells(joined, known)))
        for head in heads:
            rank = head.known_cells, head.depth > 1 and _has_group_units(rows[i - 1])
            if any(head.cells.values()) and rank > best_rank:
                best, best_rank = head, rank
    return best


def _has_group_units(upper: dict[str, str | None]) -> bool:
    """Whether the names of groups of columns say units, which must not be lost nor held for other groups."""
    cells = [cell for cell in upper.values() if cell and cell.strip()]
    return title_lines.groups_columns(cells) and any(split_unit(cell)[1] for cell in cells)


def _count_known_cells(cells: dict[str, str], known: frozenset[str]) -> int:
    return sum(1 for cell in cells.values() if cell and any(form in known for form in list_header_forms(cell)))


def _join_group_headers(upper: dict, lower: dict, sheet: Sheet, row: int) -> dict[str, str] | None:
    """The texts of a header two rows deep, each group's name before those under it; None without a group."""
    spans = {first[1]: last[1] for first, last in sheet.merges if first[0] == row and last[0] == row}
    columns = sheet.columns
    found: dict[str, str] = {}
    group, until, is_grouped = "", -1, False
    for i, column in enumerate(columns):
        top, low = (" ".join((cells[column] or "").split()) for cells in (upper, lower))
        if top:
            group, until = top, spans.get(i, i if spans else len(columns))
        is_under = bool(group and low and i <= until and top != low)
        is_grouped |= is_under and not top
        found[column] = f"{group}{GROUP}{low}" if is_under else low or top
    return found if is_grouped else None


def extract_headers(sheet: Sheet, head: Header) -> dict[str, str]:
    """Column -> header as written, without columns that are blank throughout."""
    found: dict[str, str] = {}
    for column, header in head.cells.items():
        if not header and not _is_blank_column(sheet, column, head.row):
            if _is_past_header(head.cells, column):
                continue
            raise InputError(f"{sheet.name}, column {int(column[1:]) + 1}: values without a header. Name the column.")
        if header:
            found[column] = header
    return found


def _is_blank_column(sheet: Sheet, column: str, row: int) -> bool:
    values = sheet.cells[column].slice(row + 1)
    return values.null_count() == len(values)


def _is_past_header(cells: dict[str, str], column: str) -> bool:
    """Right of the last header: such cells make their rows too long, one by one."""
    last = max(int(name[1:]) for name, cell in cells.items() if cell)
    return int(column[1:]) > last


def match_sheet(sheet: Sheet) -> SheetMapping:
    """The mapping of a sheet by the dictionary's own names, labels and aliases. Raises InputError."""
    head = find_header(sheet)
    headers = extract_headers(sheet, head)
    table = _choose_table(sheet, headers)
    feeds = map_columns(sheet.name, table, headers)
    return SheetMapping(table, head.row, headers, tuple(feeds), tuple(build_mapping_notes(headers, feeds)), head.depth)


def build_mapping_notes(headers: dict[str, str], feeds: list[ColumnMapping]) -> list[dict]:
    """What was left out, and what was assumed about units and maturities."""
    used = {column for feed in feeds for column in feed.columns}
    unread = [header for column, header in headers.items() if column not in used]
    notes = [import_note("note_ignored_columns", columns=", ".join(unread))] if unread else []
    notes += [
        import_note("note_unit", column=feed.header, unit=split_unit(feed.header)[1], factor=feed.reading.factor)
        for feed in feeds
        if feed.reading.factor != 1
    ]
    by_name = {feed.name: feed for feed in feeds}
    maturity = by_name.get("loans.current_maturity")
    if maturity and "loans.original_maturity" not in by_name:
        notes.append(import_note("note_only_current_maturity", column=maturity.header))
    return notes


def _choose_table(sheet: Sheet, headers: dict[str, str]) -> str:
    """The table that takes every header and calls most of them its own."""
    names = [header for header in headers.values() if not is_ignorable(header)]

    def rank(table: str) -> tuple[int, int]:
        taken = sum(1 for header in names if find_candidates(header, table))
        own = sum(1 for header in names if any(owner == table for owner, _ in find_candidates(header, table)))
        return taken, own

    complete = [table for table in dictionary.load_tables() if not _find_missing_groups(table, names)]
    if complete:
        return max(complete, key=rank)
    likely = max(dictionary.load_tables(), key=rank)
    _reject_unknown_columns(sheet.name, likely, names, NoTableError)
    groups = [
        " or ".join(_format_field(likely, name) for name in group) for group in _find_missing_groups(likely, names)
    ]
    raise NoTableError(f"{sheet.name}: no column for {', '.join(groups)} (table {likely}). Add it to the file. {HELP}")


def _find_missing_groups(table: str, names: list[str]) -> list[tuple[str, ...]]:
    own = {name for header in names for owner, name in find_candidates(header, table) if owner == table}
    return [group for group in file_vocabulary.load_required_fields(table) if not own.intersection(group)]


def _format_field(table: str, name: str) -> str:
    return f"{name} ({dictionary.fields_of_table(table)[name].zh})"


def _reject_unknown_columns(file: str, table: str, names: list[str], error: type[InputError] = InputError) -> None:
    unknown = [header for header in names if not find_candidates(header, table)]
    if unknown:
        raise error(f"{file}: unknown column {_quote_headers(unknown)}. {_suggest_nearest(unknown[0], table)}{HELP}")


def _quote_headers(headers: list[str]) -> str:
    shown = ", ".join(f"'{header}'" for header in headers[:5])
    return shown + (f" and {len(headers) - 5} more" if len(headers) > 5 else "")


def _suggest_nearest(header: str, table: str) -> str:
    owners = (table, *COMPANIONS.get(table, ()))
    known = {
        text: f.name
        for owner in owners
        for f in dictionary.fields_of_table(owner).values()
        for text in (f.name, f.zh, f.en, *f.aliases)
    }
    near = difflib.get_close_matches(header, known, n=3, cutoff=0.5)
    if not near:
        return ""
    return f"Nearest known to '{header}': {', '.join(dict.fromkeys(f'{known[text]} ({text})' for text in near))}. "


def map_columns(file: str, table: str, headers: dict[str, str]) -> list[ColumnMapping]:
    """A feed a column; raises InputError for an unknown header, or two headers for one field."""
    taken: dict[tuple[str, str], ColumnMapping] = {}
    _reject_unknown_columns(file, table, [header for header in headers.values() if not is_ignorable(header)])
    for column, header in sorted(headers.items(), key=lambda item: rank_header(item[1], table)):
        options = find_candidates(header, table)
        if not options:
            continue
        # A second date for a taken field may still be a process step: 放款日期 beside 发放日期.
        free = [option for option in options if option == options[0] or option[0] == EVENTS]
        choice = next((option for option in free if option not in taken), None)
        if choice is None:
            other = taken[options[0]]
            both = f"{_format_column(other.columns[0], other.header)} and {_format_column(column, header)}"
            raise InputError(f"{file}: columns {both} both name {options[0][1]}. Keep one. {HELP}")
        taken[choice] = ColumnMapping(*choice, (column,), header, _build_parse_options(header, choice))
    return sorted(taken.values(), key=lambda feed: int(feed.columns[0][1:]))


def _format_column(column: str, header: str) -> str:
    return f"{int(column[1:]) + 1} '{header}'"


def rank_header(header: str, table: str) -> tuple[bool, bool]:
    """Names and labels come before aliases when two headers want one field."""
    options = find_candidates(header, table)
    if not options or options[0][0] == EVENTS:
        return True, True
    field = find_target_field(*options[0])
    plain = file_vocabulary.normalise_text(header)
    return plain != file_vocabulary.normalise_text(field.name), plain not in (
        file_vocabulary.normalise_text(field.zh),
        file_vocabulary.normalise_text(field.en),
    )


def _build_parse_options(header: str, choice: tuple[str, str]) -> ParseOptions:
    unit = split_unit(header)[1]
    known = file_vocabulary.load_units(find_target_field(*choice).type)
    return ParseOptions(factor=known[unit].factor, own_unit=True) if unit in known else ParseOptions()
