"""The texts of notices: rows of notice_texts.csv, which a bank may replace; names in braces are what they state."""

import csv
import io
import re
from collections.abc import Mapping
from dataclasses import dataclass

from data.messages.catalogue import bilingual
from pages.documents import printing
from pages.documents.wording import BLANK

TABLE = "notice_texts.csv"
KINDS = ("maturity", "collection")
COPIES = ("borrower", "guarantor", "file")
ANY_COPY = "*"
PLACEHOLDER = re.compile(r"\{(\w*)\}")
KNOWN_PLACEHOLDERS = (
    "number",
    "borrower",
    "guarantor",
    "contract_no",
    "loan_id",
    "principal",
    "balance",
    "balance_words",
    "disbursed_on",
    "maturity",
    "as_of",
    "pay_by",
    "apply_by",
    "days_past_due",
    "principal_overdue",
    "interest_overdue",
    "branch",
    "officer",
)
REQUIRED_PARTS = ("title", "prefix", "copy", "to", "number", "contact", "signature", "date")


@dataclass(frozen=True)
class NoticeText:
    """One text of one part; an `optional` one is left out where something that it states is not known."""

    part: str
    optional: bool
    template: str

    def fill(self, values: Mapping[str, str | None]) -> str | None:
        if self.optional and any(not values.get(name) for name in PLACEHOLDER.findall(self.template)):
            return None
        return PLACEHOLDER.sub(lambda hole: values.get(hole[1]) or BLANK, self.template)


@dataclass(frozen=True)
class NoticeTexts:
    """The texts of one kind of notice in one language, by copy."""

    rows: dict[str, tuple[NoticeText, ...]]

    def fill_all(self, copy: str, part: str, values: Mapping[str, str | None]) -> list[str]:
        filled = (text.fill(values) for text in self.rows[copy] if text.part == part)
        return [text for text in filled if text is not None]

    def fill_first(self, copy: str, part: str, values: Mapping[str, str | None]) -> str:
        """The text of a part; empty where the bank's table has none."""
        return next(iter(self.fill_all(copy, part, values)), "")


def load_texts(kind: str, lang: str) -> NoticeTexts:
    """The texts of one kind of notice in one language. Raises PrintingError for a table that cannot be used."""
    rows = list(csv.DictReader(io.StringIO(printing.read_template(TABLE).lstrip("\ufeff"))))
    for number, row in enumerate(rows, start=2):
        _require_valid_row(number, row)
    own = [row for row in rows if row["kind"] in (kind, ANY_COPY)]
    texts = NoticeTexts(
        {
            copy: tuple(
                NoticeText(row["part"], bool(row["optional"]), row[lang]) for row in own if _applies_to_copy(row, copy)
            )
            for copy in COPIES
        }
    )
    for copy in COPIES:
        _require_all_parts(texts, kind, copy)
    return texts


def _applies_to_copy(row: dict[str, str], copy: str) -> bool:
    return not {copy, ANY_COPY}.isdisjoint(row["copy"].split("|"))


def _require_valid_row(number: int, row: dict[str, str]) -> None:
    if None in row or None in row.values() or set(row) != {"kind", "copy", "part", "optional", "zh", "en"}:
        raise printing.PrintingError(bilingual("documents.wrong_cells", table=TABLE, row=number))
    unknown = {name for lang in ("zh", "en") for name in PLACEHOLDER.findall(row[lang])} - set(KNOWN_PLACEHOLDERS)
    if unknown:
        names = ", ".join(f"{{{name}}}" for name in KNOWN_PLACEHOLDERS)
        found = ", ".join(sorted(unknown)) or "{}"
        raise printing.PrintingError(
            bilingual("documents.unknown_placeholder", table=TABLE, row=number, unknown=found, names=names)
        )


def _require_all_parts(texts: NoticeTexts, kind: str, copy: str) -> None:
    for part in REQUIRED_PARTS:
        if not any(text.part == part for text in texts.rows[copy]):
            raise printing.PrintingError(
                bilingual("documents.missing_part", table=TABLE, part=part, kind=kind, copy=copy)
            )
