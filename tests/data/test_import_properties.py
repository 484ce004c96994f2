"""What holds for any file: rows and balances reconcile, nothing is lost or invented, nothing crashes."""

import io
import random
from datetime import date
from decimal import Decimal
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import openpyxl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from data import book, importing, readers, staging
from data.errors import InputError
from data.staging import Stage

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


HEADER = ("借据号", "贷款余额", "发放日期", "状态", "用途")
FURNITURE = ("合计", "制表人")


def written(rows: list[tuple[str, ...] | None], codec: str) -> bytes:
    lines = [",".join('"' + cell.replace('"', '""') + '"' for cell in row) if row else "" for row in [HEADER, *rows]]
    return ("\n".join(lines) + "\n").encode(codec)


def staged(content: bytes, name: str = "f.csv") -> Stage | None:
    """The file up to the book's door; None when it is refused."""
    with TemporaryDirectory() as folder:
        file = Path(folder) / name
        file.write_bytes(content)
        try:
            parts, _ = importing.read([readers.load(file)], AS_OF, None)
        except InputError:
            return None
    return staging.stage(parts, AS_OF)


def reconciles(stage: Stage) -> bool:
    return all(count.rows_in == count.loaded + count.quarantined + count.ignored for count in stage.counts)


@settings(max_examples=80, deadline=None)
@given(
    rows=st.lists(st.one_of(loan, loan, other), min_size=1, max_size=30), codec=st.sampled_from(["utf-8", "gb18030"])
)
def test_rows_and_balances_reconcile_for_any_mess(rows: list, codec: str) -> None:
    data = [row for row in rows if row and any(cell.strip() for cell in row) and not row[0].startswith(FURNITURE)]
    furniture = sum(1 for row in rows if row and row[0].startswith(FURNITURE))
    parseable = [AMOUNTS[row[1]] for row in data if AMOUNTS.get(row[1]) is not None]
    stage = staged(written(rows, codec))
    if stage is None:
        assert not data
        return
    counts, loans, kept_back = stage.counts[0], stage.tables["loans"], stage.quarantine[0]
    assert reconciles(stage)
    assert (counts.rows_in, counts.ignored) == (len(data) + furniture, furniture)
    assert counts.balance_in == sum(parseable, Decimal(0))
    assert (counts.loaded, counts.balance_loaded) == (len(loans), loans["balance"].sum())
    assert loans["loan_id"].n_unique() == len(loans)
    assert kept_back["row_number"].n_unique() == len(kept_back) == counts.quarantined
    assert {*loans["source_row"]}.isdisjoint(kept_back["row_number"])


@settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(rows=st.lists(loan, min_size=1, max_size=10))
def test_the_book_holds_what_the_report_says(rows: list) -> None:
    with TemporaryDirectory() as folder:
        file, path = Path(folder) / "f.csv", Path(folder) / "b.duckdb"
        file.write_bytes(written([*rows, ("L999", "1", "", "正常", "")], "utf-8"))
        counts = importing.import_files([file], AS_OF, path).tables()["loans"]
        with book.reading(path) as con:
            held = con.execute("SELECT count(*), coalesce(sum(balance), 0) FROM loans").fetchone()
            kept_back = con.execute("SELECT count(*) FROM quarantine").fetchone()
    assert held == (counts["loaded"], counts["balance_loaded"])
    assert kept_back == (counts["quarantined"],)


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


@pytest.mark.parametrize("seed", range(150))
def test_mutated_files_are_read_or_refused(seed: int) -> None:
    chance = random.Random(seed)
    content = bytearray(GOOD.encode(chance.choice(["utf-8", "gb18030", "utf-16"])))
    for _ in range(chance.randint(1, 6)):
        at = chance.randrange(len(content))
        content[at : at + chance.randint(0, 3)] = chance.choice(MUTATIONS)
    if chance.random() < 0.2:
        del content[chance.randrange(len(content)) :]
    stage = staged(bytes(content))
    assert stage is None or reconciles(stage)


@pytest.mark.parametrize("seed", range(60))
def test_mutated_workbooks_are_read_or_refused(seed: int) -> None:
    chance = random.Random(seed)
    content = bytearray(workbook())
    for _ in range(chance.randint(1, 8)):
        content[chance.randrange(4, len(content))] = chance.randrange(256)
    stage = staged(bytes(content), "f.xlsx")
    assert stage is None or reconciles(stage)


@cache
def workbook() -> bytes:
    book = openpyxl.Workbook()
    for row in [["借据号", "余额"], *[[f"L{i}", i] for i in range(20)]]:
        book.active.append(row)
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()
