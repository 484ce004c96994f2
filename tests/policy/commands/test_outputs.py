"""Files that commands write by --out: when the disk takes only their beginning, what stood there before stays."""

import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

import data.__main__
import policy.__main__
from tests.policy import sample_books

ROOT = Path(__file__).parents[3]
FORMER = b"what an earlier command wrote"
FEW_BYTES = 16
LOANS = {f"L{n}": {"balance": 100 + n, "principal": 200, "currency": "CNY", "branch_id": "0215"} for n in range(9)}
COMMANDS = {
    "quality": (data.__main__, ["quality", "--book", "BOOK", "--out", "OUT"]),
    "changes": (
        data.__main__,
        ["changes", "--from", "2024-06-30", "--to", "2024-06-30", "--book", "BOOK", "--out", "OUT"],
    ),
    "impact": (
        policy.__main__,
        ["impact", "--tables", "TABLES", "--against", "TABLES", "--book", "BOOK", "--out", "OUT"],
    ),
    "extension": (policy.__main__, ["extension", "--requests", "REQUESTS", "--book", "BOOK", "--out", "OUT"]),
    "export-dmn": (policy.__main__, ["export-dmn", "archive_times", "--out", "OUT"]),
}
NEW_FILES = {"profile": (data.__main__, ["profile", "REQUESTS", "--out", "OUT.toml"])}


@contextmanager
def limit_file_size(most: int) -> Iterator[None]:
    """As on a full disk: no file of this process can be longer, and a write fails after these bytes."""
    former = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (most, former[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, former)


@pytest.fixture(scope="module")
def places(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    folder = tmp_path_factory.mktemp("outputs")
    requests = folder / "requests.csv"
    requests.write_text("loan_id,application_date,requested_maturity,consent\nL1,2024-06-01,2025-06-01,yes\n")
    book = sample_books.make_book(folder / "b.duckdb", LOANS)
    return {"BOOK": str(book), "REQUESTS": str(requests), "TABLES": str(ROOT / "policy/tables")}


@pytest.mark.parametrize("name", COMMANDS)
def test_an_output_is_written_whole_or_what_stood_there_stays(name, places, tmp_path, capsys) -> None:
    module, arguments = COMMANDS[name]
    out = tmp_path / "out"
    out.write_bytes(FORMER)
    words = [{**places, "OUT": str(out)}.get(word, word) for word in arguments]
    with limit_file_size(FEW_BYTES):
        assert module.main(words) == 1
    said = capsys.readouterr().err
    assert "File too large" in said and any("\u4e00" <= letter <= "\u9fff" for letter in said)
    assert out.read_bytes() == FORMER and list(tmp_path.iterdir()) == [out]
    assert module.main(words) == 0
    assert out.read_bytes() != FORMER and len(out.read_bytes()) > FEW_BYTES


def test_a_new_file_is_written_whole_or_not_at_all(places, tmp_path, capsys) -> None:
    module, arguments = NEW_FILES["profile"]
    out = tmp_path / "out.toml"
    words = [{**places, "OUT.toml": str(out)}.get(word, word) for word in arguments]
    with limit_file_size(FEW_BYTES):
        assert module.main(words) == 1
    assert "File too large" in capsys.readouterr().err and not list(tmp_path.iterdir())
    assert module.main(words) == 0 and out.read_text(encoding="utf-8").endswith("\n")
    assert module.main(words) == 1


def test_a_table_of_a_dmn_file_is_replaced_whole(tmp_path, capsys) -> None:
    document, folder = tmp_path / "t.dmn", tmp_path / "tables"
    assert policy.__main__.main(["export-dmn", "archive_times", "--out", str(document)]) == 0
    words = ["import-dmn", str(document), "--out", str(folder), "--replace"]
    words += ["--clause", "S1", "--evidence", "A", "--effective-from", "2024-01-01"]
    assert policy.__main__.main(words) == 0
    before = {path: path.read_bytes() for path in folder.rglob("*.csv")}
    with limit_file_size(FEW_BYTES):
        assert policy.__main__.main(words) == 1
    assert {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()} == before and before


def test_an_output_may_be_a_device(places) -> None:
    module, arguments = COMMANDS["changes"]
    assert module.main([{**places, "OUT": "/dev/null"}.get(word, word) for word in arguments]) == 0
    assert Path("/dev/null").is_char_device()
