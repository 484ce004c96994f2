"""Amounts that a number format divides (yuan shown as 万元): read as shown where the column says the same unit."""

from decimal import Decimal

from data.errors import InputError
from data.ingest.files.sheet_reading import Sheet
from data.ingest.files.shown_numbers import ScaledCells
from data.ingest.mapping.mapping import ColumnMapping
from data.messages.catalogue import Note, bilingual, import_note


def check_scales(sheet: Sheet, feeds: list[ColumnMapping]) -> list[Note]:
    """Notes on the columns that are read as shown; `feeds` know the unit of their header, title or profile.

    Raises InputError where the column states no unit, or another than the format's: what the cell holds and what it
    shows then differ by that factor, and either may be meant.
    """
    users = {column: feed for feed in feeds for column in feed.columns}
    return [
        _check_column(sheet, users[cells.column], cells)
        for cells in sheet.shown.scaled.values()
        if cells.column in users
    ]


def _check_column(sheet: Sheet, feed: ColumnMapping, cells: ScaledCells) -> Note:
    about = {"column": feed.header, "row": cells.row, "value": cells.value, "shown": cells.shown}
    if feed.target.type != "money" or feed.reading.factor != Decimal(10) ** cells.power:
        raise InputError(bilingual("mapping.format_scales", name=sheet.name, factor=f"{10**cells.power:,}", **about))
    return import_note("note_scaled_cells", factor=f"{10**cells.power:,}", **about)
