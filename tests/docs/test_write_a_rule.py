"""Every step of docs/write-a-rule.*.md is run as it is written, and prints what the page says."""

import csv
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
BLOCK = re.compile(r"^```(console|csv)(?: (\S+))?\n(.*?)^```$", re.MULTILINE | re.DOTALL)
LOANS = 300


@pytest.fixture(scope="module")
def demo_book(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A demo book that the shipped policy has checked."""
    book = tmp_path_factory.mktemp("write_a_rule") / "book.duckdb"
    _run(["-m", "data", "demo", "--loans", str(LOANS), "--book", str(book)], {})
    _run(["-m", "policy", "check", "--book", str(book)], {})
    return book


def _run(arguments: list[str], environment: dict[str, str]) -> str:
    run = subprocess.run(
        [sys.executable, *arguments],
        cwd=ROOT,
        env=os.environ | environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, f"{' '.join(arguments)}\n{run.stdout}\n{run.stderr}"
    return run.stdout


def _run_step(command: str, folder: Path, book: Path) -> str:
    """What a command of the page prints, with the page's names for folder and book replaced by real ones."""
    words = [word.replace("own-policy", str(folder)).replace("BOOK", str(book)) for word in command.split()]
    environment = dict(word.split("=", 1) for word in words if re.match(r"^LOANLIGHT_\w+=", word))
    words = [word for word in words if not re.match(r"^LOANLIGHT_\w+=", word)]
    if words[0] == "cp":
        shutil.copytree(ROOT / words[2], words[3])
        return ""
    assert words[0] == "python"
    return _run(words[1:], environment)


def _append_rows(path: Path, text: str) -> None:
    """The rows of a block, below its header: into a new file, or after those of a file with that header."""
    header, rows = text.split("\n", 1)
    if path.exists():
        with path.open(encoding="utf-8", newline="") as file:
            assert next(csv.reader(file)) == header.split(","), f"{path.name} has other columns than the page shows"
        path.write_text(path.read_text(encoding="utf-8").rstrip("\n") + "\n" + rows, encoding="utf-8")
    else:
        path.write_text(text, encoding="utf-8")


def _check_console(block: str, folder: Path, book: Path) -> None:
    for step in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
        command, _, shown = step.partition("\n")
        printed = _run_step(command.strip(), folder, book)
        pattern = ".*".join(re.escape(part) for part in shown.strip().split("…"))
        assert re.search(pattern, printed, re.DOTALL), f"$ {command}\nshown: {shown}\nprinted: {printed[:2000]}"


def _read_blocks(language: str) -> list[tuple[str, str, str]]:
    """(console or csv, file, content) of each block of the page."""
    text = (ROOT / f"docs/write-a-rule.{language}.md").read_text(encoding="utf-8")
    blocks = BLOCK.findall(text)
    assert len(blocks) == text.count("```") // 2 >= 8
    return blocks


def test_each_step_prints_what_the_page_shows(tmp_path: Path, demo_book: Path) -> None:
    folder = tmp_path / "own-policy"
    for kind, name, content in _read_blocks("en"):
        if kind == "csv":
            _append_rows(tmp_path / name, content)
        else:
            _check_console(content, folder, demo_book)


def test_the_chinese_page_shows_the_same_steps(tmp_path: Path, demo_book: Path) -> None:
    english, chinese = _read_blocks("en"), _read_blocks("zh")
    assert [block[0] for block in chinese] == [block[0] for block in english]
    own = [block for block in chinese if block not in english]
    assert {block[0] for block in own} == {"console"}
    for _, _, content in own:
        _check_console(content, tmp_path / "own-policy", demo_book)
