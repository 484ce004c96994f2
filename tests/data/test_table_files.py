"""Tables of data/tables under their former names, in a checkout where a bank has edited them."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from data import table_files

LIMITS = "limit,value,unit,zh,en\ncells,7,cells,单元格上限,Most cells\n"


@pytest.fixture
def tables(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A copy of data/tables that a test may edit."""
    folder = shutil.copytree(table_files.TABLES_FOLDER, tmp_path / "tables")
    monkeypatch.setattr(table_files, "TABLES_FOLDER", folder)
    table_files._warn.cache_clear()
    yield folder
    table_files._warn.cache_clear()


def test_every_former_name_belongs_to_a_table_and_is_free():
    for name, former in table_files.load_former_names().items():
        assert (table_files.TABLES_FOLDER / name).is_file()
        assert former.file == "" or not (table_files.TABLES_FOLDER / former.file).exists()


def test_a_table_is_read_under_its_former_name_with_one_warning(tables: Path, capsys: pytest.CaptureFixture[str]):
    (tables / "limits.csv").write_text(LIMITS, encoding="utf-8")
    for _ in range(2):
        assert [row["value"] for row in table_files.read_rows("size_limits.csv")] == ["7"]
    warning = capsys.readouterr().err
    assert warning.count("\n") == 1
    assert "data/tables/limits.csv is now called size_limits.csv" in warning
    assert "已更名为 size_limits.csv" in warning


def test_former_columns_are_read_by_their_present_names(tables: Path, capsys: pytest.CaptureFixture[str]):
    (tables / "foreign_files.csv").write_text("opening,what,do\n25504446,a PDF,export it\n", encoding="utf-8")
    assert table_files.read_rows("file_signatures.csv") == [
        {"magic": "25504446", "what_en": "a PDF", "do_en": "export it"}
    ]
    assert "opening -> magic" in capsys.readouterr().err


def test_former_columns_of_a_table_that_kept_its_name(tables: Path, capsys: pytest.CaptureFixture[str]):
    path = tables / "quality.csv"
    path.write_text(path.read_text("utf-8").replace("title_zh,title_en", "zh,en", 1), encoding="utf-8")
    row = table_files.read_rows("quality.csv")[0]
    assert row["title_zh"] and row["title_en"] and "zh" not in row
    assert "zh -> title_zh, en -> title_en" in capsys.readouterr().err


def test_a_table_under_its_present_name_raises_no_warning(tables: Path, capsys: pytest.CaptureFixture[str]):
    assert table_files.find_table_file("size_limits.csv") == tables / "size_limits.csv"
    assert table_files.read_rows("size_limits.csv")
    assert capsys.readouterr().err == ""
