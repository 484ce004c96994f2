"""python -m policy check, verdicts and lint as their users and their scripts run them."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from policy.__main__ import main
from tests.policy import sample_books

ROOT = Path(__file__).parents[3]


@pytest.fixture
def book_path(tmp_path):
    loans = {
        "L1": {"balance": 100, "principal": 100, "guarantee_type": "credit", "branch_id": "0215", "status": "normal"},
        "L2": {"balance": 50, "principal": 100, "guarantee_type": "mortgage", "branch_id": "0216"},
    }
    events = [
        ("events", {"event_id": f"E{n}", "loan_id": "L1", "step_code": step, "event_date": day})
        for n, (step, day) in enumerate((("2", "2024-03-05"), ("4", "2024-03-01"), ("8", "2024-03-04")))
    ]
    return sample_books.make_book(tmp_path / "b.duckdb", loans, events)


def has_chinese(text: str) -> bool:
    return any("\u4e00" <= letter <= "\u9fff" for letter in text)


def test_check_counts_every_rule_and_adds_up(book_path, capsys) -> None:
    assert main(["check", "--book", str(book_path), "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert said["as_of"] == "2024-06-30" and len(said["policy_version"]) == 16
    assert said["subjects"]["loan"] == 2
    assert {"rule_id", "family", "subject", "severity", "pass", "violation", "not_applicable", "not_assessable"} == set(
        said["rules"][0]
    )
    for rule in said["rules"]:
        counts = [rule[verdict] for verdict in ("pass", "violation", "not_applicable", "not_assessable")]
        assert sum(counts) == said["subjects"][rule["subject"]], rule["rule_id"]


def test_verdicts_show_the_evidence(book_path, capsys) -> None:
    assert main(["verdicts", "--loan", "L1", "--book", str(book_path), "--json"]) == 0
    found = {line["rule_id"]: line for line in json.loads(capsys.readouterr().out)["verdicts"]}
    backwards = [line for line in found.values() if line["clause_id"] == "S5.0.V7"]
    assert backwards and backwards[0]["verdict"] == "violation"
    assert {"2024-03-04", "2024-03-05"} <= set(backwards[0]["inputs"].values())
    unknown = [line for line in found.values() if line["verdict"] == "not_assessable"]
    assert unknown and all(line["reason"] for line in unknown)
    assert main(["verdicts", "--loan", "nobody", "--book", str(book_path)]) == 1
    assert "No loan 'nobody'" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "status", "says"),
    [
        (["check", "--book", "nowhere.duckdb"], 1, "No book at nowhere.duckdb"),
        (["check", "--book", "BOOK", "--as-of", "2023-01-31"], 1, "no snapshot of 2023-01-31"),
        (["verdicts", "--loan", "L1", "--book", "DAMAGED"], 1, "is damaged"),
        (["check", "--book", "DAMAGED"], 1, "is damaged"),
        (["check", "--as-of", "2024-02-30"], 2, "'2024-02-30' is not a date"),
        (["check", "--last", "0"], 2, "'0' is not a number from 1 to 9999"),
        (["check", "--all", "--last", "2"], 2, "one of --all, --last and --as-of"),
        (["check", "--facts", "F"], 2, "--facts: only with the --engine of a cluster"),
        (["extension", "--loan", "L1"], 2, "Needs --to, --applied"),
        (["coverage", "--write"], 2, "--write goes with --markdown"),
        (["verdicts"], 2, "--loan"),
        (["nonsense"], 2, "invalid choice"),
    ],
)
def test_bad_input_is_one_message_in_both_languages_and_no_traceback(
    book_path, tmp_path, arguments, status, says
) -> None:
    damaged = tmp_path / "damaged.duckdb"
    damaged.write_bytes(b"not a book" * 1000)
    names = {"BOOK": str(book_path), "DAMAGED": str(damaged)}
    command = [sys.executable, "-m", "policy", *(names.get(argument, argument) for argument in arguments)]
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert ended.returncode == status
    assert says in ended.stderr and "Traceback" not in ended.stderr
    assert damaged.read_bytes() == b"not a book" * 1000
    *usage, english, chinese = ended.stderr.strip().splitlines()
    assert says in english and has_chinese(chinese) and not has_chinese(english)
    assert not usage or (status == 2 and usage[0].startswith("usage: "))


def test_lint_of_the_shipped_tables(capsys) -> None:
    assert main(["lint", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["errors"] == 0
