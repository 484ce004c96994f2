"""Files that are no tables, known by their first bytes: what they are, and what to do instead (foreign_files.csv)."""

from functools import cache

from data.errors import InputError
from data.ingest.parsing import file_vocabulary


@cache
def _openings() -> tuple[tuple[bytes, str, str], ...]:
    return tuple(
        (bytes.fromhex(row["opening"]), row["what"], row["do"]) for row in file_vocabulary.rows("foreign_files.csv")
    )


def refuse(name: str, content: bytes) -> None:
    """Raises InputError for a file of another kind."""
    for opening, what, advice in _openings():
        if content.startswith(opening):
            raise InputError(f"{name} is {what}, not a table: {advice}.")
