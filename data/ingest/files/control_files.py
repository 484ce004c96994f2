"""Control files beside a data file (.log, .ctl …): its digest, size and number of records are verified."""

import hashlib
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from data.errors import InputError
from data.ingest.files import encodings
from data.ingest.parsing import file_vocabulary

DIGEST = re.compile(r"\b([0-9a-fA-F]{64}|[0-9a-fA-F]{32})\b")
NUMBER = re.compile(r"(?<![\w.-])(\d{1,3}(?:,\d{3})+|\d{1,15})(?![\w.-])")
LABELLED = re.compile(r"([^\W\d_][\w ()]*?)\s*[=:：|]\s*(\d[\d,]*)\b")
HASHES = {32: "md5", 64: "sha256"}


@dataclass(frozen=True)
class Control:
    """What a control file says; None where it does not say it."""

    name: str
    digest: str | None
    size: int | None
    rows: int | None


@cache
def _words(kind: str) -> frozenset[str]:
    return frozenset(row["text"] for row in file_vocabulary.rows("sidecars.csv") if row["kind"] == kind)


def is_control(path: Path) -> bool:
    return path.suffix.lower() in _words("suffix")


def beside(path: Path) -> Path | None:
    """The control file of a data file: same folder and name, or the name with a suffix more."""
    names = [path.stem.lower(), path.name.lower()]
    try:
        found = [other for other in path.parent.iterdir() if is_control(other) and other.stem.lower() in names]
    except OSError:
        # The data file's own reading says what is wrong with its folder.
        return None
    return min(found, default=None)


def read(name: str, content: bytes, data_size: int) -> Control:
    """`data_size`: bytes of the data file. Raises InputError where it says neither a digest nor a number of records."""
    text = encodings.to_utf8(name, content)[0].decode() if content else ""
    digest = DIGEST.search(text)
    size, rows = _labelled(text, "size"), _labelled(text, "rows")
    if size is None and rows is None:
        size, rows = _unlabelled(DIGEST.sub(" ", text), data_size)
    if digest is None and rows is None:
        raise InputError(f"{name} says neither a digest nor a number of records. Export it again, or move it away.")
    return Control(name, digest[1].lower() if digest else None, size, rows)


def _labelled(text: str, kind: str) -> int | None:
    for label, number in LABELLED.findall(text):
        if file_vocabulary.plain(label) in {file_vocabulary.plain(word) for word in _words(kind)}:
            return int(number.replace(",", ""))
    return None


def _unlabelled(text: str, data_size: int) -> tuple[int | None, int | None]:
    """Size in bytes and records: the numbers beside each other of which one is the size, or else the last two."""
    numbers = [int(number.replace(",", "")) for number in NUMBER.findall(text)]
    if len(numbers) < 2:
        return None, numbers[0] if numbers else None
    if data_size in numbers:
        at = numbers.index(data_size)
        return data_size, numbers[at + 1] if at + 1 < len(numbers) else numbers[at - 1]
    return max(numbers[-2:]), min(numbers[-2:])


def check_content(name: str, content: bytes, control: Control) -> None:
    """Raises InputError when the file is not the one that the control file speaks of."""
    if control.size is not None and control.size != len(content):
        raise InputError(
            f"{name} has {len(content)} bytes, but {control.name} says {control.size}. "
            "The file was cut or changed on its way: transfer both again."
        )
    if control.digest is None:
        return
    algorithm = HASHES[len(control.digest)]
    digest = hashlib.new(algorithm, content, usedforsecurity=False).hexdigest()
    if digest != control.digest:
        raise InputError(
            f"{name} has the {algorithm.upper()} {digest}, but {control.name} says {control.digest}. "
            "The file was changed on its way: transfer both again."
        )


def check_rows(name: str, rows: int, control: Control) -> None:
    """Raises InputError when the file holds another number of records than the control file says."""
    if control.rows is not None and control.rows != rows:
        raise InputError(
            f"{name} holds {rows} records, but {control.name} says {control.rows}. "
            "Records are missing or too many: export both again."
        )
