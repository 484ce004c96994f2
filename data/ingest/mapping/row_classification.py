"""Classifies the rows of an export that are not data: titles, totals, signatures, blank rows."""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from decimal import Decimal

import polars as pl

from data.ingest.files.sheet_cells import ROW
from data.ingest.files.sheet_reading import Sheet
from data.ingest.mapping import key_cells, repeated_headers, word_keys
from data.ingest.mapping.mapping import ColumnMapping, SheetMapping
from data.ingest.mapping.title_lines import Line
from data.ingest.parsing import amounts, file_vocabulary
from data.messages.catalogue import Note, import_note

Join = Callable[[pl.DataFrame], pl.DataFrame]


@dataclass(frozen=True)
class ClassifiedRows:
    """`rows` are data rows; `totals` the total rows; `ignored` counts titles, totals, signatures, repeated headers.

    `titles`, `footers`: the lines above the header, and those among and below the rows that are not data. `odd`: the
    numbers of data rows with a word for key whose amounts are no sum.
    """

    rows: pl.DataFrame
    titles: list[Line]
    footers: list[Line]
    totals: pl.DataFrame
    rows_in: int
    ignored: int
    odd: pl.Series
    notes: tuple[Note, ...] = ()


def classify_rows(sheet: Sheet, mapping: SheetMapping) -> ClassifiedRows:
    above, below = sheet.cells[: mapping.first_header_row], sheet.cells[mapping.header_row + 1 :]
    titles = _drop_blank_rows(above, sheet)
    body = _drop_blank_rows(below, sheet)
    suspects = key_cells.find_suspects(body, mapping)
    body, headers, notes = repeated_headers.follow_headers(body, sheet, mapping, suspects)
    suspects = key_cells.find_suspects(body, mapping) if notes else suspects
    lines = _extract_lines(titles, sheet)
    said = {file_vocabulary.normalise_text(" ".join(line)) for line in lines}
    kinds = _classify_body(body, sheet, mapping, suspects, headers, said)
    if kinds is None:
        return ClassifiedRows(
            body, lines, [], body.clear(), len(titles) + len(body), len(titles), body[ROW].clear(), tuple(notes)
        )
    rows = body.filter(kinds.is_in([word_keys.DATA, word_keys.ODD]))
    filled = len(body) - int((kinds == "blank").sum())
    return ClassifiedRows(
        rows,
        lines,
        _extract_lines(body.filter(kinds == "sign"), sheet),
        body.filter(kinds == word_keys.TOTAL),
        len(titles) + filled,
        len(titles) + filled - len(rows),
        body.filter(kinds == word_keys.ODD)[ROW],
        (*notes, *_note_titles(body.filter(kinds == word_keys.TITLE), sheet)),
    )


def _note_titles(titles: pl.DataFrame, sheet: Sheet) -> list[Note]:
    if not len(titles):
        return []
    first = _extract_lines(titles[:1], sheet)[0][0].strip()
    return [import_note("note_block_titles", rows=len(titles), value=first, row=titles[ROW][0])]


def _extract_lines(rows: pl.DataFrame, sheet: Sheet) -> list[Line]:
    return [[cell for cell in row if cell] for row in rows.select(sheet.columns).iter_rows()]


def _drop_blank_rows(cells: pl.DataFrame, sheet: Sheet) -> pl.DataFrame:
    """Without rows of which every cell is blank."""
    empty = cells.select(pl.all_horizontal(pl.col(sheet.columns[1:] or sheet.columns).is_null())).to_series()
    if not empty.any():
        return cells
    first = cells[sheet.columns[0]].str.strip_chars().fill_null("")
    return cells.filter(~(empty & (first == "")))


def _classify_body(
    body: pl.DataFrame,
    sheet: Sheet,
    mapping: SheetMapping,
    suspects: pl.Series,
    headers: set[int],
    titles: set[str],
) -> pl.Series | None:
    """data, odd, total, title, sign, header or blank for each row; None when all are data.

    A row with a real key is data, unless it is the last and its amounts are the sum of all others.
    """
    keys = key_cells.list_key_columns(mapping)
    if not keys:
        return None
    remarks = _find_remarks(body.select(sheet.columns), titles)
    places = [sheet.columns.index(column) for column in keys]
    rows = body.select(sheet.columns).select(pl.all().gather(suspects)).iter_rows()
    head = _collect_header_cells(sheet, mapping)
    numbers = body[ROW].gather(suspects)
    found = {
        index: "header" if number in headers else _classify_row(row, [row[i] for i in places], head)
        for index, number, row in zip(suspects, numbers, rows, strict=True)
    }
    found |= dict.fromkeys(remarks, "sign")
    found = word_keys.WordKeys(body, sheet, mapping).classify(found)
    if set(found.values()) <= {word_keys.DATA}:
        return None
    return pl.repeat(word_keys.DATA, len(body), eager=True).scatter(list(found), list(found.values()))


