"""Classifies the rows of an export that are not data: titles, totals, signatures, blank rows."""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from decimal import Decimal

import polars as pl

from data.ingest.files.sheet_cells import ROW
from data.ingest.files.sheet_reading import Sheet
from data.ingest.mapping.mapping import ColumnMapping, SheetMapping
from data.ingest.mapping.title_lines import Line
from data.ingest.parsing import amounts, file_vocabulary
from data.messages.catalogue import Note, import_note

Join = Callable[[pl.DataFrame], pl.DataFrame]


@dataclass(frozen=True)
class ClassifiedRows:
    """`rows` are data rows; `totals` the total rows; `ignored` counts titles, totals, signatures, repeated headers.

    `titles`, `footers`: the lines above the header, and those among and below the rows that are not data.
    """

    rows: pl.DataFrame
    titles: list[Line]
    footers: list[Line]
    totals: pl.DataFrame
    rows_in: int
    ignored: int


def classify_rows(sheet: Sheet, mapping: SheetMapping) -> ClassifiedRows:
    above, below = sheet.cells[: mapping.first_header_row], sheet.cells[mapping.header_row + 1 :]
    titles = _drop_blank_rows(above, sheet)
    body = _drop_blank_rows(below, sheet)
    lines = _extract_lines(titles, sheet)
    kinds = _classify_body(body, sheet, mapping, {file_vocabulary.normalise_text(" ".join(line)) for line in lines})
    rows, totals, signs = (
        (body.filter(kinds == kind) for kind in ("data", "total", "sign"))
        if kinds is not None
        else (body, body.clear(), body.clear())
    )
    body = body if kinds is None else body.filter(kinds != "blank")
    return ClassifiedRows(
        rows,
        lines,
        _extract_lines(signs, sheet),
        totals,
        len(titles) + len(body),
        len(titles) + len(body) - len(rows),
    )


def _extract_lines(rows: pl.DataFrame, sheet: Sheet) -> list[Line]:
    return [[cell for cell in row if cell] for row in rows.select(sheet.columns).iter_rows()]


def _drop_blank_rows(cells: pl.DataFrame, sheet: Sheet) -> pl.DataFrame:
    """Without rows of which every cell is blank."""
    empty = cells.select(pl.all_horizontal(pl.col(sheet.columns[1:] or sheet.columns).is_null())).to_series()
    if not empty.any():
        return cells
    first = cells[sheet.columns[0]].str.strip_chars().fill_null("")
    return cells.filter(~(empty & (first == "")))


def _list_key_columns(mapping: SheetMapping) -> list[str]:
    group = file_vocabulary.load_required_fields(mapping.table)[0]
    own = [feed for feed in mapping.column_mappings if feed.table == mapping.table and feed.field in group]
    return [column for feed in own for column in feed.columns if column in mapping.headers]


def _classify_body(body: pl.DataFrame, sheet: Sheet, mapping: SheetMapping, titles: set[str]) -> pl.Series | None:
    """data, total, sign, header or blank for each row; None when all are data. A row with a real key is data."""
    keys = _list_key_columns(mapping)
    if not keys:
        return None
    suspects = body.select(
        pl.all_horizontal(_lacks_key(column, mapping.headers[column]) for column in keys)
    ).to_series()
    remarks, index = _find_remarks(body.select(sheet.columns), titles), suspects.arg_true()
    places = [sheet.columns.index(column) for column in keys]
    rows = body.select(sheet.columns).select(pl.all().gather(index)).iter_rows()
    head = _collect_header_cells(sheet, mapping)
    found = [_classify_row(row, [row[i] for i in places], head) for row in rows]
    if not len(remarks) and set(found) <= {"data"}:
        return None
    return pl.repeat("data", len(body), eager=True).scatter(index, found).scatter(remarks, "sign")


def _find_remarks(body: pl.DataFrame, titles: set[str]) -> pl.Series:
    """Indexes of rows with one filled cell that is a remark: 第1页, 备注:…, or a title repeated."""
    always_filled = sum(not column.null_count() for column in body.get_columns())
    is_alone = pl.sum_horizontal(pl.all().is_not_null()) == 1 if always_filled < 2 else pl.repeat(False, pl.len())
    alone = body.select(is_alone).to_series().arg_true()
    texts = body.select(pl.coalesce(pl.all()).gather(alone)).to_series().str.normalize("NFKC").str.strip_chars()
    is_remark = texts.str.contains(f"(?i)^(?:{'|'.join(file_vocabulary.load_row_patterns('line'))})")
    again = file_vocabulary.normalise_column(texts).is_in(sorted(titles))
    return alone.filter(is_remark | again)


def _lacks_key(column: str, header: str) -> pl.Expr:
    marks = sorted(file_vocabulary.load_ignored_words("total") | file_vocabulary.load_ignored_words("sign"))
    spaced = "|".join(
        (*(r"[\s_]*".join(map(re.escape, word)) for word in marks), *file_vocabulary.load_row_patterns("total"))
    )
    cell = pl.col(column)
    return cell.is_null() | (cell.str.strip_chars() == "") | cell.str.contains(f"(?i){spaced}") | (cell == header)


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
