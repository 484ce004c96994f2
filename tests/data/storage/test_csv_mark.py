"""Every CSV that the product writes begins with the mark by which Excel and WPS know that it is UTF-8."""

import ast
import codecs
import io
import zipfile
from pathlib import Path

import polars as pl
import pytest

from data.storage import formula_escaping
from policy.authoring import sandbox
from tests.test_architecture import SOURCES

WRITER = "formula_escaping"


def test_a_frame(tmp_path: Path) -> None:
    out = tmp_path / "out.csv"
    formula_escaping.write_csv(pl.DataFrame({"客户": ["张三", "=1+1"]}), out)
    assert out.read_bytes() == codecs.BOM_UTF8 + "客户\n张三\n'=1+1\n".encode()


def test_tables_of_a_policy_in_a_zip() -> None:
    packed = sandbox.zip_tables({"limits/a.csv": "row_id,zh\nR1,抵押\n"})
    with zipfile.ZipFile(io.BytesIO(packed)) as archive:
        assert archive.read("limits/a.csv") == codecs.BOM_UTF8 + "row_id,zh\nR1,抵押\n".encode()


@pytest.mark.parametrize("path", [path for path in SOURCES if path.stem != WRITER], ids=str)
def test_no_other_module_writes_a_frame_as_csv(path: Path) -> None:
    """pl.DataFrame.write_csv and its like write no mark; csv.writer only fills texts, which encode_csv writes."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            owner = node.func.value.id if isinstance(node.func.value, ast.Name) else ""
            assert node.func.attr not in ("write_csv", "sink_csv", "to_csv") or owner in (WRITER, "csv_writer")
