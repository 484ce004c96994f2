"""Bad input through the real command line: one message, the right exit status, and the book as it was."""

import fcntl
import json
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest

from data.facts import derivation
from tests.data.cli_import import SNAPSHOT_DATE, ImportCli

ROOT = Path(__file__).parents[3]
HEAD = "借据号,贷款余额,发放日期\n"


def assert_refused(outcome_status: int, err: str, *expected_texts: str) -> None:
    assert outcome_status == 1
    assert "Traceback" not in err
    english, chinese = err.strip().splitlines()
    assert english != chinese and re.search(r"[\u4e00-\u9fff]", chinese)
    for text in expected_texts:
        assert text in err


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("empty.csv", b"", ["empty.csv", "is empty"]),
        ("blank.csv", b" \n\n", ["blank.csv", "is empty"]),
        ("head.csv", HEAD.encode(), ["head.csv", "no rows below the header"]),
        ("latin.csv", b"loan_id,purpose\nL1,caf\xe9\n", ["latin.csv", "byte 16 (line 2)", "UTF-8, GB18030"]),
        (
            "mixed.csv",
            "借据号,用途\nL1,caf".encode() + b"\xe9\n",
            ["mixed.csv, row 2: the row is not in the file's encoding, utf-8"],
        ),
        (
            "half.csv",
            b"\xff\xfe" + "借据号,余额\n".encode("utf-16-le") + b"\x00",
            ["half.csv", "not in a known encoding"],
        ),
        ("junk.csv", bytes(range(256)) * 4, ["junk.csv"]),
        ("nul.csv", b"loan_id,balance\nL1,\x005\n", ["nul.csv is not a text file: byte 19 (line 2)"]),
        ("header.csv", "借据号,余颔\nL1,5\n".encode(), ["header.csv: unknown column '余颔'", "--profile"]),
        ("quote.csv", b'loan_id,balance\nL1,"5\nL2,6\n', ["quote.csv, line 2: a quote opens here and is never closed"]),
        ("fake.xlsx", b"PK\x03\x04" + b"x" * 200, ["fake.xlsx is a damaged workbook"]),
        ("fake.xls", b"\xd0\xcf\x11\xe0" + b"x" * 2000, ["fake.xls is not a workbook"]),
        (
            "date.csv",
            f"{HEAD}L1,5,13.45.2024\n".encode(),
            ["date.csv, row 2: disbursed_on: '13.45.2024' is not a date"],
        ),
        (
            "money.csv",
            f"{HEAD}L1,5x,\n".encode(),
            ["money.csv, row 2: balance: '5x' is not a plausible amount", "quarantine"],
        ),
    ],
)
def test_a_file_that_cannot_be_used(
    cli: ImportCli, book_is_unchanged: Callable[[], bool], name: str, content: bytes, said: list[str]
) -> None:
    before = cli.query("SELECT count(*), sum(balance) FROM loans")
    outcome = cli.import_files(cli.write(name, content))
    assert_refused(outcome.status, outcome.err, *said)
    kept = name in (
        "date.csv",
        "money.csv",
        "mixed.csv",
    )  # readable files of which no row could be loaded: their rows are kept
    assert bool(outcome.out) == kept
    if kept:
        assert json.loads(outcome.out)["tables"]["loans"]["quarantined"] == 1
    if "row 2" in outcome.err:
        # Rows came in, and are kept back with their reasons; the loans stay as they were.
        assert cli.query("SELECT count(*), sum(balance) FROM loans") == before
        assert [row["file"] for row in cli.list_quarantine()] == [name]
        assert cli.import_files(cli.folder / name).err == outcome.err
    else:
        assert book_is_unchanged()


@pytest.mark.parametrize(("file", "said"), [("missing.csv", "No file"), (".", "is a folder")])
def test_no_such_file(cli: ImportCli, book_is_unchanged: Callable[[], bool], file: str, said: str) -> None:
    outcome = cli.import_files(cli.folder / file)
    assert_refused(outcome.status, outcome.err, said, str(cli.folder / file))
    assert book_is_unchanged()


