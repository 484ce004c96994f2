"""Notices of maturity and demands in three copies (borrower, each guarantor, file), for one loan or for thousands.

What they say stands in notice_texts.csv, how they look in notice.typ. More than a file holds become several files in
one archive, in the order of the list; no loan is left out.
"""

import io
import os
import zipfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from datetime import date
from typing import Any

import polars as pl

from data import dictionary
from data.reference import working_days
from pages.documents import bank, notice_texts, printing, wording
from pages.documents.notice_texts import Texts

TEMPLATE = "notice.typ"
A_FILE = 100  # loans in one PDF: a printer takes it, and progress moves
PDF, ZIP = "application/pdf", "application/zip"
UNSECURED = "unsecured"  # the mark in codes.csv of security that nobody gives


@dataclass(frozen=True)
class Printed:
    """A PDF, or an archive of several; `loans` and `copies` say what is in it."""

    name: str
    mime: str
    content: bytes
    loans: int
    copies: int


@dataclass(frozen=True)
class Order:
    """What to print: `rows` as data.notices gives them, with `apply_by` where it is known."""

    kind: str
    lang: str
    as_of: date
    rows: pl.DataFrame


def make(order: Order, done: Callable[[int], object] | None = None) -> Printed:
    """Print them all; `done` hears how many loans are finished. Raises PrintingError."""
    texts, rows = notice_texts.read(order.kind, order.lang), order.rows.to_dicts()
    parts = [rows[start : start + A_FILE] for start in range(0, len(rows), A_FILE)]
    finished: dict[int, tuple[bytes, int]] = {}
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        waiting = {pool.submit(_part, order, texts, part): number for number, part in enumerate(parts)}
        for future in as_completed(waiting):
            finished[waiting[future]] = future.result()
            if done:
                done(sum(len(parts[number]) for number in finished))
    files = [finished[number][0] for number in range(len(parts))]
    return _packed(order, files, len(rows), sum(copies for _, copies in finished.values()))


def _packed(order: Order, files: list[bytes], loans: int, copies: int) -> Printed:
    stem = f"{order.kind}-notices-{order.as_of}"
    if len(files) == 1:
        return Printed(f"{stem}.pdf", PDF, files[0], loans, copies)
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_STORED) as packed:
        for number, file in enumerate(files):
            last = min(loans, (number + 1) * A_FILE)
            packed.writestr(f"{stem}-{number * A_FILE + 1:05}-{last:05}.pdf", file)
    return Printed(f"{stem}.zip", ZIP, archive.getvalue(), loans, copies)


def _part(order: Order, texts: Texts, rows: list[dict[str, Any]]) -> tuple[bytes, int]:
    sheets = [sheet for row in rows for sheet in copies(order, texts, row)]
    name = bank.name(order.lang)
    content = {
        "lang": order.lang,
        "title": sheets[0]["title"],
        "bank": name or texts.one("file", "bank_not_set", {}),
        "bank_set": name is not None,
        "foot": "",
        "copies": sheets,
    }
    return printing.pdf(TEMPLATE, content), len(sheets)


def copies(order: Order, texts: Texts, row: dict[str, Any]) -> Iterator[dict[str, object]]:
    values = _values(order, texts, row)
    guarantors = _guarantors(row)
    yield _copy(texts, "borrower", values)
    for _, name in guarantors:
        yield _copy(texts, "guarantor", values | {"guarantor": name})
    yield _copy(texts, "file", values) | _filed(order, texts, row, guarantors)


def _guarantors(row: dict[str, Any]) -> list[tuple[tuple[str, ...], str | None]]:
    """(kinds, name) of those who get a copy; one to fill in by hand where security, or its kind, is not on record."""
    kind = dictionary.codes("guarantee_type").get(row["guarantee_type"])
    if not row["others"] and not row["is_registered"] and (kind is None or kind.attr != UNSECURED):
        return [((row["guarantee_type"],), None)]
    return [(tuple(other["kinds"]), other["name"]) for other in row["others"]]