def _find_remarks(body: pl.DataFrame, titles: set[str]) -> pl.Series:
    """Indexes of rows with one filled cell that is a remark: 第1页, 备注:…, or a title repeated."""
    always_filled = sum(not column.null_count() for column in body.get_columns())
    is_alone = pl.sum_horizontal(pl.all().is_not_null()) == 1 if always_filled < 2 else pl.repeat(False, pl.len())
    alone = body.select(is_alone).to_series().arg_true()
    texts = body.select(pl.coalesce(pl.all()).gather(alone)).to_series().str.normalize("NFKC").str.strip_chars()
    is_remark = texts.str.contains(f"(?i)^(?:{'|'.join(file_vocabulary.load_row_patterns('line'))})")
    again = file_vocabulary.normalise_column(texts).is_in(sorted(titles))
    return alone.filter(is_remark | again)


def _collect_header_cells(sheet: Sheet, mapping: SheetMapping) -> set[str]:
    """The header's cells, plain: pages of a printed list repeat them."""
    rows = sheet.cells[max(mapping.first_header_row, 0) : mapping.header_row + 1].select(sheet.columns)
    return {file_vocabulary.normalise_text(cell) for row in rows.iter_rows() for cell in row if cell}


def _classify_row(row: tuple[str | None, ...], keys: list[str | None], head: set[str]) -> str:
    """Where a key cell is filled, only that cell can mark the row as not data."""
    cells = _normalise_cells(row)
    if not cells:
        return "blank"
    telling = _normalise_cells(keys) or cells
    if any(_is_total(cell) for cell in telling):
        return "total"
    if any(telling[0].startswith(word) for word in file_vocabulary.load_ignored_words("sign")):
        return "sign"
    return "header" if head.issuperset(cells) else "data"


def _normalise_cells(cells: Iterable[str | None]) -> list[str]:
    return [file_vocabulary.normalise_text(cell) for cell in cells if cell and cell.strip()]


def _is_total(cell: str) -> bool:
    """'合计', '城关支行小计', '共3笔'; an English word only by itself or at the end: TOTAL-001 may be an id."""
    return any(re.fullmatch(pattern, cell) for pattern in file_vocabulary.load_row_patterns("total")) or any(
        cell == word or (cell.endswith(word) and len(cell) < 30) or (not word.isascii() and cell.startswith(word))
        for word in file_vocabulary.load_ignored_words("total")
    )


def filter_rows(rows: pl.DataFrame, wanted: dict[str, list[str]]) -> tuple[pl.DataFrame, int]:
    """Rows whose columns hold one of the wanted texts, and how many were left out."""
    if not wanted:
        return rows, 0
    tests = [pl.col(column).str.strip_chars().is_in(texts) for column, texts in wanted.items()]
    kept = rows.filter(pl.all_horizontal(tests))
    return kept, len(rows) - len(kept)


def compare_totals(
    totals: pl.DataFrame, typed: pl.DataFrame, mapping: SheetMapping, feeds: list[ColumnMapping]
) -> list[Note]:
    """Each total row's balance against the rows above it: since the last total, or since the first row."""
    feed = next((feed for feed in feeds if feed.name == f"{mapping.table}.balance" and feed.how == "column"), None)
    if feed is None or not len(totals):
        return []
    stated = amounts.parse(totals[feed.columns[0]].str.strip_chars(), "money", feed.reading.factor).values
    balances = typed.select(ROW, balance=pl.col(feed.name).fill_null(0).cast(pl.Decimal(38, 2)).cum_sum())
    found: list[Note] = []
    before = Decimal(0)
    for row, amount in zip(totals[ROW], stated, strict=True):
        sums = balances.filter(pl.col(ROW) < row)["balance"]
        above = Decimal(str(sums.item(-1))) if len(sums) else Decimal(0)
        if amount is not None:
            matches = amount in (above, above - before)
            message = "total_matches" if matches else "total_differs"
            note = import_note(message, row=row, stated=f"{amount:,.2f}", computed=f"{above:,.2f}")
            found.append({**note, "matches": matches})
        before = above
    return found
