"""Headers of a file without a profile: find the header row, the fields its cells name, and the table they make."""

from dataclasses import dataclass

from data import dictionary
from data.errors import InputError
from data.ingest.files.sheet_reading import Sheet
from data.ingest.mapping import flag_columns, header_vocabulary, title_lines
from data.ingest.mapping.mapping import EVENTS, ColumnMapping, SheetMapping
from data.ingest.parsing import file_vocabulary
from data.messages.catalogue import BilingualText, Note, bilingual, import_note

SEARCHED_ROWS, SHOWN_HEADERS = 30, 5


class NoTableError(InputError):
    """No table's key is among the headers."""


@dataclass(frozen=True)
class Header:
    """A header: the index of its last row, how many rows it takes, its texts by column, how many of them are known."""

    row: int
    depth: int
    cells: dict[str, str]
    known_cells: int


def find_header(sheet: Sheet, known: frozenset[str] | None = None) -> Header:
    """The row with the most known headers among the first rows, or two rows of which the upper groups the lower."""
    known = known or header_vocabulary.collect_known_words()
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


def find_likely_header(sheet: Sheet) -> Header:
    """The header; where no word of it is known, the first of the rows with the most cells."""
    head = find_header(sheet)
    if head.known_cells > 0:
        return head
    rows = sheet.cells.select(sheet.columns).head(SEARCHED_ROWS).rows(named=True)
    filled = [sum(1 for cell in row.values() if cell and cell.strip()) for row in rows]
    at = filled.index(max(filled))
    return Header(at, 1, {column: " ".join((cell or "").split()) for column, cell in rows[at].items()}, 0)


def _has_group_units(upper: dict[str, str | None]) -> bool:
    """Whether the names of groups of columns say units, which must not be lost nor held for other groups."""
    cells = [cell for cell in upper.values() if cell and cell.strip()]
    return title_lines.groups_columns(cells) and any(header_vocabulary.split_unit(cell)[1] for cell in cells)


def _count_known_cells(cells: dict[str, str], known: frozenset[str]) -> int:
    return sum(
        1
        for cell in cells.values()
        if cell and any(form in known for form in header_vocabulary.list_header_forms(cell))
    )


def _join_group_headers(
    upper: dict[str, str | None], lower: dict[str, str | None], sheet: Sheet, row: int
) -> dict[str, str] | None:
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
        found[column] = f"{group}{header_vocabulary.GROUP}{low}" if is_under else low or top
    return found if is_grouped else None


def extract_headers(sheet: Sheet, head: Header) -> dict[str, str]:
    """Column -> header as written, without columns that are blank throughout."""
    found: dict[str, str] = {}
    for column, header in head.cells.items():
        if not header and not _is_blank_column(sheet, column, head.row):
            if _is_past_header(head.cells, column):
                continue
            raise InputError(bilingual("mapping.values_without_header", name=sheet.name, column=int(column[1:]) + 1))
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


def build_mapping_notes(headers: dict[str, str], feeds: list[ColumnMapping]) -> list[Note]:
    """What was left out, and what was assumed about maturities."""
    used = {column for feed in feeds for column in feed.columns}
    unread = [header for column, header in headers.items() if column not in used]
    notes: list[Note] = [import_note("note_ignored_columns", columns=", ".join(unread))] if unread else []
    by_name = {feed.name: feed for feed in feeds}
    maturity = by_name.get("loans.current_maturity")
    if maturity and "loans.original_maturity" not in by_name:
        notes.append(import_note("note_only_current_maturity", column=maturity.header))
    return notes


