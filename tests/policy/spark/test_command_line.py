"""The journey of a data engineer on one machine: facts out, a check on Spark, verdicts into the book."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from data.errors import InputError
from data.storage import book
from policy.runs import store
from policy.spark import session
from tests.policy import policy_builder, sample_books

pytestmark = pytest.mark.spark
ROOT = Path(__file__).parents[3]


def _run_module(module: str, *arguments: object, status: int = 0) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(
        [sys.executable, "-m", module, *map(str, arguments)],
        cwd=ROOT,
        env=os.environ,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == status, done.stderr
    return done


def test_facts_out_check_verdicts_in(tmp_path: Path) -> None:
    try:
        session.require_spark()
    except InputError as error:
        pytest.skip(f"the command on Spark is left out: {error}")
    path = sample_books.make_book(tmp_path / "book.duckdb", {"L1": {"balance": 50}, "L2": {"balance": 150}})
    for name, text in policy_builder.policy_texts([{"measure": "balance", "limit": "100"}]).items():
        (tmp_path / "tables" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "tables" / name).write_text(text, encoding="utf-8")
    policy = ["--tables", tmp_path / "tables"]
    _run_module("data", "export-facts", "--book", path, "--out", tmp_path / "facts")
    check = [
        "check",
        "--engine",
        "spark",
        "--master",
        "local[1]",
        "--as-of",
        sample_books.AS_OF,
        *policy,
        "--facts",
        tmp_path / "facts",
        "--out",
        tmp_path / "out",
    ]
    said = _run_module("policy", *check)
    assert "pass 1, violation 1, not_applicable 0, not_assessable 0" in said.stdout
    # What is left is said by Java itself, before Spark can be asked to be silent.
    assert [line for line in said.stderr.splitlines() if "incubator modules" not in line] == []
    again = _run_module("policy", *check, status=1)
    assert "out exists. Remove it, or give another --out." in again.stderr and "Traceback" not in again.stderr
    found = json.loads(_run_module("policy", "adopt", tmp_path / "out", *policy, "--book", path, "--json").stdout)
    assert found["violations"] == 1
    with book.open_for_reading(path) as con:
        assert "spark" in store.require_latest_run(con, sample_books.AS_OF).engine_version
        assert con.execute("SELECT subject_id, measured, limit_value FROM violations").fetchall() == [
            ("L2", "150", "100")
        ]
