"""Dates of which a spreadsheet took day for month wherever it could: seen by their signature, and asked about.

Where it could not, as in 3/14/24, the text was left, and shows which came first. The dates it made then all have a day
of 12 or less.
"""

from dataclasses import replace

import polars as pl

from data.ingest.files.sheet_cells import ROW
from data.ingest.files.sheet_reading import Sheet
from data.ingest.mapping.mapping import ColumnMapping
from data.ingest.parsing import cell_parsing, file_vocabulary
from data.ingest.parsing.blank_cells import build_notes
from data.ingest.parsing.cell_parsing import ParsedColumn
from data.ingest.questions.open_questions import Answers, Question
from data.messages.catalogue import bilingual

KEY, SWAPPED = "date_order", "swapped"
TEXT = r"^\s*(?P<first>\d{1,2})[/.-](?P<second>\d{1,2})[/.-](?P<year>\d{4}|\d{2})(?:\s+[\d:.]+(?:\s*[AaPp][Mm])?)?\s*$"
LAST_MONTH = 12
FEWEST = 2
"""Texts, and dates beside them, that make a signature."""


def settle_order(
    rows: pl.DataFrame, sheet: Sheet, feed: ColumnMapping, parsed: ParsedColumn, answers: Answers
) -> ParsedColumn:
    """The column as the answer says, its texts read too; as it was where it has no such signature."""
    is_date = feed.target.type in ("date", "timestamp") and feed.how == "column"
    if not is_date or not (feed.reading.format or parsed.bad.any()):
        return parsed
    texts = _split_texts(rows[feed.columns[0]])
    is_text = texts["is_text"]
    cells = _read_cells(rows[feed.columns[0]], feed, parsed)
    days = cells.filter(~is_text).drop_nulls().cast(pl.Date).dt.day()
    month_first = _find_order(texts.filter(is_text))
    if month_first is None or min(len(days), is_text.sum()) < FEWEST or (days > LAST_MONTH).any():
        return parsed
    answer = answers.find(_build_question(rows, sheet, feed, texts, len(days), month_first=month_first))
    if answer is None:
        return parsed
    values = _read_texts(texts, month_first=month_first).cast(parsed.values.dtype)
    cells = _swap(cells) if answer == SWAPPED else cells
    found = pl.select(pl.when(is_text).then(values).otherwise(cells)).to_series()
    notes = build_notes("note_two_digit_years", (texts["year"].str.len_chars() == 2).fill_null(False), texts["text"])
    return replace(parsed, values=found, bad=parsed.bad & found.is_null(), notes=(*parsed.notes, *notes))


def _read_cells(text: pl.Series, feed: ColumnMapping, parsed: ParsedColumn) -> pl.Series:
    """The values of the column's date cells; a format is one of its texts."""
    if not feed.reading.format:
        return parsed.values
    return cell_parsing.parse_cells(text, feed.target, replace(feed.reading, format=None)).values


def _split_texts(cells: pl.Series) -> pl.DataFrame:
    """[text, first, second, year, is_text] of each cell."""
    parts = cells.str.extract_groups(TEXT).struct.unnest()
    return parts.with_columns(cells.alias("text"), is_text=pl.col("year").is_not_null())


def _find_order(texts: pl.DataFrame) -> bool | None:
    """Whether the month comes first in every text, with a day above 12; None where neither order is certain."""
    if not len(texts):
        return None
    first, second = (texts[name].cast(pl.Int32) for name in ("first", "second"))
    if ((first <= LAST_MONTH) & (second > LAST_MONTH)).all():
        return True
    # 24/3/14 may begin with its year.
    is_day_first = (first > LAST_MONTH) & (second <= LAST_MONTH) & (texts["year"].str.len_chars() == 4)
    return False if is_day_first.all() else None


def _build_question(
    rows: pl.DataFrame, sheet: Sheet, feed: ColumnMapping, texts: pl.DataFrame, dates: int, *, month_first: bool
) -> Question:
    at = int(texts["is_text"].arg_true()[0])
    about = {
        "name": sheet.name,
        "column": feed.header,
        "texts": int(texts["is_text"].sum()),
        "dates": dates,
        "value": texts["text"][at],
        "row": rows[ROW][at],
    }
    if month_first:
        return Question(KEY, bilingual("questions.date_order_month_first", **about))
    return Question(KEY, bilingual("questions.date_order_day_first", **about))


def _read_texts(texts: pl.DataFrame, *, month_first: bool) -> pl.Series:
    begin = int(file_vocabulary.read_setting("two_digit_year_first"))
    year = pl.col("year").cast(pl.Int32)
    full = pl.when(pl.col("year").str.len_chars() == 4).then(year).otherwise(begin + (year - begin) % 100)
    month, day = ("first", "second") if month_first else ("second", "first")
    parts = (full.cast(pl.String), *(pl.col(name).str.zfill(2) for name in (month, day)))
    return texts.select(pl.concat_str(parts, separator="-").str.to_date("%Y-%m-%d", strict=False)).to_series()


def _swap(dates: pl.Series) -> pl.Series:
    """Day for month, the time of day kept."""
    given = dates.rename("given").to_frame()
    day = pl.col("given").cast(pl.Date)
    swapped = pl.date(day.dt.year(), day.dt.day(), day.dt.month())
    return given.select(pl.col("given") + (swapped - day)).to_series()
