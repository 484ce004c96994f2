"""Headers of a file without a profile: find the header row, the fields its cells name, and the table they make."""

import difflib
import re
import unicodedata
from functools import cache

from data import dictionary, words
from data.errors import InputError
from data.mapping import COMPANIONS, EVENTS, Feed, Mapping, target
from data.messages import note
from data.readers import Sheet
from data.values import Reading

SEARCHED_ROWS = 30
BRACKETED = re.compile(r"[(\[【]([^)\]】]*)[)\]】]")
HELP = "Correct the header, map the column in a profile (--profile), or add it to the ignorable headers."


@cache
def vocabulary(table: str) -> dict[str, str]:
    """Plain header -> field of this table: names first, then labels, then aliases."""
    fields = dictionary.fields(table).values()
    texts = [(f.name, f.name) for f in fields] + [(f"{table}.{f.name}", f.name) for f in fields]
    texts += [(label, f.name) for f in fields for label in (f.zh, f.en)]
    texts += [(alias, f.name) for f in fields for alias in f.aliases]
    found: dict[str, str] = {}
    for text, name in texts:
        found.setdefault(words.plain(text), name)
    return found


@cache
def _all_words() -> frozenset[str]:
    known = {word for table in dictionary.tables() for word in vocabulary(table)}
    return frozenset(known | set(words.wide_steps()) | words.ignored("header"))


def split_unit(header: str) -> tuple[str, str]:
    """'贷款余额(万元)' -> ('贷款余额', '万元'); the unit is empty where the brackets hold none."""
    text = unicodedata.normalize("NFKC", header)
    for bracket in BRACKETED.finditer(text):
        unit = bracket[1].strip()
        if any(unit in words.units(kind) for kind in ("money", "rate", "integer")):
            return text[: bracket.start()] + text[bracket.end() :], unit
    return header, ""


def forms(header: str) -> tuple[str, str]:
    """The plain header, whole and without its unit."""
    return words.plain(header), words.plain(split_unit(header)[0])


def candidates(header: str, table: str) -> list[tuple[str, str]]:
    """(table, field) that this header may mean in a file of this table, the likeliest first."""
    found = []
    for owner in (table, *COMPANIONS.get(table, ())):
        name = next((vocabulary(owner)[form] for form in forms(header) if form in vocabulary(owner)), None)
        if name:
            found.append((owner, name))
    if table in COMPANIONS:
        found += [(EVENTS, words.wide_steps()[form]) for form in forms(header)[:1] if form in words.wide_steps()]
    return found


def is_ignorable(header: str) -> bool:
    return any(form in words.ignored("header") for form in forms(header))


def find_row(sheet: Sheet, known: frozenset[str] | None = None) -> tuple[int, int]:
    """Index of the row with the most known headers among the first rows, and how many it has."""
    known = known or _all_words()
    best = (0, -1)
    for i, row in enumerate(sheet.cells.select(sheet.columns).head(SEARCHED_ROWS).iter_rows()):
        count = sum(1 for cell in row if cell and any(form in known for form in forms(cell)))
        filled = any(cell and cell.strip() for cell in row)
        if filled and count > best[1]:
            best = (i, count)
    return best


def texts(sheet: Sheet, row: int) -> dict[str, str]:
    """Column -> header as written, without columns that are blank throughout."""
    cells = sheet.cells.select(sheet.columns).row(row, named=True)
    found: dict[str, str] = {}
    for column, cell in cells.items():
        header = " ".join((cell or "").split())
        if not header and not _is_blank(sheet, column, row):
            if _past_header(cells, column):
                continue
            raise InputError(f"{sheet.name}, column {int(column[1:]) + 1}: values without a header. Name the column.")
        if header:
            found[column] = header
    return found


def _is_blank(sheet: Sheet, column: str, row: int) -> bool:
    values = sheet.cells[column].slice(row + 1)
    return values.null_count() == len(values)


def _past_header(cells: dict[str, str | None], column: str) -> bool:
    """Right of the last header: such cells make their rows too long, one by one."""
    last = max(int(name[1:]) for name, cell in cells.items() if cell and cell.strip())
    return int(column[1:]) > last


def match(sheet: Sheet) -> Mapping:
    """The mapping of a sheet by the dictionary's own names, labels and aliases. Raises InputError."""
    row, _ = find_row(sheet)
    headers = texts(sheet, row)
    table = _table(sheet, headers)
    feeds = feeds_for(sheet.name, table, headers)
    return Mapping(table, row, headers, tuple(feeds), tuple(reading_notes(headers, feeds)))


