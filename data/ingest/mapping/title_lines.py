"""The lines around a table: the unit of all amounts, their currency, the date."""

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from functools import cache

from data import dictionary
from data.errors import InputError
from data.ingest.files.sheet_reading import Sheet
from data.ingest.mapping.mapping import ColumnMapping
from data.ingest.parsing import file_vocabulary, rate_units
from data.ingest.parsing.cell_parsing import TITLE
from data.messages.catalogue import BilingualText, Note, bilingual, import_note

UNIT = re.compile(r"单位\s*:?\s*(?:人民币\s+)?([^\s:()\[\]【】]+)")
BRACKETED = re.compile(r"[(\[【]\s*(?:单位\s*:?)?\s*([^()\[\]【】:]+)[)\]】]")
CURRENCY = re.compile(r"币\s*种\s*:?\s*([^\s,;()\[\]【】]+)")
DATE = re.compile(r"(\d{4})\s*[年/.-]\s*(\d{1,2})\s*[月/.-]\s*(\d{1,2})")
BETWEEN = re.compile(r"[、,/;%]+")
RATE_UNIT = re.compile(r"(?:([年月日])?(?:利率|息)|利率)\s*(?:单位)?\s*[:为]?\s*\(?\s*([年月日]?[%‰‱])")
MAGNITUDE = re.compile(r"[十百千万亿]*")
HOME_WORD = "人民币"


@dataclass(frozen=True)
class Title:
    """`units`: the words for the amounts' unit, with its factor in yuan; `currency`: a foreign one, as written.

    `rate_units`: the units of rates, such as ‰ or 月%.
    """

    units: dict[str, Decimal]
    notes: tuple[Note, ...]
    currency: str = ""
    day: date | None = None
    rate_units: tuple[str, ...] = ()

    @property
    def unit(self) -> str:
        return next(iter(self.units), "")

    @property
    def factor(self) -> Decimal:
        return next(iter(self.units.values()), Decimal(1))


Line = list[str]
"""The filled cells of a row that is not data."""


def read_title(lines: list[Line], as_of: date | None, below: list[Line] | None = None) -> Title:
    """The contents of the lines above a table, and the units in those `below`; a date is compared with `as_of`."""
    units: dict[str, Decimal] = {}
    foreign = ""
    rates: list[str] = []
    for cells in [*lines, *(below or ())]:
        line = _join_cells(cells)
        for word in _find_unit_words(line, in_brackets=not groups_columns(cells)):
            meant = _parse_unit(word)
            if meant and meant[0] not in units.values():
                units[word] = meant[0]
            foreign = foreign or (word if meant and meant[1] else "")
        rates += _find_rate_units(line)
        named = CURRENCY.search(line)
        foreign = foreign or (named[1] if named and _is_foreign(named[1]) else "")
    days = [day for cells in lines if (day := _parse_date(_join_cells(cells)))]
    notes = [
        import_note("note_title_date", date=day, as_of=as_of) for day in dict.fromkeys(days) if as_of and day != as_of
    ]
    return Title(units, tuple(notes), foreign, days[0] if days else None, tuple(dict.fromkeys(rates)))


def _join_cells(cells: Line) -> str:
    return unicodedata.normalize("NFKC", " ".join(cells))


def groups_columns(cells: Line) -> bool:
    """Whether a line of several cells names groups of columns (金额(万元) | 押品) rather than the whole table."""
    text = _join_cells(cells)
    return len(cells) > 1 and not UNIT.search(text) and not DATE.search(text)


def _find_unit_words(line: str, *, in_brackets: bool) -> Iterator[str]:
    """万元 of '单位:笔、人民币万元' and of '贷款明细表(万元)'."""
    for found in (*UNIT.finditer(line), *(BRACKETED.finditer(line) if in_brackets else ())):
        for word in BETWEEN.split(found[1]):
            bare = word.strip()
            yield bare.removeprefix(HOME_WORD).removesuffix(HOME_WORD).strip() or bare


def _find_rate_units(line: str) -> Iterator[str]:
    """‰ of '单位:万元、‰', 月‰ of '月利率:‰'."""
    known = file_vocabulary.load_units("rate")
    for found in (*UNIT.finditer(line), *BRACKETED.finditer(line)):
        yield from (word for word in map(str.strip, re.split(r"[、,/;]+", found[1])) if word in known)
    for found in RATE_UNIT.finditer(line):
        unit = rate_units.name_unit(found[2], found[1] or "")
        yield from [unit] if unit in known else []


def _parse_unit(word: str) -> tuple[Decimal, bool] | None:
    """The factor of a unit, and whether it is of a foreign currency: 万元, 万美元."""
    known = file_vocabulary.load_units("money")
    if word in known:
        return known[word].factor, False
    size = MAGNITUDE.match(word)
    size_word = size[0] if size else ""
    if _is_foreign(word.removeprefix(size_word)) and (not size_word or size_word in known):
        return known[size_word].factor if size_word else Decimal(1), True
    return None


@cache
def _load_currencies() -> dict[str, str]:
    found = dictionary.codes_of_list("currency").values()
    return {
        file_vocabulary.normalise_text(text): code.code
        for code in found
        for text in (code.code, code.zh, *code.aliases)
    }


def _is_foreign(word: str) -> bool:
    return (
        _load_currencies().get(file_vocabulary.normalise_text(word), file_vocabulary.load_home_currency())
        != file_vocabulary.load_home_currency()
    )


def _parse_date(line: str) -> date | None:
    found = DATE.search(line)
    try:
        return date(*map(int, found.groups())) if found else None
    except ValueError:
        # Three numbers that are not a date: a file number, for example.
        return None


def reject_ambiguous_amounts(title: Title, sheet: Sheet, feeds: list[ColumnMapping]) -> None:
    """Raises InputError where the titles give two units, or a foreign currency that no column gives."""
    amounts = [feed for feed in feeds if feed.target.type == "money"]
    if len(title.units) > 1 and not all(feed.reading.own_unit for feed in amounts):
        raise InputError(bilingual("mapping.conflicting_units", name=sheet.name, units=_join_words(title.units)))
    rates = [feed for feed in feeds if rate_units.is_annual(feed.target)]
    if len(title.rate_units) > 1 and not all(feed.reading.own_unit for feed in rates):
        units = _join_words(title.rate_units)
        raise InputError(bilingual("mapping.conflicting_rate_units", name=sheet.name, units=units))
    if title.currency and amounts and not any(feed.field == "currency" for feed in feeds):
        raise InputError(bilingual("mapping.foreign_currency_in_title", name=sheet.name, currency=title.currency))


def _join_words(units: Iterable[str]) -> BilingualText:
    return BilingualText(" and ".join(units), "、".join(units))


def apply_title(feed: ColumnMapping, title: Title, sheet: Sheet) -> ColumnMapping:
    """The mapping with day 0 of the sheet's dates, and the title's unit where the header has none."""
    reading = replace(feed.reading, date_serials=sheet.date_serials)
    if feed.target.type == "money" and title.units and not reading.own_unit:
        reading = replace(reading, factor=title.factor, unit=title.unit, unit_source=TITLE)
    if rate_units.is_annual(feed.target) and title.rate_units and not reading.own_unit:
        unit = rate_units.name_unit(title.rate_units[0], reading.period)
        factor = file_vocabulary.load_units("rate")[unit].factor
        reading = replace(reading, factor=factor, own_unit=True, unit=unit, unit_source=TITLE)
    return replace(feed, reading=reading)
