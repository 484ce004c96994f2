"""What holds for any file: rows and balances reconcile, nothing is lost or invented, nothing crashes."""

import random
from datetime import date
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory

import openpyxl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from data import book
from data.__main__ import main
from data.importing import import_files
from data.reports import Report

AMOUNTS = {  # cell -> the amount it means, or None where it means none
    "1234.5": Decimal("1234.50"), "1,000": Decimal(1000), "￥7": Decimal(7), "2万": Decimal(20000), "(3.10)": Decimal("-3.10"),
    "": None, "—": None,
}  # fmt: skip
JUNK = ["abc", "1,23", "12x", "1.2.3"]
DATES = ["2024-01-31", "2024/1/31", "20240131", "2024年1月31日", "", "长期"]
cells = st.sampled_from([*AMOUNTS, *JUNK])
texts = st.text(st.characters(codec="utf-8", exclude_categories=("Cs", "Cc")), max_size=8)
loan = st.tuples(
    st.one_of(st.just(""), st.integers(1, 12).map(lambda n: f"L{n:03d}")), cells,
    st.sampled_from([*DATES, "20240230", "24-1-31"]), st.sampled_from(["正常", "1-正常", "结清", "", "怪"]), texts,
)  # fmt: skip
other = st.sampled_from([("", "", "", "", ""), ("合计", "5", "", "", ""), ("制表人：甲", "", "", "", ""), None])
AS_OF = date(2024, 3, 31)


def quoted(cell: str) -> str:
    return '"' + cell.replace('"', '""') + '"'


def load(content: bytes, folder: Path) -> Report | None:
    """The report, also of a batch of which no row could be loaded."""
    file = folder / "f.csv"
    file.write_bytes(content)
    status = main(["import", str(file), "--as-of", AS_OF.isoformat(), "--book", str(folder / "b.duckdb"), "--json"])
    assert status in (0, 1)
    return import_files([file], AS_OF, folder / "b.duckdb") if status == 0 else None


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    rows=st.lists(st.one_of(loan, loan, other), min_size=1, max_size=30), codec=st.sampled_from(["utf-8", "gb18030"])
)
def test_rows_and_balances_reconcile_for_any_mess(rows: list, codec: str) -> None:
    header = ["借据号", "贷款余额", "发放日期", "状态", "用途"]
    lines = [",".join(map(quoted, row)) if row else "" for row in [header, *rows]]
    data = [
        row for row in rows if row and any(cell.strip() for cell in row) and not row[0].startswith(("合计", "制表人"))
    ]
    furniture = sum(1 for row in rows if row and row[0].startswith(("合计", "制表人")))
    parseable = [AMOUNTS[row[1]] for row in data if AMOUNTS.get(row[1]) is not None]
    with TemporaryDirectory() as folder:
        report = load(("\n".join(lines) + "\n").encode(codec), Path(folder))
        if report is None:
            return
        counts = report.tables()["loans"]
        with book.reading(Path(folder) / "b.duckdb") as con:
            held = con.execute("SELECT count(*), coalesce(sum(balance), 0) FROM loans").fetchone()
            kept_back = con.execute("SELECT count(*), count(DISTINCT row_number) FROM quarantine").fetchone()
    assert counts["rows_in"] == counts["loaded"] + counts["quarantined"] + counts["ignored"] == len(data) + furniture
    assert counts["ignored"] == furniture
    assert counts["balance_in"] == sum(parseable, Decimal(0))
    assert held == (counts["loaded"], counts["balance_loaded"])
    assert kept_back == (counts["quarantined"], counts["quarantined"])


GOOD = (
    "台账\n借据号,贷款余额,发放日期,状态,客户号,客户名称,押品类型,评估价值,审批日期\n"
    + "".join(f'L{i},"{i},000.50",2024-01-{i % 28 + 1:02d},正常,C{i % 7},"名 ""{i}""\n次行",住宅,5万,2023/12/1\n' for i in range(1, 40))
    + "合计,1,,,,,,,\n"
)  # fmt: skip
MUTATIONS = [
    b"",
    b'"',
    b",",
    b"\n",
    b"\r",
    b"\x00",
    b"\xff",
    b"\xe5",
    b"'",
    b";",
    b"\t",
    b"\x1a",
    "，".encode(),
    b"9" * 40,
]


@pytest.mark.parametrize("seed", range(40))
def test_mutated_files_never_crash(seed: int, tmp_path: Path) -> None:
    chance = random.Random(seed)
    content = bytearray(GOOD.encode(chance.choice(["utf-8", "gb18030", "utf-16"])))
    for _ in range(chance.randint(1, 6)):
        at = chance.randrange(len(content))
        content[at : at + chance.randint(0, 3)] = chance.choice(MUTATIONS)
    if chance.random() < 0.2:
        del content[chance.randrange(len(content)) :]
    report = load(bytes(content), tmp_path)
    if report:
        counts = report.tables()["loans"]
        assert counts["rows_in"] == counts["loaded"] + counts["quarantined"] + counts["ignored"]


@pytest.mark.parametrize("seed", range(20))
def test_mutated_workbooks_never_crash(seed: int, tmp_path: Path) -> None:

    workbook = openpyxl.Workbook()
    for row in [["借据号", "余额"], *[[f"L{i}", i] for i in range(20)]]:
        workbook.active.append(row)
    workbook.save(tmp_path / "f.xlsx")
    content = bytearray((tmp_path / "f.xlsx").read_bytes())
    chance = random.Random(seed)
    for _ in range(chance.randint(1, 8)):
        content[chance.randrange(4, len(content))] = chance.randrange(256)
    load(bytes(content), tmp_path)
