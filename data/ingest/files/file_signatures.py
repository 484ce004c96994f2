"""Files that are not tables, recognised by their first bytes (data/tables/file_signatures.csv)."""

from dataclasses import dataclass
from functools import cache

from data.errors import InputError
from data.messages.catalogue import BilingualText, bilingual
from data.table_files import read_rows


@dataclass(frozen=True)
class FileSignature:
    """`magic`: the first bytes of such a file; `what` and `advice`: what it is, and what to give instead."""

    magic: bytes
    what: BilingualText
    advice: BilingualText


@cache
def _load_signatures() -> tuple[FileSignature, ...]:
    return tuple(
        FileSignature(bytes.fromhex(row["magic"]), _read_text(row, "what"), _read_text(row, "do"))
        for row in read_rows("file_signatures.csv")
    )


def _read_text(row: dict[str, str], column: str) -> BilingualText:
    """Both languages of a cell; a table from before *_zh has the English alone."""
    return BilingualText(row[f"{column}_en"], row.get(f"{column}_zh", ""))


def reject_foreign_file(name: str, content: bytes) -> None:
    """Raises InputError for a file of another kind."""
    for signature in _load_signatures():
        if content.startswith(signature.magic):
            raise InputError(bilingual("files.not_a_table", name=name, what=signature.what, advice=signature.advice))
