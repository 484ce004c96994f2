"""Views of the violations page, names for choices: ours are rows of a table, an officer's own lie beside the book.

A file beside the book, not a table in it: a writer copies the whole book, which a name for some filters is not worth.
"""

import contextlib
import fcntl
import json
import os
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from urllib.parse import parse_qsl, urlencode

from data.errors import InputError
from data.messages.catalogue import bilingual
from data.reference import size_limits
from data.table_files import read_rows

SHIPPED_VIEWS_FILE = "violation_views.csv"


@dataclass(frozen=True)
class SavedView:
    """`choices` as they stand in an address: family=extension&state=open."""

    name: str
    choices: str
    saved_at: str

    @property
    def pairs(self) -> list[tuple[str, str]]:
        return parse_qsl(self.choices)


@cache
def load_shipped_views() -> tuple[dict[str, str], ...]:
    """[view, zh, en, choices] of the views that come with the program, in the table's order."""
    return tuple(read_rows(SHIPPED_VIEWS_FILE))


def encode_choices(choices: dict[str, list[str]]) -> str:
    """Choices as one line of an address, in an order of their own, so that the same choices read the same."""
    return urlencode([(name, value) for name in sorted(choices) for value in choices[name]])


def views_path(book: Path) -> Path:
    return book.with_name(book.name + ".views.json")


def load_saved_views(book: Path) -> list[SavedView]:
    """The officers' own, by name. Raises InputError for a file that is none of ours."""
    path = views_path(book)
    try:
        return [SavedView(**entry) for entry in json.loads(path.read_text(encoding="utf-8"))]
    except FileNotFoundError:
        return []
    except (ValueError, TypeError) as error:
        raise InputError(
            bilingual(
                "storage.damaged_mend_move_away",
                name=path.name,
                said=str(error),
            )
        ) from error


def save_view(book: Path, name: str, choices: str) -> None:
    """Keep the choices under the name, in place of those it had. Raises InputError for a name that will not do."""
    name = " ".join(name.split())
    longest, most = size_limits.integer_limit("view_name"), size_limits.integer_limit("saved_views")
    if not name or len(name) > longest:
        raise InputError(bilingual("storage.view_needs_name_1", longest=longest))
    with _lock_views(book):
        others = [view for view in load_saved_views(book) if view.name != name]
        if len(others) >= most:
            raise InputError(bilingual("storage.there_saved_views_already", most=most))
        _write_views(book, [*others, SavedView(name, choices, datetime.now(UTC).isoformat(timespec="seconds"))])


def remove_view(book: Path, name: str) -> None:
    with _lock_views(book):
        _write_views(book, [view for view in load_saved_views(book) if view.name != name])


@contextlib.contextmanager
def _lock_views(book: Path) -> Iterator[None]:
    """Two officers who save at once both keep their view."""
    path = views_path(book)
    with path.with_name(path.name + ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _write_views(book: Path, views: list[SavedView]) -> None:
    path = views_path(book)
    draft = path.with_name(path.name + ".draft")
    entries = [asdict(view) for view in sorted(views, key=lambda view: view.name)]
    with draft.open("w", encoding="utf-8") as file:
        json.dump(entries, file, ensure_ascii=False, indent=1)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)
