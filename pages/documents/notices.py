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
from pages.documents.notice_texts import NoticeTexts

TEMPLATE = "notice.typ"
LOANS_PER_FILE = 100  # loans in one PDF: a printer takes it, and progress moves
PDF_MIME, ZIP_MIME = "application/pdf", "application/zip"
UNSECURED = "unsecured"  # the mark in codes.csv of security that nobody gives


@dataclass(frozen=True)
class PrintedNotices:
    """A PDF, or an archive of several; `loans` and `copies` say what is in it."""

    name: str
    mime: str
    content: bytes
    loans: int
    copies: int


@dataclass(frozen=True)
class NoticeBatch:
    """What to print: `rows` as data.notices gives them, with `apply_by` where it is known."""

    kind: str
    lang: str
    as_of: date
    rows: pl.DataFrame


def render_notices(batch: NoticeBatch, on_progress: Callable[[int], object] | None = None) -> PrintedNotices:
    """Print them all; `done` hears how many loans are finished. Raises PrintingError."""
    texts, rows = notice_texts.load_texts(batch.kind, batch.lang), batch.rows.to_dicts()
    parts = [rows[start : start + LOANS_PER_FILE] for start in range(0, len(rows), LOANS_PER_FILE)]
    finished: dict[int, tuple[bytes, int]] = {}
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        waiting = {pool.submit(_render_part, batch, texts, part): number for number, part in enumerate(parts)}
        for future in as_completed(waiting):
            finished[waiting[future]] = future.result()
            if on_progress:
                on_progress(sum(len(parts[number]) for number in finished))
    files = [finished[number][0] for number in range(len(parts))]
    return _pack_files(batch, files, len(rows), sum(copies for _, copies in finished.values()))


def _pack_files(batch: NoticeBatch, files: list[bytes], loans: int, copies: int) -> PrintedNotices:
    stem = f"{batch.kind}-notices-{batch.as_of}"
    if len(files) == 1:
        return PrintedNotices(f"{stem}.pdf", PDF_MIME, files[0], loans, copies)
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_STORED) as packed:
        for number, file in enumerate(files):
            last = min(loans, (number + 1) * LOANS_PER_FILE)
            packed.writestr(f"{stem}-{number * LOANS_PER_FILE + 1:05}-{last:05}.pdf", file)
    return PrintedNotices(f"{stem}.zip", ZIP_MIME, archive.getvalue(), loans, copies)


def _render_part(batch: NoticeBatch, texts: NoticeTexts, rows: list[dict[str, Any]]) -> tuple[bytes, int]:
    sheets = [sheet for row in rows for sheet in build_copies(batch, texts, row)]
    name = bank.load_name(batch.lang)
    content = {
        "lang": batch.lang,
        "title": sheets[0]["title"],
        "bank": name or texts.fill_first("file", "bank_not_set", {}),
        "bank_set": name is not None,
        "foot": "",
        "copies": sheets,
    }
    return printing.render_pdf(TEMPLATE, content), len(sheets)


def build_copies(batch: NoticeBatch, texts: NoticeTexts, row: dict[str, Any]) -> Iterator[dict[str, object]]:
    values = _format_values(batch, texts, row)
    guarantors = _list_guarantors(row)
    yield _build_copy(texts, "borrower", values)
    for _, name in guarantors:
        yield _build_copy(texts, "guarantor", values | {"guarantor": name})
    yield _build_copy(texts, "file", values) | _build_file_copy_parts(batch, texts, row, guarantors)


def _list_guarantors(row: dict[str, Any]) -> list[tuple[tuple[str, ...], str | None]]:
    """(kinds, name) of those who get a copy; one to fill in by hand where security, or its kind, is not on record."""
    kind = dictionary.codes_of_list("guarantee_type").get(row["guarantee_type"])
    if not row["others"] and not row["is_registered"] and (kind is None or kind.attr != UNSECURED):
        return [((row["guarantee_type"],), None)]
    return [(tuple(other["kinds"]), other["name"]) for other in row["others"]]


