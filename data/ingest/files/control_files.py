"""Control files beside a data file (.log, .ctl …): its digest, size and number of records are verified."""

import hashlib
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from data.errors import InputError
from data.ingest.files import encodings
from data.ingest.parsing import file_vocabulary
from data.messages.catalogue import bilingual
from data.table_files import read_rows

DIGEST = re.compile(r"\b([0-9a-fA-F]{64}|[0-9a-fA-F]{32})\b")
NUMBER = re.compile(r"(?<![\w.-])(\d{1,3}(?:,\d{3})+|\d{1,15})(?![\w.-])")
LABELLED = re.compile(r"([^\W\d_][\w ()]*?)\s*[=:：|]\s*(\d[\d,]*)\b")
HASHES = {32: "md5", 64: "sha256"}


@dataclass(frozen=True)
class ControlFile:
    """The contents of a control file; None for what it does not give. `size` in bytes."""

    name: str
    digest: str | None
    size: int | None
    rows: int | None


@cache
def _load_words(kind: str) -> frozenset[str]:
    return frozenset(row["text"] for row in read_rows("control_files.csv") if row["kind"] == kind)


def is_control_file(path: Path) -> bool:
    return path.suffix.lower() in _load_words("suffix")


def find_control_file(path: Path) -> Path | None:
    """The control file of a data file: same folder and name, or the name with a suffix more."""
    names = [path.stem.lower(), path.name.lower()]
    try:
        found = [other for other in path.parent.iterdir() if is_control_file(other) and other.stem.lower() in names]
    except OSError:
        # Reading the data file reports what is wrong with its folder.
        return None
    return min(found, default=None)


def parse(name: str, content: bytes, data_size: int) -> ControlFile:
    """`data_size`: bytes of the data file. Raises InputError for neither a digest nor a number of records."""
    text = encodings.decode_to_utf8(name, content)[0].decode() if content else ""
    digest = DIGEST.search(text)
    size, rows = _find_labelled_number(text, "size"), _find_labelled_number(text, "rows")
    if size is None and rows is None:
        size, rows = _infer_size_and_rows(DIGEST.sub(" ", text), data_size)
    if digest is None and rows is None:
        raise InputError(bilingual("files.control_without_digest_or_count", name=name))
    return ControlFile(name, digest[1].lower() if digest else None, size, rows)


def _find_labelled_number(text: str, kind: str) -> int | None:
    for label, number in LABELLED.findall(text):
        if file_vocabulary.normalise_text(label) in {
            file_vocabulary.normalise_text(word) for word in _load_words(kind)
        }:
            return int(number.replace(",", ""))
    return None


def _infer_size_and_rows(text: str, data_size: int) -> tuple[int | None, int | None]:
    """Size in bytes and records: the numbers beside each other of which one is the size, or else the last two."""
    numbers = [int(number.replace(",", "")) for number in NUMBER.findall(text)]
    if len(numbers) < 2:
        return None, numbers[0] if numbers else None
    if data_size in numbers:
        at = numbers.index(data_size)
        return data_size, numbers[at + 1] if at + 1 < len(numbers) else numbers[at - 1]
    return max(numbers[-2:]), min(numbers[-2:])


def verify_content(name: str, content: bytes, control: ControlFile) -> None:
    """Raises InputError when size or digest differ from the control file's."""
    if control.size is not None and control.size != len(content):
        raise InputError(
            bilingual(
                "files.control_size_differs", name=name, size=len(content), control=control.name, stated=control.size
            )
        )
    if control.digest is None:
        return
    algorithm = HASHES[len(control.digest)]
    digest = hashlib.new(algorithm, content, usedforsecurity=False).hexdigest()
    if digest != control.digest:
        raise InputError(
            bilingual(
                "files.control_digest_differs",
                name=name,
                algorithm=algorithm.upper(),
                digest=digest,
                control=control.name,
                stated=control.digest,
            )
        )


def verify_row_count(name: str, rows: int, control: ControlFile) -> None:
    """Raises InputError when the number of records differs from the control file's."""
    if control.rows is not None and control.rows != rows:
        raise InputError(
            bilingual("files.control_rows_differ", name=name, rows=rows, control=control.name, stated=control.rows)
        )
