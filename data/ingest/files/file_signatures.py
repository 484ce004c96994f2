"""Files that are no tables, known by their first bytes: what they are, and what to do instead (foreign_files.csv)."""

from functools import cache

from data.errors import InputError
from data.ingest.parsing import file_vocabulary


@cache
def _load_signatures() -> tuple[tuple[bytes, str, str], ...]:
    return tuple(
        (bytes.fromhex(row["opening"]), row["what"], row["do"])
        for row in file_vocabulary.load_rows("foreign_files.csv")
    )


def reject_foreign_file(name: str, content: bytes) -> None:
    """Raises InputError for a file of another kind."""
    for opening, what, advice in _load_signatures():
        if content.startswith(opening):
            raise InputError(f"{name} is {what}, not a table: {advice}.")