def test_one_bad_file_among_good_ones_stops_the_whole_import(
    cli: ImportCli, book_is_unchanged: Callable[[], bool]
) -> None:
    outcome = cli.import_files(cli.write("good.csv", f"{HEAD}L9,5,\n"), cli.write("bad.csv", "借据号,啥\nL1,1\n"))
    assert_refused(outcome.status, outcome.err, "bad.csv")
    assert book_is_unchanged()


def test_an_unknown_profile_names_those_that_exist(cli: ImportCli, book_is_unchanged: Callable[[], bool]) -> None:
    outcome = cli.import_files(cli.folder / "first.csv", profile="../ibrd")
    assert_refused(outcome.status, outcome.err, "No profile '../ibrd'. Profiles: berka, east5, ibrd, pboc.")
    assert book_is_unchanged()


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["frobnicate"],
        ["import"],
        ["import", "--as-of", "2024-03-31"],
        ["import", "x.csv", "--as-of", "31.03.2024"],
        ["import", "x.csv", "--as-of", "2024-02-30"],
        ["import", "x.csv", "--as-of", "yesterday"],
        ["demo", "--loans", "many"],
    ],
)
def test_wrong_usage_exits_with_2(cli: ImportCli, arguments: list[str]) -> None:
    outcome = cli.run(*arguments)
    assert outcome.status == 2
    assert outcome.err.startswith("usage: python -m data")


def test_an_import_without_a_day_is_wrong_usage_in_both_languages(cli: ImportCli) -> None:
    outcome = cli.run("import", "x.csv")
    assert outcome.status == 2
    assert outcome.err.startswith("python -m data import: error:") and "用法有误" in outcome.err


def test_a_book_that_another_import_is_writing(cli: ImportCli, book_is_unchanged: Callable[[], bool]) -> None:
    file = cli.write("next.csv", f"{HEAD}L9,5,\n")
    with cli.book.with_name(cli.book.name + ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        outcome = cli.import_files(file)
    assert_refused(outcome.status, outcome.err, str(cli.book), "Wait until it has finished")
    assert book_is_unchanged()


def test_a_damaged_book_is_left_alone(cli: ImportCli) -> None:
    cli.book.write_bytes(b"no database" * 1000)
    outcome = cli.import_text(f"{HEAD}L9,5,\n")
    assert_refused(outcome.status, outcome.err, str(cli.book), "damaged")
    assert cli.book.read_bytes() == b"no database" * 1000


@pytest.mark.parametrize("place", ["nowhere/book.duckdb", ""])
def test_a_book_in_no_folder_or_that_is_one(cli: ImportCli, place: str) -> None:
    cli.book = cli.folder / place
    outcome = cli.import_text(f"{HEAD}L9,5,\n")
    assert_refused(outcome.status, outcome.err, str(cli.book))


def test_no_book_to_list(cli: ImportCli) -> None:
    outcome = cli.run("quarantine", "--book", cli.book)
    assert_refused(outcome.status, outcome.err, f"No book at {cli.book}")


def run_command(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "data", *arguments], cwd=ROOT, capture_output=True, text=True, timeout=120, check=False
    )


def test_the_command_itself_loads_refuses_and_counts_usage(cli: ImportCli) -> None:
    good, bad = cli.write("good.csv", f"{HEAD}L1,5,\n"), cli.write("bad.csv", "啥\n1\n")
    places = ["--as-of", SNAPSHOT_DATE, "--book", str(cli.book)]
    assert run_command("import", str(good), *places).returncode == 0
    refused = run_command("import", str(bad), *places)
    assert_refused(refused.returncode, refused.stderr, "bad.csv")
    assert run_command("import", str(good)).returncode == 2


def test_a_full_disk_leaves_the_book_as_it_was(
    cli: ImportCli, book_is_unchanged: Callable[[], bool], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fill_up(*_: object) -> None:
        raise duckdb.IOException('IO Error: Could not write file "book.duckdb.draft": No space left on device')

    monkeypatch.setattr(derivation, "derive_facts", fill_up)
    outcome = cli.import_text(f"{HEAD}L9,5,\n")
    assert_refused(outcome.status, outcome.err, str(cli.book), "Free disk space")
    assert book_is_unchanged()
    assert list(cli.folder.glob("*.draft*")) == []