def _choose_table(sheet: Sheet, headers: dict[str, str]) -> str:
    """The table that takes every header and calls most of them its own."""
    names = [header for header in headers.values() if not header_vocabulary.is_ignorable(header)]

    def rank(table: str) -> tuple[int, int]:
        taken = sum(1 for header in names if header_vocabulary.find_candidates(header, table))
        own = sum(
            1
            for header in names
            if any(owner == table for owner, _ in header_vocabulary.find_candidates(header, table))
        )
        return taken, own

    complete = [table for table in dictionary.load_tables() if not _find_missing_groups(table, names)]
    if complete:
        return max(complete, key=rank)
    likely = max(dictionary.load_tables(), key=rank)
    _reject_unknown_columns(sheet.name, likely, names, NoTableError)
    fields = _describe_groups(likely, _find_missing_groups(likely, names))
    raise NoTableError(
        bilingual("mapping.no_column_for", name=sheet.name, fields=fields, table=likely, help=bilingual("mapping.help"))
    )


def _describe_groups(table: str, groups: list[tuple[str, ...]]) -> BilingualText:
    """Groups of fields of which one each is needed: 'a or b, c' and 'a或b、c'."""
    named = [[_format_field(table, name) for name in group] for group in groups]
    return BilingualText(
        ", ".join(" or ".join(group) for group in named), "、".join("或".join(group) for group in named)
    )


def _find_missing_groups(table: str, names: list[str]) -> list[tuple[str, ...]]:
    own = {
        name for header in names for owner, name in header_vocabulary.find_candidates(header, table) if owner == table
    }
    return [group for group in file_vocabulary.load_required_fields(table) if not own.intersection(group)]


def _format_field(table: str, name: str) -> str:
    return f"{name} ({dictionary.fields_of_table(table)[name].zh})"


def _reject_unknown_columns(file: str, table: str, names: list[str], error: type[InputError] = InputError) -> None:
    unknown = [header for header in names if not header_vocabulary.find_candidates(header, table)]
    if not unknown:
        return
    columns, nearest, advice = (
        _quote_headers(unknown),
        header_vocabulary.find_nearest(unknown[0], table),
        bilingual("mapping.help"),
    )
    if not nearest:
        raise error(bilingual("mapping.unknown_column", name=file, columns=columns, help=advice))
    raise error(
        bilingual(
            "mapping.unknown_column_near",
            name=file,
            columns=columns,
            header=unknown[0],
            nearest=", ".join(nearest),
            help=advice,
        )
    )


def _quote_headers(headers: list[str]) -> BilingualText:
    first = headers[:SHOWN_HEADERS]
    shown = BilingualText(", ".join(f"'{header}'" for header in first), "、".join(f"“{header}”" for header in first))
    left = len(headers) - SHOWN_HEADERS
    return bilingual("mapping.columns_and_more", shown=shown, n=left) if left > 0 else shown


def map_columns(file: str, table: str, headers: dict[str, str]) -> list[ColumnMapping]:
    """A feed a column; raises InputError for an unknown header, or two headers for one field."""
    taken: dict[tuple[str, str], ColumnMapping] = {}
    _reject_unknown_columns(
        file, table, [header for header in headers.values() if not header_vocabulary.is_ignorable(header)]
    )
    for column, header in sorted(headers.items(), key=lambda item: flag_columns.rank_header(item[1], table)):
        options = header_vocabulary.find_candidates(header, table)
        if not options or (options[0] in taken and flag_columns.is_flag_header(header, *options[0])):
            continue
        # A second date for a taken field may still be a process step: 放款日期 beside 发放日期.
        free = [option for option in options if option == options[0] or option[0] == EVENTS]
        choice = next((option for option in free if option not in taken), None)
        if choice is None:
            other = taken[options[0]]
            first, second = _format_column(other.columns[0], other.header), _format_column(column, header)
            raise InputError(
                bilingual(
                    "mapping.two_columns_for_field",
                    name=file,
                    first=first,
                    second=second,
                    field=options[0][1],
                    help=bilingual("mapping.help"),
                )
            )
        taken[choice] = ColumnMapping(*choice, (column,), header, header_vocabulary.build_parse_options(header, choice))
    return sorted(taken.values(), key=lambda feed: int(feed.columns[0][1:]))


def _format_column(column: str, header: str) -> str:
    return f"{int(column[1:]) + 1} '{header}'"
