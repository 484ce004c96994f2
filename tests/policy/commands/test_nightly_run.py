"""A nightly run as cron makes it: import, check, a digest of the outcome, and the exit status."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from data.storage import book

ROOT = Path(__file__).parents[3]
LOANS = (
    "借据号,客户编号,客户名称,机构号,贷款余额,贷款金额,放款日,现到期日\nL1,C1,张三丰,001,1000,2000,20240101,20270101\n"
)
DAY = "2024-03-31"


@pytest.fixture
def run_nightly(tmp_path):
    """The script as cron starts it: elsewhere, with few variables, everything by its full path."""

    def run(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
        environment = {
            "PATH": os.defpath,
            "HOME": str(tmp_path),
            "PYTHON": sys.executable,
            "PYTHONDONTWRITEBYTECODE": "1",
            "LOANLIGHT_BOOK": str(tmp_path / "book.duckdb"),
            "LOANLIGHT_LOG": str(tmp_path / "nightly.log"),
        }
        command = ["/bin/sh", str(ROOT / "docs/nightly.sh"), *map(str, arguments)]
        return subprocess.run(command, cwd="/", env=environment, capture_output=True, text=True, check=False)

    return run


def write_file(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def test_a_night_in_order_ends_with_0_and_a_digest(run_nightly, tmp_path) -> None:
    ended = run_nightly(DAY, write_file(tmp_path, "loans.csv", LOANS))
    head, *digest = ended.stdout.splitlines()
    assert (ended.returncode, ended.stderr) == (0, "")
    assert head == f"Loanlight {DAY}: status 退出状态 0"
    events = [line.split(" event=")[1].split()[0] for line in digest]
    assert events == ["import", "command_ended", "check", "command_ended"]
    assert "rows=1" in digest[0] and "outcome=loaded" in digest[0] and "violations=" in digest[2]
    assert "张三丰" not in ended.stdout
    with book.open_for_reading(tmp_path / "book.duckdb") as con:
        runs = con.execute("SELECT run_id, as_of FROM runs").fetchall()
        days = con.execute("SELECT DISTINCT as_of FROM metric_values").fetchall()
    assert [str(day) for _, day in runs] == [DAY] and f"run={runs[0][0]}" in digest[2]
    assert [str(day) for (day,) in days] == [DAY]


def test_a_failing_import_ends_the_night_with_its_message_and_keeps_the_book(run_nightly, tmp_path) -> None:
    assert run_nightly(DAY, write_file(tmp_path, "loans.csv", LOANS)).returncode == 0
    before = (tmp_path / "book.duckdb").read_bytes()
    ended = run_nightly("2024-04-30", write_file(tmp_path, "empty.csv", "借据号,贷款余额\n"))
    head, *digest = ended.stdout.splitlines()
    assert ended.returncode == 1 and head.endswith("status 退出状态 1")
    assert len(digest) == 1 and "command=import" in digest[0]
    assert "outcome=failed error=InputError" in digest[0]
    assert "empty.csv" in ended.stderr and "Traceback" not in ended.stderr
    assert (tmp_path / "book.duckdb").read_bytes() == before


def test_wrong_usage_ends_the_night_with_2(run_nightly, tmp_path) -> None:
    file = write_file(tmp_path, "loans.csv", LOANS)
    assert run_nightly(DAY).returncode == 2
    ended = run_nightly("31.03.2024", file)
    assert ended.returncode == 2 and "不是日期" in ended.stderr
    assert not (tmp_path / "book.duckdb").exists()
