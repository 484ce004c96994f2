"""Saved views of the violations page, which name a choice of filters: shipped in a table, or saved beside the book.

They are a file beside the book and not a table in it, because a writer copies the whole book.
"""

import contextlib
import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from urllib.parse import parse_qsl, urlencode

from data.errors import InputError
from data.messages.catalogue import bilingual
from data.reference import size_limits
from data.storage import private_files
from data.table_files import read_rows

SHIPPED_VIEWS_FILE = "violation_views.csv"


@dataclass(frozen=True)
class SavedView:
    """`choices` as in the query of an address: family=extension&state=open."""

    name: str
    choices: str
    saved_at: str

    @property
    def pairs(self) -> list[tuple[str, str]]:
        return parse_qsl(self.choices)


@cache
def load_shipped_views() -> tuple[dict[str, str], ...]:
    """[view, zh, en, choices] of the shipped views, in the order of their table."""
    return tuple(read_rows(SHIPPED_VIEWS_FILE))


def encode_choices(choices: dict[str, list[str]]) -> str:
    """Choices as the query of an address, sorted by name, so that equal choices give equal text."""
    return urlencode([(name, value) for name in sorted(choices) for value in choices[name]])


def views_path(book: Path) -> Path:
    target = book.resolve()
    return target.with_name(target.name + ".views.json")


def load_saved_views(book: Path) -> list[SavedView]:
    """The views that officers saved, by name. Raises InputError for a damaged file."""
    path = views_path(book)
    try:
        return [SavedView(**entry) for entry in json.loads(path.read_text(encoding="utf-8"))]
    except FileNotFoundError:
        return []
    except (ValueError, TypeError) as error:
        raise InputError(
            bilingual(
                "storage.views_file_damaged",
                name=path.name,
                error=str(error),
            )
        ) from error


def save_view(book: Path, name: str, choices: str) -> None:
    """Save the choices under the name, replacing a view of that name.

    Raises InputError for a name that is empty or too long, and when there are too many views.
    """
    name = " ".join(name.split())
    longest, most = size_limits.integer_limit("view_name"), size_limits.integer_limit("saved_views")
    if not name or len(name) > longest:
        raise InputError(bilingual("storage.view_name_length", longest=longest))
    with _lock_views(book):
        others = [view for view in load_saved_views(book) if view.name != name]
        if len(others) >= most:
            raise InputError(bilingual("storage.too_many_views", most=most))
        _write_views(book, [*others, SavedView(name, choices, datetime.now(UTC).isoformat(timespec="seconds"))])


def remove_view(book: Path, name: str) -> None:
    with _lock_views(book):
        _write_views(book, [view for view in load_saved_views(book) if view.name != name])


@contextlib.contextmanager
def _lock_views(book: Path) -> Iterator[None]:
    """A lock, so that of two officers who save at once neither loses a view. Raises InputError while it stays held."""
    path = views_path(book)
    lock = path.with_name(path.name + ".lock")
    try:
        with private_files.hold_lock(lock, float(size_limits.decimal_limit("writer_wait_seconds"))):
            yield
    except private_files.LockBusyError as error:
        raise InputError(bilingual("storage.views_being_written", name=path.name)) from error


def _write_views(book: Path, views: list[SavedView]) -> None:
    entries = [asdict(view) for view in sorted(views, key=lambda view: view.name)]
    with private_files.replace_whole(views_path(book)) as draft:
        draft.write_text(json.dumps(entries, ensure_ascii=False, indent=1), encoding="utf-8")
