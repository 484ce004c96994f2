"""Identity of people in exported files: staff given by name and number, identity cards that a spreadsheet has cut."""

import polars as pl

from data.ingest.parsing.blank_cells import ParseNote, build_notes

STAFF_FIELDS = frozenset({"officer_id", "staff_id", "inspector_id", "approver_id", "judged_by", "verified_by"})
"""Fields that hold a staff number."""
ID_CARD_FIELD = "id_no"
NUMBER_FORMS = (
    r"^[^()\d]+\(([0-9A-Za-z]+)\)$",
    r"^([0-9A-Za-z]+)\(\p{Han}[\p{Han}·]*\)$",
    r"^\p{Han}[\p{Han}·]*[-_/ ]*([0-9][0-9A-Za-z]*)$",
    r"^([0-9][0-9A-Za-z]*)[-_/ ]*\p{Han}[\p{Han}·]*$",
)
SEVERAL = r"\p{Han}[^()]*[/、,;&+][^()]*\p{Han}"
LOST_DIGITS = r"^\d(\.\d+)?[eE]\+\d+$"
"""A number of more than 15 digits as a spreadsheet writes it: its last digits are lost."""
QUOTES = r"^['`]"
CUT = r"^[1-9]\d{14}000$"
WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
CHECKS = "10X98765432"
"""GB 11643: the check digit by the weighted sum modulo 11."""


def normalise_ids(cells: pl.Series, field: str) -> tuple[pl.Series, tuple[ParseNote, ...]]:
    """Ids in half-width characters without a leading quote; null where a spreadsheet has lost digits."""
    lost = cells.str.contains(LOST_DIGITS)
    cleaned = cells
    if (cells.str.len_bytes() != cells.str.len_chars()).any():
        cleaned = cells.str.normalize("NFKC")
    if cells.str.contains(QUOTES).any():
        cleaned = cleaned.str.replace(QUOTES, "")
    notes: tuple[ParseNote, ...] = ()
    if field in STAFF_FIELDS:
        cleaned, notes = extract_staff_numbers(cleaned)
    elif field == ID_CARD_FIELD:
        cleaned, notes = normalise_id_cards(cleaned)
    return pl.select(pl.when(~lost).then(cleaned)).to_series() if lost.any() else cleaned, notes


def extract_staff_numbers(cells: pl.Series) -> tuple[pl.Series, tuple[ParseNote, ...]]:
    """张三(0123), 0123-张三 -> 0123; a name alone, or several, stays as written."""
    odd = cells.filter(cells.str.contains(r"\p{Han}"))
    if not len(odd):
        return cells, ()
    frame = cells.rename("text").to_frame()
    found = frame.select(pl.coalesce(pl.col("text").str.extract(form) for form in NUMBER_FORMS)).to_series()
    split = found.is_not_null()
    several = cells.str.contains(SEVERAL).fill_null(False) & ~split
    values = pl.select(pl.coalesce(found, cells)).to_series()
    return values, (
        *build_notes("note_officer_split", split, cells),
        *build_notes("note_officers_several", several, cells),
    )


def normalise_id_cards(cells: pl.Series) -> tuple[pl.Series, tuple[ParseNote, ...]]:
    """A trailing x is X; numbers that end in 000 and fail their check digit have lost their last digits."""
    values = cells.str.replace(r"^(\d{17})x$", "${1}X")
    suspects = values.str.contains(CUT).fill_null(False)
    if not suspects.any():
        return values, ()
    cut = pl.select(pl.when(suspects).then(values).str.head(17)).to_series()
    digits = (cut.str.slice(i, 1).cast(pl.Int32) * weight for i, weight in enumerate(WEIGHTS))
    total = sum(digits, start=pl.repeat(0, len(cells), dtype=pl.Int32, eager=True))
    fails = pl.Series([CHECKS[rest % 11] != "0" if rest is not None else False for rest in total])
    return values, build_notes("note_id_digits", fails, cells)
