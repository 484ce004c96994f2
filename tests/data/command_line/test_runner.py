"""What both command lines share: dates, the version, exit statuses in the help, errors in two languages, JSON."""

import argparse
import json
import tomllib
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from data.__main__ import main as data_main
from data.command_line import options, output
from policy.__main__ import main as policy_main

ROOT = Path(__file__).parents[3]
COMMAND_LINES = [data_main, policy_main]


def run(main, *arguments: str) -> int:
    try:
        return main(list(arguments))
    except SystemExit as stop:
        return int(stop.code or 0)


@pytest.mark.parametrize(("text", "day"), [("2024-01-31", date(2024, 1, 31)), ("20240131", date(2024, 1, 31))])
def test_a_date_is_written_in_either_of_two_forms(text, day) -> None:
    assert options.parse_date(text) == day


@pytest.mark.parametrize("text", ["", "2024-02-30", "20240230", "2024-1", "31.01.2024", "today", "202401310"])
def test_what_is_not_a_date_is_refused_in_both_languages(text) -> None:
    with pytest.raises(argparse.ArgumentTypeError) as refused:
        options.parse_date(text)
    assert f"'{text}' is not a date" in refused.value.args[0]
    assert f"“{text}”不是日期" in refused.value.args[0].zh


@pytest.mark.parametrize("main", COMMAND_LINES)
def test_both_command_lines_take_both_forms_of_a_date(main, capsys, tmp_path) -> None:
    command = "quality" if main is data_main else "metrics"
    for text in ("20240131", "2024-01-31"):
        assert run(main, command, "--as-of", text, "--book", str(tmp_path / "none.duckdb")) == 1
    assert run(main, command, "--as-of", "2024-31-01") == 2
    english, chinese = capsys.readouterr().err.splitlines()[-2:]
    assert "argument --as-of: '2024-31-01' is not a date" in english
    assert "--as-of：“2024-31-01”不是日期" in chinese


@pytest.mark.parametrize("main", COMMAND_LINES)
def test_the_version_is_that_of_pyproject(main, capsys) -> None:
    version = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
    assert run(main, "--version") == 0
    assert capsys.readouterr().out == f"Loanlight {version}\n"


@pytest.mark.parametrize("main", COMMAND_LINES)
def test_argparse_errors_end_with_a_chinese_line(main, capsys) -> None:
    assert run(main, "nonsense") == 2
    english, chinese = capsys.readouterr().err.splitlines()[-2:]
    assert "invalid choice: 'nonsense'" in english and "用法有误" in chinese


@pytest.mark.parametrize(
    ("main", "arguments"), [(data_main, []), (data_main, ["import"]), (policy_main, []), (policy_main, ["replay"])]
)
def test_the_help_lists_the_exit_statuses(main, arguments, capsys) -> None:
    assert run(main, *arguments, "--help") == 0
    text = capsys.readouterr().out
    assert all(part in text for part in ("exit status 退出状态:", "0  done", "1  refused or failed", "2  wrong usage"))
    assert ("or the verdicts differ now" in text) == (arguments == ["replay"])


def test_an_unwritable_target_is_one_message(capsys, tmp_path) -> None:
    (tmp_path / "folder").mkdir()
    status = run(data_main, "backup", str(tmp_path / "folder"), "--book", str(tmp_path / "none.duckdb"))
    assert status == 1 and "Traceback" not in capsys.readouterr().err


def test_json_keeps_chinese_and_writes_dates_as_text() -> None:
    text = output.format_json({"名": date(2024, 1, 31), "n": [Decimal("1.50")]})
    assert "名" in text and json.loads(text) == {"名": "2024-01-31", "n": ["1.50"]}
    assert output.decimals_to_floats({"a": [Decimal("1.5"), None]}) == {"a": [1.5, None]}
