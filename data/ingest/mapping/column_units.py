"""The unit of each column: what decided it, what is open about it, and what the report says of it."""

from collections.abc import Iterable
from dataclasses import replace

import polars as pl

from data.dictionary import Field
from data.errors import InputError
from data.ingest.files.sheet_cells import ROW
from data.ingest.files.sheet_reading import Sheet
from data.ingest.mapping import header_vocabulary
from data.ingest.mapping.mapping import ColumnMapping
from data.ingest.parsing import amounts, file_vocabulary, rate_units
from data.ingest.parsing.cell_parsing import ANSWER, HEADER, PROFILE, TITLE, ParsedColumn, ParseOptions
from data.ingest.questions.open_questions import Answers, Question
from data.messages.catalogue import BilingualText, Note, bilingual, import_note

RATE_QUESTION = "rate_unit"
STATED = {HEADER: "note_unit", TITLE: "note_title_unit", PROFILE: "note_profile_unit"}
STATED_RATE = {
    HEADER: "note_unit_rate",
    TITLE: "note_title_unit_rate",
    PROFILE: "note_profile_unit_rate",
    ANSWER: "note_answer_unit_rate",
}


def choose_unit(file: str, unit: str, headers: tuple[str, ...], field: Field, *, is_of_file: bool) -> ParseOptions:
    """How a profile's column is read: in the unit given for it, its header's own, or the one of all amounts.

    Raises InputError where several columns make the field and their headers state different units.
    """
    own = [header_vocabulary.read_unit(header, field) for header in headers]
    stated = {options.factor: options for options in own if options.own_unit}
    period = next((options.period for options in own if options.period), "")
    if stated and (is_of_file or not unit):
        if len({(options.factor, options.own_unit) for options in own}) > 1:
            raise InputError(bilingual("mapping.columns_of_two_units", name=file, columns=", ".join(headers)))
        return next(iter(stated.values()))
    if not unit:
        return ParseOptions(period=period)
    factor = file_vocabulary.load_units(field.type)[unit].factor
    return ParseOptions(factor=factor, own_unit=True, unit=unit, unit_source=PROFILE, period=period)


def propose_unit(header: str, choice: tuple[str, str]) -> tuple[str, bool]:
    """The unit for a profile, and whether it is only the usual one for such rates and not stated."""
    options = header_vocabulary.build_parse_options(header, choice)
    if options.unit or options.period in ("", rate_units.YEAR):
        return options.unit, False
    return options.period + file_vocabulary.read_setting(f"usual_unit_{options.period}"), True


def settle_rates(rows: pl.DataFrame, sheet: Sheet, feeds: list[ColumnMapping], answers: Answers) -> list[ColumnMapping]:
    """The columns, those of monthly or daily rates without a unit read as the answer says."""
    return [_settle_rate(rows, sheet, feed, answers) for feed in feeds]


def _settle_rate(rows: pl.DataFrame, sheet: Sheet, feed: ColumnMapping, answers: Answers) -> ColumnMapping:
    reading = feed.reading
    if feed.how != "column" or reading.own_unit or reading.period in ("", rate_units.YEAR):
        return feed
    cells = rows[feed.columns[0]]
    bare = cells.str.strip_chars().str.contains(amounts.PLAIN).fill_null(False).arg_true()
    if not len(bare):
        return feed
    about = {"name": sheet.name, "column": feed.header, "value": cells[bare[0]], "row": rows[ROW][bare[0]]}
    answer = answers.find(Question(RATE_QUESTION, bilingual("questions.rate_unit", **about)))
    if answer is None:
        return feed
    unit = rate_units.name_unit(file_vocabulary.read_setting(f"rate_unit_{answer}"), reading.period)
    factor = file_vocabulary.load_units("rate")[unit].factor
    return replace(feed, reading=replace(reading, factor=factor, own_unit=True, unit=unit, unit_source=ANSWER))


def build_notes(feeds: list[ColumnMapping], parsed: list[ParsedColumn]) -> list[Note]:
    """What decided the unit of each column of amounts and of rates; one note for the columns of a unit."""
    read = [(feed, result) for feed, result in zip(feeds, parsed, strict=True) if feed.how in ("column", "first")]
    stated: dict[tuple[str, str], list[ColumnMapping]] = {}
    for feed, _ in read:
        if feed.reading.unit and (feed.target.type == "money" or rate_units.is_annual(feed.target)):
            stated.setdefault((feed.reading.unit_source, feed.reading.unit), []).append(feed)
    notes = [_note_stated_unit(source, unit, columns) for (source, unit), columns in stated.items()]
    amounts_without = [feed for feed, _ in read if feed.target.type == "money" and not feed.reading.unit]
    if amounts_without:
        has_currency = any(feed.field == "currency" for feed in feeds)
        message = "note_unit_assumed_currency" if has_currency else "note_unit_assumed"
        notes.append(import_note(message, columns=_join(amounts_without)))
    rates = [feed for feed, result in read if _is_plain_rate(feed, result)]
    return [*notes, import_note("note_rate_assumed", columns=_join(rates))] if rates else notes


def _is_plain_rate(feed: ColumnMapping, result: ParsedColumn) -> bool:
    """Whether a column of rates a year was read as percent because nothing says otherwise."""
    says_more = any(message in ("note_rate_fractions", "note_low_rate") for message, *_ in result.notes)
    return rate_units.is_annual(feed.target) and not feed.reading.unit and not says_more


def _note_stated_unit(source: str, unit: str, feeds: list[ColumnMapping]) -> Note:
    about = {"columns": _join(feeds), "unit": unit, "factor": f"{feeds[0].reading.factor.normalize():,f}"}
    if feeds[0].target.type == "money":
        return import_note(STATED[source], **about)
    meant = file_vocabulary.load_units("rate")[unit]
    return import_note(STATED_RATE[source], **about, meaning=BilingualText(meant.en, meant.zh))


def _join(feeds: Iterable[ColumnMapping]) -> str:
    return ", ".join(feed.header for feed in feeds)
