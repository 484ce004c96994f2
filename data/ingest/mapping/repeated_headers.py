"""A header that comes again below: the rows under it follow its order of columns."""

from dataclasses import dataclass

import polars as pl

from data.errors import InputError
from data.ingest.files.sheet_cells import ROW, WIDTH
from data.ingest.files.sheet_reading import Sheet
from data.ingest.mapping import header_vocabulary, key_cells
from data.ingest.mapping.mapping import SheetMapping
from data.ingest.parsing import file_vocabulary
from data.messages.catalogue import BilingualText, Note, bilingual, import_note


@dataclass(frozen=True)
class RepeatedHeader:
    """A header at `index` of the body. `places`: column of the sheet -> the first header's column of that name.

    `ignored`: columns whose header says that they do not matter.
    """

    index: int
    row: int
    places: dict[str, str]
    ignored: frozenset[str]

    @property
    def moves(self) -> bool:
        return any(column != first for column, first in self.places.items())


def follow_headers(
    body: pl.DataFrame, sheet: Sheet, mapping: SheetMapping, suspects: pl.Series
) -> tuple[pl.DataFrame, set[int], list[Note]]:
    """The rows with their cells in the columns of the first header, the numbers of the headers among them, and notes.

    Raises InputError for a header with columns that the first does not have, or in another unit.
    """
    if mapping.header_row < 0 or not len(suspects):
        return body, set(), []
    headers = _find_headers(body, sheet, mapping, suspects)
    numbers = {header.row for header in headers}
    if not any(header.moves for header in headers):
        return body, numbers, []
    _reject_marked_cells(sheet, mapping, next(header for header in headers if header.moves))
    parts = [body[: headers[0].index]]
    for header, after in zip(headers, [*headers[1:], None], strict=True):
        part = body[header.index : after.index if after else None]
        parts.append(_move_cells(part, sheet, header) if header.moves else part)
    notes: list[Note] = [
        import_note("note_header_again", row=header.row, first=mapping.header_row + 1)
        for header in headers
        if header.moves
    ]
    return pl.concat(parts), numbers, notes


def _find_headers(body: pl.DataFrame, sheet: Sheet, mapping: SheetMapping, suspects: pl.Series) -> list[RepeatedHeader]:
    first = {column: file_vocabulary.normalise_text(header) for column, header in mapping.headers.items()}
    keys = {first[column] for column in key_cells.list_key_columns(mapping)} | _list_key_words(mapping.table)
    rows = body.select(sheet.columns).select(pl.all().gather(suspects)).iter_rows(named=True)
    numbers = body[ROW].gather(suspects)
    found = []
    for index, row, number in zip(suspects, rows, numbers, strict=True):
        cells = {column: cell for column, cell in row.items() if cell and cell.strip()}
        plain = {column: file_vocabulary.normalise_text(cell) for column, cell in cells.items()}
        if len(cells) > 1 and not keys.isdisjoint(plain.values()) and not _repeats_deep_header(plain, sheet, mapping):
            found.append(RepeatedHeader(index, number, *_match_columns(sheet, mapping, number, cells, first)))
    return found


def _list_key_words(table: str) -> set[str]:
    group = file_vocabulary.load_required_fields(table)[0]
    return {word for word, name in header_vocabulary.build_vocabulary(table).items() if name in group}


def _repeats_deep_header(plain: dict[str, str], sheet: Sheet, mapping: SheetMapping) -> bool:
    """Whether a row is, cell by cell, one of the rows of a header of several."""
    if mapping.header_depth < 2:
        return False
    rows = sheet.cells[mapping.first_header_row : mapping.header_row + 1].select(sheet.columns).iter_rows(named=True)
    return any(
        all(file_vocabulary.normalise_text(row[column] or "") == text for column, text in plain.items()) for row in rows
    )


def _match_columns(
    sheet: Sheet, mapping: SheetMapping, row: int, cells: dict[str, str], first: dict[str, str]
) -> tuple[dict[str, str], frozenset[str]]:
    """Column -> the column of the first header with the same text, or else for the same field in the same unit."""
    found: dict[str, str] = {}
    strangers, ignored = [], set()
    for column, cell in cells.items():
        same = [place for place, text in first.items() if text == file_vocabulary.normalise_text(cell)]
        place = column if column in same else same[0] if len(same) == 1 else _find_field_column(mapping, cell)
        if place and place not in found.values():
            found[column] = place
        elif header_vocabulary.is_ignorable(cell):
            ignored.add(column)
        else:
            strangers.append(" ".join(cell.split()))
    if strangers:
        raise _build_error(sheet, mapping, row, strangers)
    return found, frozenset(ignored)


def _find_field_column(mapping: SheetMapping, cell: str) -> str | None:
    """The column that feeds the field which the cell names, where both say the same unit."""
    meant = header_vocabulary.find_candidates(cell, mapping.table)
    unit = header_vocabulary.split_unit(cell)[1]
    for feed in mapping.column_mappings:
        same_unit = header_vocabulary.split_unit(feed.header)[1] == unit
        if (feed.table, feed.field) in meant[:1] and feed.how == "column" and same_unit:
            return feed.columns[0]
    return None


def _build_error(sheet: Sheet, mapping: SheetMapping, row: int, strangers: list[str]) -> InputError:
    columns = BilingualText(", ".join(f"'{text}'" for text in strangers), "、".join(f"“{text}”" for text in strangers))
    return InputError(
        bilingual("mapping.another_header", name=sheet.name, row=row, first=mapping.header_row + 1, columns=columns)
    )


def _reject_marked_cells(sheet: Sheet, mapping: SheetMapping, header: RepeatedHeader) -> None:
    """Raises InputError where merged or scaled cells are named by columns that the header has moved."""
    merged = any(last[0] + 1 > header.row and last[0] > start[0] for start, last in sheet.merges)
    if merged or sheet.shown.scaled:
        moved = [mapping.headers[first] for column, first in header.places.items() if column != first]
        raise _build_error(sheet, mapping, header.row, moved)


def _move_cells(part: pl.DataFrame, sheet: Sheet, header: RepeatedHeader) -> pl.DataFrame:
    """The rows under a header with each cell in its column of the first header.

    A row that fills the header's columns is whole; a cell beside them makes it too long, as elsewhere.
    """
    sources = {first: column for column, first in header.places.items()}
    beyond = sheet.columns[-1]
    others = [column for column in sheet.columns if column not in header.places and column not in header.ignored]
    moved = {
        column: pl.col(sources[column]) if column in sources else pl.lit(None, pl.String) for column in sheet.columns
    }
    moved[beyond] = pl.coalesce(others)
    needed = max(int(column[1:]) for column in header.places) + 1
    width = pl.when(pl.col(WIDTH) >= needed).then(len(sheet.columns) - 1).otherwise(0).cast(pl.UInt32)
    return part.with_columns(**moved, **{WIDTH: width})
