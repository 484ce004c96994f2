"""python -m benchmarks.same_figures COMMIT [--loans N]: does this checkout say the same as that commit?

Builds the demo book of N loans with the code of both, checks it, and compares `policy check --json` (counts of each
rule and verdict) and every number of every page. What names a version (hashes, ids of runs) is left out.
Exit status 1 when anything differs.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
PAGE_FIGURES = Path(__file__).with_name("page_figures.py")
VERSIONS = ("policy_version", "run_id", "engine_version", "data_version")


def _python(checkout: Path, book: Path, *arguments: str) -> str:
    """What a command prints that is run in a checkout, with this interpreter."""
    environment = os.environ | {"PYTHONPATH": str(checkout), "LOANLIGHT_BOOK": str(book)}
    run = subprocess.run(  # noqa: S603  # our own commands
        [sys.executable, *arguments], cwd=checkout, env=environment, capture_output=True, text=True, check=False
    )
    if run.returncode:
        raise SystemExit(f"{checkout}: python {' '.join(arguments)} ended with {run.returncode}\n{run.stderr[-2000:]}")
    return run.stdout


def _git(*arguments: str) -> None:
    subprocess.run(["git", *arguments], cwd=ROOT, check=True)  # noqa: S603, S607  # our own commands


def collect(checkout: Path, book: Path, loans: int) -> dict[str, Any]:
    """Counts of a check and numbers of the pages of one checkout."""
    _python(checkout, book, "-m", "data", "demo", "--loans", str(loans), "--book", str(book))
    _python(checkout, book, "-m", "policy", "check", "--last", "2", "--book", str(book))
    checked = json.loads(_python(checkout, book, "-m", "policy", "check", "--book", str(book), "--json"))
    pages = json.loads(_python(checkout, book, "-c", PAGE_FIGURES.read_text(encoding="utf-8")))
    return {"check": {key: value for key, value in checked.items() if key not in VERSIONS}, "pages": pages}


def compare(before: dict[str, Any], after: dict[str, Any]) -> list[str]:
    """One line for each page or rule that differs."""
    rules = [{rule["rule_id"]: rule for rule in each["check"]["rules"]} for each in (before, after)]
    lines = [
        f"rule {name}: {rules[0].get(name)} / {rules[1].get(name)}"
        for name in sorted({*rules[0], *rules[1]})
        if rules[0].get(name) != rules[1].get(name)
    ]
    lines += [
        f"subjects: {before['check']['subjects']} / {after['check']['subjects']}"
        for _ in range(before["check"]["subjects"] != after["check"]["subjects"])
    ]
    for page, numbers in before["pages"].items():
        others = after["pages"].get(page, [])
        if sorted(numbers) != sorted(others):
            only = [sorted(set(a) - set(b))[:12] for a, b in ((numbers, others), (others, numbers))]
            lines.append(
                f"page {page}: {len(numbers)} / {len(others)} numbers; only before {only[0]}, only now {only[1]}"
            )
    return lines


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.same_figures", description=__doc__)
    parser.add_argument("commit")
    parser.add_argument("--loans", type=int, default=100_000)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        other = Path(folder) / "checkout"
        _git("worktree", "add", "--detach", str(other), options.commit)
        try:
            before = collect(other, Path(folder) / "before.duckdb", options.loans)
            after = collect(ROOT, Path(folder) / "after.duckdb", options.loans)
        finally:
            _git("worktree", "remove", "--force", str(other))
    lines = compare(before, after)
    numbers = sum(map(len, before["pages"].values()))
    rules = len(before["check"]["rules"])
    print(f"{options.loans} loans: {rules} rules, {len(before['pages'])} pages, {numbers} numbers: {len(lines)} differ")
    print("\n".join(lines))
    return int(bool(lines))


if __name__ == "__main__":
    sys.exit(main())