def reading_notes(headers: dict[str, str], feeds: list[Feed]) -> list[dict]:
    """What was left out, and what was assumed about units and maturities."""
    used = {column for feed in feeds for column in feed.columns}
    unread = [header for column, header in headers.items() if column not in used]
    notes = [note("note_ignored_columns", columns=", ".join(unread))] if unread else []
    notes += [
        note("note_unit", column=feed.header, unit=split_unit(feed.header)[1], factor=feed.reading.factor)
        for feed in feeds
        if feed.reading.factor != 1
    ]
    by_name = {feed.name: feed for feed in feeds}
    maturity = by_name.get("loans.current_maturity")
    if maturity and "loans.original_maturity" not in by_name:
        notes.append(note("note_only_current_maturity", column=maturity.header))
    return notes


def _table(sheet: Sheet, headers: dict[str, str]) -> str:
    """The table that takes every header and calls most of them its own."""
    names = [header for header in headers.values() if not is_ignorable(header)]

    def rank(table: str) -> tuple[int, int]:
        taken = sum(1 for header in names if candidates(header, table))
        own = sum(1 for header in names if any(owner == table for owner, _ in candidates(header, table)))
        return taken, own

    complete = [table for table in dictionary.tables() if not _missing(table, names)]
    if complete:
        return max(complete, key=rank)
    likely = max(dictionary.tables(), key=rank)
    _refuse_unknown(sheet.name, likely, names)
    groups = [" or ".join(_label(likely, name) for name in group) for group in _missing(likely, names)]
    raise InputError(f"{sheet.name}: no column for {', '.join(groups)} (table {likely}). Add it to the file. {HELP}")


def _missing(table: str, names: list[str]) -> list[tuple[str, ...]]:
    own = {name for header in names for owner, name in candidates(header, table) if owner == table}
    return [group for group in words.required(table) if not own.intersection(group)]


def _label(table: str, name: str) -> str:
    return f"{name} ({dictionary.fields(table)[name].zh})"


def _refuse_unknown(file: str, table: str, names: list[str]) -> None:
    unknown = [header for header in names if not candidates(header, table)]
    if unknown:
        raise InputError(f"{file}: unknown column {_quoted(unknown)}. {_nearest(unknown[0], table)}{HELP}")


def _quoted(headers: list[str]) -> str:
    shown = ", ".join(f"'{header}'" for header in headers[:5])
    return shown + (f" and {len(headers) - 5} more" if len(headers) > 5 else "")


def _nearest(header: str, table: str) -> str:
    owners = (table, *COMPANIONS.get(table, ()))
    known = {
        text: f.name
        for owner in owners
        for f in dictionary.fields(owner).values()
        for text in (f.name, f.zh, f.en, *f.aliases)
    }
    near = difflib.get_close_matches(header, known, n=3, cutoff=0.5)
    if not near:
        return ""
    return f"Nearest known to '{header}': {', '.join(dict.fromkeys(f'{known[text]} ({text})' for text in near))}. "


def feeds_for(file: str, table: str, headers: dict[str, str]) -> list[Feed]:
    """A feed a column; raises InputError for an unknown header, or two headers for one field."""
    taken: dict[tuple[str, str], Feed] = {}
    _refuse_unknown(file, table, [header for header in headers.values() if not is_ignorable(header)])
    for column, header in sorted(headers.items(), key=lambda item: _strength(item[1], table)):
        options = candidates(header, table)
        if not options:
            continue
        # A second date for a taken field may still be a process step: 放款日期 beside 发放日期.
        free = [option for option in options if option == options[0] or option[0] == EVENTS]
        choice = next((option for option in free if option not in taken), None)
        if choice is None:
            other = taken[options[0]]
            both = f"{_place(other.columns[0], other.header)} and {_place(column, header)}"
            raise InputError(f"{file}: columns {both} both name {options[0][1]}. Keep one. {HELP}")
        taken[choice] = Feed(*choice, (column,), header, _reading(header, choice))
    return sorted(taken.values(), key=lambda feed: int(feed.columns[0][1:]))


def _place(column: str, header: str) -> str:
    return f"{int(column[1:]) + 1} '{header}'"


def _strength(header: str, table: str) -> tuple[bool, bool]:
    """Names and labels come before aliases when two headers want one field."""
    options = candidates(header, table)
    if not options or options[0][0] == EVENTS:
        return True, True
    field = target(*options[0])
    plain = words.plain(header)
    return plain != words.plain(field.name), plain not in (words.plain(field.zh), words.plain(field.en))


def _reading(header: str, choice: tuple[str, str]) -> Reading:
    unit = split_unit(header)[1]
    known = words.units(target(*choice).type)
    return Reading(factor=known[unit].factor, own_unit=True) if unit in known else Reading()
