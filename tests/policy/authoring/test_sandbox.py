"""A policy tried out: tables come back as they were written, uploads lie where they belong, one table is proof-read."""

import io
import zipfile

import pytest

from data.errors import InputError
from policy.authoring import sandbox
from policy.model.table_folder import compute_version
from tests.shipped_policy import POLICY

RATIOS_TABLE = "limits/collateral_ratios.csv"


def _with_ratio_cell(cell: str) -> dict[str, str]:
    header, rows = sandbox.parse_table(POLICY.texts[RATIOS_TABLE])
    rows[10][header.index("max_ratio")] = cell
    return POLICY.texts | {RATIOS_TABLE: sandbox.format_table(header, rows)}


@pytest.mark.parametrize("name", sorted(name for name in POLICY.texts if name.startswith("limits/")))
def test_a_table_read_and_written_says_the_same(name):
    text = sandbox.format_table(*sandbox.parse_table(POLICY.texts[name]))
    assert compute_version({name: text}) == compute_version({name: POLICY.texts[name]})


@pytest.mark.parametrize(("cell", "levels"), [("0.70", []), ("0.65", []), ("70", ["error"]), ("seventy", ["error"])])
def test_one_table_is_proof_read(cell, levels):
    found = sandbox.lint_limit_table(_with_ratio_cell(cell), "collateral_ratios")
    assert [problem.level for problem in found] == levels
    assert all((problem.table, problem.row, problem.column) == (RATIOS_TABLE, 12, "max_ratio") for problem in found)


def test_a_zip_is_a_whole_set_wherever_its_folder_stands():
    deeper = {f"bank/tables/{name}": text for name, text in POLICY.texts.items()}
    found = sandbox.read_uploads([("tables.zip", sandbox.zip_tables(deeper))], {})
    assert compute_version(found) == POLICY.version


def test_a_single_table_replaces_the_one_of_its_name():
    text = _with_ratio_cell("0.65")[RATIOS_TABLE]
    found = sandbox.read_uploads([("collateral_ratios.csv", text.encode("utf-8-sig"))], POLICY.texts)
    assert compute_version(found) == compute_version(_with_ratio_cell("0.65"))


def _zip_tables(name: str) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr(name, "a,b\n")
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("what.csv", b"a,b\n", "not a policy table"),
        ("extension.csv", b"a,b\n", "stands for"),
        ("npl_limits.csv", "比例".encode("gb18030"), "not UTF-8"),
        ("tables.zip", b"nothing", "not a zip file"),
        ("tables.zip", _zip_tables("limits/a.csv"), "no clauses.csv"),
    ],
)
def test_what_is_no_table_is_refused(name, content, said):
    with pytest.raises(InputError, match=said):
        sandbox.read_uploads([(name, content)], POLICY.texts)