def _format_values(batch: NoticeBatch, texts: NoticeTexts, row: dict[str, Any]) -> dict[str, str | None]:
    """Everything a text may state, written out; None where it is not known."""
    lang, currency, maturity = batch.lang, row["currency"], row["current_maturity"]
    amounts = {
        name: wording.format_money(row[name], currency, lang)
        for name in ("principal", "balance", "principal_overdue", "interest_overdue")
    }
    before = working_days.last_working_day(maturity) if maturity else None
    return amounts | {
        "number": f"{texts.fill_first('file', 'prefix', {})}-{batch.as_of:%Y%m%d}-{row['loan_id']}",
        "borrower": row["borrower_name"],
        "contract_no": row["contract_no"],
        "loan_id": row["loan_id"],
        "balance_words": wording.spell_amount(row["balance"], currency, lang) or amounts["balance"],
        "disbursed_on": wording.format_day(row["disbursed_on"], lang),
        "maturity": wording.format_day(maturity, lang),
        "as_of": wording.format_day(batch.as_of, lang),
        "pay_by": wording.format_day(before, lang) if before != maturity else None,
        "apply_by": wording.format_day(row["apply_by"], lang) if _is_in_time(batch, row["apply_by"]) else None,
        "days_past_due": None if row["days_past_due"] is None else f"{row['days_past_due']:,}",
        "branch": row["branch"],
        "officer": row["officer"],
    }


def _is_in_time(batch: NoticeBatch, apply_by: date | None) -> bool:
    return apply_by is not None and apply_by >= batch.as_of


def _build_copy(texts: NoticeTexts, copy: str, values: dict[str, str | None]) -> dict[str, object]:
    facts = [line.partition("|")[::2] for line in texts.fill_all(copy, "fact", values)]
    parts = ("number", "title", "to", "signature", "date", "contact")
    return {part: texts.fill_first(copy, part, values) for part in parts} | {
        "name": texts.fill_first(copy, "copy", values),
        "facts": facts if len(facts) % 2 == 0 else [*facts, ("", "")],
        "paragraphs": texts.fill_all(copy, "paragraph", values),
        "addressed": None,
        "receipt": _build_receipt(texts, copy, values),
    }


def _build_receipt(texts: NoticeTexts, copy: str, values: dict[str, str | None]) -> dict[str, object] | None:
    """The part to sign and send back; none on a copy without a title for it."""
    title = texts.fill_first(copy, "receipt", values)
    return (
        {
            "title": title,
            "to": texts.fill_first(copy, "receipt_to", values),
            "received": texts.fill_first(copy, "received", values),
            "lines": texts.fill_all(copy, "receipt_line", values),
        }
        if title
        else None
    )


def _build_file_copy_parts(
    batch: NoticeBatch, texts: NoticeTexts, row: dict[str, Any], guarantors: list[tuple[tuple[str, ...], str | None]]
) -> dict[str, object]:
    """What the file copy alone bears: to whom the others went, with room for how and when."""
    kinds = dictionary.codes_of_list("guarantee_type")
    names = [
        (row["borrower_name"] or wording.BLANK)
        + _format_role(dictionary.codes_of_list("notice_party")["borrower"], batch.lang)
    ]
    for own, name in guarantors:
        role = ("、" if batch.lang == "zh" else ", ").join(
            _choose_code_label(kinds[kind], batch.lang) for kind in own if kind in kinds
        )
        names.append((name or wording.BLANK) + (_add_brackets(role, batch.lang) if role else ""))
    note = "nobody" if not guarantors else "unnamed" if any(name is None for _, name in guarantors) else None
    extra = texts.fill_all("file", note, {}) if note else []
    return {
        "addressed": names,
        "delivery_heads": [
            texts.fill_first("file", part, {})
            for part in ("addressed", "addressed_by", "addressed_on", "addressed_receipt")
        ],
        "paragraphs": [*texts.fill_all("file", "paragraph", _format_values(batch, texts, row)), *extra],
    }


def _choose_code_label(code: dictionary.Code, lang: str) -> str:
    return code.zh if lang == "zh" else code.en


def _format_role(code: dictionary.Code, lang: str) -> str:
    return _add_brackets(_choose_code_label(code, lang), lang)


def _add_brackets(text: str, lang: str) -> str:
    return f"（{text}）" if lang == "zh" else f" ({text})"
