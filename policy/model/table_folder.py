"""The folder of policy tables: which one is in force, its texts, and the hash that names its version."""

import argparse
import csv
import hashlib
import io
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from data.errors import InputError
from data.messages.catalogue import BilingualText, bilingual
from policy.model.old_names import rename_tables

SHIPPED_TABLES = Path(__file__).parents[1] / "tables"
ENVIRONMENT_VARIABLE = "LOANLIGHT_TABLES"
NUL = "\0"


def default_folder() -> Path:
    """The folder that LOANLIGHT_TABLES names, or the shipped one."""
    return Path(os.environ.get(ENVIRONMENT_VARIABLE) or SHIPPED_TABLES)


class DefaultFolderAction(argparse.Action):
    """An option `--tables FOLDER` that also makes the folder the default, as LOANLIGHT_TABLES does."""

    def __call__(
        self,
        parser: argparse.ArgumentParser,  # noqa: ARG002
        namespace: argparse.Namespace,
        values: object,
        option_string: str | None = None,  # noqa: ARG002
    ) -> None:
        setattr(namespace, self.dest, values)
        os.environ[ENVIRONMENT_VARIABLE] = str(values)


def read_default_from_arguments(words: list[str]) -> None:
    """`--tables FOLDER` among the words of a command line names the default folder."""
    parser = argparse.ArgumentParser(add_help=False)
    parser.add_argument("--tables", action=DefaultFolderAction)
    parser.parse_known_args(words)


@contextmanager
def restore_default() -> Iterator[None]:
    """After this block the default folder is again what it was before."""
    before = os.environ.get(ENVIRONMENT_VARIABLE)
    try:
        yield
    finally:
        os.environ.pop(ENVIRONMENT_VARIABLE, None)
        if before is not None:
            os.environ[ENVIRONMENT_VARIABLE] = before


def read_texts(directory: Path) -> dict[str, str]:
    """The text of every table of a folder by its name.

    Raises InputError for a missing folder, and for a table that cannot be read, is not UTF-8, or is not CSV.
    """
    if not directory.is_dir():
        raise InputError(bilingual("model.folder_missing", folder=directory))
    texts = {}
    for path in sorted(directory.rglob("*.csv")):
        try:
            texts[path.relative_to(directory).as_posix()] = path.read_text(encoding="utf-8-sig")
        except UnicodeDecodeError as error:
            raise InputError(bilingual("model.table_not_utf_8", path=path, start=error.start)) from error
        except OSError as error:
            raise InputError(bilingual("model.table_unreadable", path=path, why=error.strerror or error)) from error
    require_readable(texts)
    return texts


def require_readable(texts: Mapping[str, str]) -> None:
    """Raises InputError, with table, row and column, for a text that is not CSV or holds what no cell can hold."""
    for name, text in texts.items():
        _require_short_cells(name, text)
        if NUL in text:
            before = text[: text.index(NUL)]
            row, column = before.count("\n") + 1, len(next(csv.reader([before.rsplit("\n", 1)[-1]]), [""]))
            raise InputError(bilingual("model.nul_character", table=name, row=row, column=column))


def _require_short_cells(name: str, text: str) -> None:
    lines = csv.reader(io.StringIO(text))
    try:
        for _ in lines:
            pass
    except csv.Error as error:
        raise InputError(_describe_csv_fault(name, text, lines.line_num, error)) from error


def _describe_csv_fault(name: str, text: str, row: int, error: csv.Error) -> BilingualText:
    """Which cell is too long; where none is, what the reader of CSV says of the row."""
    former = csv.field_size_limit(len(text) + 1)
    try:
        for cells in csv.reader(io.StringIO(text)):
            for column, cell in enumerate(cells, start=1):
                if len(cell) > former:
                    return bilingual(
                        "model.cell_too_long", table=name, row=row, column=column, size=len(cell), most=former
                    )
    except csv.Error as fault:
        return bilingual("model.not_csv", table=name, row=row, why=fault)
    finally:
        csv.field_size_limit(former)
    return bilingual("model.not_csv", table=name, row=row, why=error)


def compute_version(texts: dict[str, str]) -> str:
    """The hash of the tables' content: cells, not line ends, quoting or former names."""
    digest = hashlib.sha256()
    texts, _ = rename_tables(texts)
    for name in sorted(texts):
        digest.update(repr((name, list(csv.reader(io.StringIO(texts[name]))))).encode())
    return digest.hexdigest()[:16]
