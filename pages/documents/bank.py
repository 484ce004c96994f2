"""The bank's own name, as its documents bear it: a row of bank.csv, which stands beside the templates."""

import csv
import io

from pages.documents import printing

TABLE = "bank.csv"
NAME_ITEM = "name"


def load_name(lang: str) -> str | None:
    """In that language, else in the other; None where it is not set."""
    rows = {row["item"]: row for row in csv.DictReader(io.StringIO(printing.read_template(TABLE)))}
    row = rows.get(NAME_ITEM, {})
    return (row.get(lang) or row.get("zh") or row.get("en") or "").strip() or None
