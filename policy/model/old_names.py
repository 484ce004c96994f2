"""Tables and columns by their former names: read as the new ones for one version, each with a warning."""

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatch
from functools import cache
from pathlib import Path

from data.messages.catalogue import bilingual
from policy.model.problem import Problem

NAMES_FILE = Path(__file__).parent / "old_names.csv"


@dataclass(frozen=True)
class OldName:
    """A former name: of the file, or of a column of it; `file` may be a pattern such as rules/*.csv."""

    file: str
    old_column: str
    new_name: str


@cache
def load_old_names() -> tuple[OldName, ...]:
    with NAMES_FILE.open(encoding="utf-8", newline="") as file:
        return tuple(OldName(**row) for row in csv.DictReader(file))


def rename_tables(texts: dict[str, str]) -> tuple[dict[str, str], list[Problem]]:
    """The texts under the new names, and a warning for each former name found.

    A folder that has a table under both names is an error; the new one is read.
    """
    problems: list[Problem] = []
    renamed: dict[str, str] = {}
    for name, text in texts.items():
        new_name = _new_file_name(name)
        if new_name != name and new_name in texts:
            problems.append(_report_both_names(name, new_name))
            continue
        if new_name != name:
            problems.append(_warn("-", name, name, new_name))
        renamed[new_name], found = _rename_columns(new_name, text)
        problems += [_warn(old, name, old, new) for old, new in found]
    return renamed, problems


def _new_file_name(name: str) -> str:
    return next((each.new_name for each in load_old_names() if not each.old_column and each.file == name), name)


def _rename_columns(name: str, text: str) -> tuple[str, list[tuple[str, str]]]:
    """The text with its header in the new names, and the (old, new) pairs found in it."""
    known = dict(_list_column_names(name))
    if not known:
        return text, []
    first, _, _ = text.partition("\n")
    header = next(csv.reader([first]), [])
    found = [(old, new) for old, new in known.items() if old in header and new not in header]
    if not found:
        return text, []
    line = io.StringIO()
    csv.writer(line, lineterminator="").writerow([dict(found).get(column, column) for column in header])
    return line.getvalue() + text[len(first.rstrip("\r")) :], found


def _list_column_names(name: str) -> Iterator[tuple[str, str]]:
    for each in load_old_names():
        if each.old_column and fnmatch(name, each.file):
            yield each.old_column, each.new_name


def _warn(column: str, table: str, old: str, new: str) -> Problem:
    return Problem(
        "warning", table, 1, column, bilingual("model.old_name", old=old), bilingual("model.rename", new=new)
    )


def _report_both_names(old: str, new: str) -> Problem:
    return Problem(
        "error", old, 1, "-", bilingual("model.both_names", old=old, new=new), bilingual("model.remove_old", old=old)
    )
