"""Identity of people in exported files: staff given by name and number, identity cards that a spreadsheet has cut."""

import polars as pl

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
CUT = r"^[1-9]\d{14}000$"
WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
CHECKS = "10X98765432"
"""GB 11643: the check digit by the weighted sum modulo 11."""
Notes = tuple[tuple[str, int, str, int], ...]


def extract_staff_numbers(cells: pl.Series) -> tuple[pl.Series, Notes]:
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
        *_build_note("note_officer_split", split, cells),
        *_build_note("note_officers_several", several, cells),
    )


def normalise_id_cards(cells: pl.Series) -> tuple[pl.Series, Notes]:
    """A trailing x is X; numbers that end in 000 and fail their check digit have lost their last digits."""
    values = cells.str.replace(r"^(\d{17})x$", "${1}X")
    suspects = values.str.contains(CUT).fill_null(False)
    if not suspects.any():
        return values, ()
    cut = pl.select(pl.when(suspects).then(values).str.head(17)).to_series()
    total = sum((cut.str.slice(i, 1).cast(pl.Int32) * weight for i, weight in enumerate(WEIGHTS)), start=0)
    fails = pl.Series([CHECKS[rest % 11] != "0" if rest is not None else False for rest in total])
    return values, _build_note("note_id_digits", fails, cells)


def _build_note(message: str, mask: pl.Series, cells: pl.Series) -> Notes:
    index = mask.arg_true()
    return ((message, len(index), str(cells[index[0]]), int(index[0])),) if len(index) else ()