def _values(order: Order, texts: Texts, row: dict[str, Any]) -> dict[str, str | None]:
    """Everything a text may state, written out; None where it is not known."""
    lang, currency, maturity = order.lang, row["currency"], row["current_maturity"]
    amounts = {
        name: wording.money(row[name], currency, lang)
        for name in ("principal", "balance", "principal_overdue", "interest_overdue")
    }
    before = working_days.on_or_before(maturity) if maturity else None
    return amounts | {
        "number": f"{texts.one('file', 'prefix', {})}-{order.as_of:%Y%m%d}-{row['loan_id']}",
        "borrower": row["borrower_name"],
        "contract_no": row["contract_no"],
        "loan_id": row["loan_id"],
        "balance_words": wording.in_words(row["balance"], currency, lang) or amounts["balance"],
        "disbursed_on": wording.day(row["disbursed_on"], lang),
        "maturity": wording.day(maturity, lang),
        "as_of": wording.day(order.as_of, lang),
        "pay_by": wording.day(before, lang) if before != maturity else None,
        "apply_by": wording.day(row["apply_by"], lang) if _in_time(order, row["apply_by"]) else None,
        "days_past_due": None if row["days_past_due"] is None else f"{row['days_past_due']:,}",
        "branch": row["branch"],
        "officer": row["officer"],
    }


def _in_time(order: Order, apply_by: date | None) -> bool:
    return apply_by is not None and apply_by >= order.as_of


def _copy(texts: Texts, copy: str, values: dict[str, str | None]) -> dict[str, object]:
    facts = [line.partition("|")[::2] for line in texts.all(copy, "fact", values)]
    parts = ("number", "title", "to", "signature", "date", "contact")
    return {part: texts.one(copy, part, values) for part in parts} | {
        "name": texts.one(copy, "copy", values),
        "facts": facts if len(facts) % 2 == 0 else [*facts, ("", "")],
        "paragraphs": texts.all(copy, "paragraph", values),
        "addressed": None,
        "receipt": _receipt(texts, copy, values),
    }


def _receipt(texts: Texts, copy: str, values: dict[str, str | None]) -> dict[str, object] | None:
    """The part to sign and send back; none on a copy without a title for it."""
    title = texts.one(copy, "receipt", values)
    return (
        {
            "title": title,
            "to": texts.one(copy, "receipt_to", values),
            "received": texts.one(copy, "received", values),
            "lines": texts.all(copy, "receipt_line", values),
        }
        if title
        else None
    )


def _filed(
    order: Order, texts: Texts, row: dict[str, Any], guarantors: list[tuple[tuple[str, ...], str | None]]
) -> dict[str, object]:
    """What the file copy alone bears: to whom the others went, with room for how and when."""
    kinds = dictionary.codes("guarantee_type")
    names = [(row["borrower_name"] or wording.BLANK) + _role(dictionary.codes("notice_party")["borrower"], order.lang)]
    for own, name in guarantors:
        role = ("、" if order.lang == "zh" else ", ").join(
            _label(kinds[kind], order.lang) for kind in own if kind in kinds
        )
        names.append((name or wording.BLANK) + (_bracketed(role, order.lang) if role else ""))
    note = "nobody" if not guarantors else "unnamed" if any(name is None for _, name in guarantors) else None
    extra = texts.all("file", note, {}) if note else []
    return {
        "addressed": names,
        "delivery_heads": [
            texts.one("file", part, {}) for part in ("addressed", "addressed_by", "addressed_on", "addressed_receipt")
        ],
        "paragraphs": [*texts.all("file", "paragraph", _values(order, texts, row)), *extra],
    }


def _label(code: dictionary.Code, lang: str) -> str:
    return code.zh if lang == "zh" else code.en


def _role(code: dictionary.Code, lang: str) -> str:
    return _bracketed(_label(code, lang), lang)


def _bracketed(text: str, lang: str) -> str:
    return f"（{text}）" if lang == "zh" else f" ({text})"
