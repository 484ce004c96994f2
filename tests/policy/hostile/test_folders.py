"""Folders and uploads of policy tables that cannot be used: a message with table, row and column, never a traceback."""

import csv
import io
import shutil
import zipfile
from pathlib import Path

import pytest

from data.errors import InputError
from policy.__main__ import main
from policy.authoring import sandbox
from policy.model import table_folder

HERE = Path(__file__).parent
SMALL_POLICY = HERE.parent / "small_policy"
CELLS = {"LONG": "x" * 140_000, "NUL": "a\0b", "DIGITS": "9" * 5000}
COMMANDS = (
    ["lint"],
    ["test"],
    ["check"],
    ["metrics"],
    ["headroom"],
    ["ticklers"],
    ["coverage"],
    ["export-dmn", "terms"],
    ["impact", "--tables", "FOLDER"],
    ["verdicts", "--loan", "L1"],
)
VOCABULARY = "list,code,rank,zh,en\nfamily,own,1,自有,own\n"


def read_cases() -> list[dict[str, str]]:
    with (HERE / "cells.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def make_folder(folder: Path, case: dict[str, str]) -> Path:
    """The small policy with one cell that cannot be read."""
    shutil.copytree(SMALL_POLICY, folder)
    path = folder / case["file"]
    if case["file"] == "vocabulary.csv":
        path.write_text(VOCABULARY, encoding="utf-8")
    rows = list(csv.reader(io.StringIO(path.read_text(encoding="utf-8"))))
    rows[int(case["row"]) - 1][rows[0].index(case["column"])] = CELLS.get(case["cell"], case["cell"])
    text = "\n".join(",".join(f'"{cell}"' if "," in cell else cell for cell in row) for row in rows)
    path.write_bytes(text.encode() + b"\n")
    return folder


def run_all(folder: Path, capsys: pytest.CaptureFixture[str]) -> list[str]:
    """What each command says; none ends well, or by an exception."""
    said = []
    for words in COMMANDS:
        status = main([str(folder) if word == "FOLDER" else word for word in words])
        shown = capsys.readouterr()
        assert status == 1, words
        said.append(shown.out + shown.err)
    return said


@pytest.mark.parametrize("case", read_cases(), ids=lambda case: case["id"])
def test_a_cell_that_cannot_be_read_is_named_by_every_command(case, tmp_path, empty_book, monkeypatch, capsys) -> None:
    folder = make_folder(tmp_path / "tables", case)
    monkeypatch.setenv("LOANLIGHT_TABLES", str(folder))
    for said in run_all(folder, capsys):
        assert case["message"] in said and any("\u4e00" <= letter <= "\u9fff" for letter in said), said[:500]
        assert f"{case['file']}, {case['row_and_column']}" in said, said[:500]


@pytest.mark.parametrize(
    ("name", "spoil", "message"),
    [
        ("folder", lambda path: (path.unlink(), path.mkdir()), "Is a directory"),
        ("zip", lambda path: path.write_bytes(b"PK\3\4" + bytes(range(256))), "not UTF-8"),
        ("utf-16", lambda path: path.write_text("clause_id", encoding="utf-16"), "not UTF-8"),
        ("missing-column", lambda path: path.write_text("clause_id\nA\n"), "column is missing"),
        ("empty", lambda path: path.write_text(""), "column is missing"),
    ],
)
def test_a_wrong_file_under_a_table_name_is_named(name, spoil, message, tmp_path, empty_book, monkeypatch, capsys):
    folder = tmp_path / "tables"
    shutil.copytree(SMALL_POLICY, folder)
    spoil(folder / "clauses.csv")
    monkeypatch.setenv("LOANLIGHT_TABLES", str(folder))
    for said in run_all(folder, capsys):
        assert "clauses.csv" in said and message in said, said[:500]


def zip_small_policy() -> bytes:
    return sandbox.zip_tables(table_folder.read_texts(SMALL_POLICY))


def mark_encrypted(content: bytes) -> bytes:
    """The flag of a password set in every header, as archives of other programs have it."""
    changed = bytearray(content)
    for mark, offset in ((b"PK\3\4", 6), (b"PK\1\2", 8)):
        place = changed.find(mark)
        while place >= 0:
            changed[place + offset] |= 1
            place = changed.find(mark, place + 1)
    return bytes(changed)


def damage_contents(content: bytes) -> bytes:
    """Bytes of the first packed file overwritten; the list of files stays."""
    first = zipfile.ZipFile(io.BytesIO(content)).infolist()[0]
    start = first.header_offset + 30 + len(first.filename.encode())
    return content[:start] + b"\xff" * first.compress_size + content[start + first.compress_size :]


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("t.zip", b"not a zip", "is not a zip file"),
        ("t.zip", zip_small_policy()[:-200], "is not a zip file"),
        ("t.zip", mark_encrypted(zip_small_policy()), "protected by a password"),
        ("t.zip", damage_contents(zip_small_policy()), "clauses.csv in it is damaged"),
        ("clauses.csv", b"clause_id\n\xff\xfe", "not UTF-8"),
        ("clauses.csv", b"clause_id\n" + b"x" * 140_000, "row 2, column 1: the cell has 140000"),
        ("clauses.csv", b"clause_id\na\0b", "row 2, column 1: the cell holds a NUL"),
        ("clauses.csv", b"clause_id\na\rb\n", "row 2: this is not CSV"),
        ("clauses.csv", zip_small_policy(), "not UTF-8"),
        ("other.csv", b"a\n1\n", "other.csv"),
    ],
)
def test_an_upload_that_cannot_be_read_is_a_message(name, content, message) -> None:
    with pytest.raises(InputError, match=message) as caught:
        sandbox.read_uploads([(name, content)], table_folder.read_texts(SMALL_POLICY))
    assert caught.value.args[0].zh != str(caught.value.args[0])
