"""Notices: who gets a copy, what it says, and that thousands of them are all there."""

import csv
import io
import re
import zipfile
from datetime import date
from decimal import Decimal

import polars as pl
import pytest

from data.queries import notices as addressed
from data.storage import book
from pages.documents import bank, notice_texts, notices, printing, wording
from pages.documents.notices import NoticeBatch
from tests.pages.seven_loan_book import INJECTION_NAME, SNAPSHOT_DATE

ROW = {
    "loan_id": "L1",
    "contract_no": "C1",
    "borrower_name": "甲公司",
    "branch": "城东支行",
    "officer": "王五",
    "currency": "CNY",
    "principal": Decimal(2_000_000),
    "balance": Decimal(1_000_000),
    "disbursed_on": date(2023, 11, 8),
    "current_maturity": date(2026, 11, 8),
    "days_past_due": 0,
    "principal_overdue": None,
    "interest_overdue": None,
    "guarantee_type": "guarantee",
    "others": [{"name": "赵保", "kinds": ["guarantee"]}],
    "is_registered": True,
    "apply_by": date(2026, 11, 2),
}


def _make_order(kind: str = "maturity", lang: str = "zh", **changed: object) -> NoticeBatch:
    return NoticeBatch(kind, lang, SNAPSHOT_DATE, pl.DataFrame([ROW | changed], infer_schema_length=None))


def _make_copies(order: NoticeBatch) -> list[dict]:
    texts = notice_texts.load_texts(order.kind, order.lang)
    return [copy for row in order.rows.to_dicts() for copy in notices.build_copies(order, texts, row)]


def _count_pages(pdf: bytes) -> int:
    return len(re.findall(rb"/Type\s*/Page\b(?!s)", pdf))


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ("0", "零元整"),
        ("10005", "壹万零伍元整"),
        ("100000", "壹拾万元整"),
        ("100000001", "壹亿零壹元整"),
        ("10000000000", "壹佰亿元整"),
        ("107000.53", "壹拾万柒仟元伍角叁分"),
        ("325.04", "叁佰贰拾伍元零肆分"),
        ("16409.02", "壹万陆仟肆佰零玖元零贰分"),
        ("0.03", "叁分"),
        ("20300", "贰万零叁佰元整"),
    ],
)
def test_amounts_in_capitals(value, words):
    assert wording.spell_amount(Decimal(value), "CNY", "zh") == words


def test_what_cannot_be_written_in_capitals_is_not():
    assert wording.spell_amount(Decimal(5), "USD", "zh") is wording.spell_amount(None, "CNY", "zh") is None


@pytest.mark.parametrize("lang", ["zh", "en"])
@pytest.mark.parametrize("kind", notice_texts.KINDS)
def test_three_copies_two_with_a_receipt(kind, lang):
    borrower, guarantor, file = _make_copies(_make_order(kind, lang))
    assert ("甲公司" in borrower["to"], "赵保" in guarantor["to"]) == (True, True)
    assert [bool(copy["receipt"]) for copy in (borrower, guarantor, file)] == [True, True, False]
    assert [name.split("（")[0].split(" (")[0] for name in file["addressed"]] == ["甲公司", "赵保"]
    assert len({copy["number"] for copy in (borrower, guarantor, file)}) == 1
    assert set(borrower["paragraphs"]) < set(file["paragraphs"]), "the file copy says what the borrower was told"


def test_what_the_borrower_is_told():
    """2026-11-08 is a Sunday; the last working day before it is Friday the 6th."""
    said = "".join(_make_copies(_make_order())[0]["paragraphs"])
    for words in (
        "2026年11月8日到期",
        "人民币1,000,000.00元",
        "壹佰万元整",
        "最迟于2026年11月6日",
        "最迟于2026年11月2日",
    ):
        assert words in said


def test_what_does_not_hold_is_not_said():
    plain = "".join(
        _make_copies(_make_order(current_maturity=date(2026, 11, 5), apply_by=date(2026, 10, 16)))[0]["paragraphs"]
    )
    assert "非工作日" not in plain, "a Thursday"
    assert "展期" not in plain, "too late to apply"


def test_what_is_not_known_is_a_line_to_fill_in():
    unknown = _make_copies(_make_order("collection", days_past_due=None, borrower_name=None))[0]
    assert unknown["to"] == f"{wording.BLANK}："
    assert f"已逾期{wording.BLANK}天" in unknown["paragraphs"][0]


@pytest.mark.parametrize(
    ("changed", "copies", "note"),
    [
        ({"others": [], "is_registered": False, "guarantee_type": "credit"}, 2, "不出具第二联"),
        ({"others": [], "is_registered": False, "guarantee_type": None}, 3, "手工填写"),
        ({"others": [], "is_registered": True, "guarantee_type": "mortgage"}, 2, "不出具第二联"),  # the borrower's own
        ({"others": [], "is_registered": False, "guarantee_type": "mortgage"}, 3, "手工填写"),
        ({"others": [{"name": name, "kinds": ["guarantee"]} for name in ("赵", "钱", "孙")]}, 5, None),
    ],
)
def test_a_copy_for_each_guarantor(changed, copies, note):
    found = _make_copies(_make_order(**changed))
    assert len(found) == copies
    assert any(note in paragraph for paragraph in found[-1]["paragraphs"]) if note else True


def test_the_register_says_who_gets_one(seven_loan_book):
    with book.open_for_reading(seven_loan_book) as cursor:
        maturity = addressed.list_loans_for_notice(cursor, SNAPSHOT_DATE, "maturity", ("L1", "L2", "L3", "L5"))
        demands = addressed.list_loans_for_notice(cursor, SNAPSHOT_DATE, "collection", ("L1", "L2", "L3", "L5", "L7"))
    assert maturity["loan_id"].to_list() == ["L1", "L2"], "not past maturity, not repaid"
    assert demands["loan_id"].to_list() == ["L3", "L2", "L7"], "in arrears"
    names = [other["name"] for other in maturity.row(0, named=True)["others"]]
    assert names == ["赵保", INJECTION_NAME]


def test_data_is_never_markup():
    """A name that is typst, a link and a formula stands there as it is, and does not stop the printing."""
    evil = '#panic("x") $1$ *b* @a <l> \\ ' + INJECTION_NAME
    printed = notices.render_notices(_make_order(borrower_name=evil, others=[{"name": evil, "kinds": ["guarantee"]}]))
    assert _count_pages(printed.content) == printed.copies == 3


def test_many_are_all_there_in_order(monkeypatch):
    monkeypatch.setattr(notices, "LOANS_PER_FILE", 4)
    rows = pl.DataFrame([ROW | {"loan_id": f"L{n}", "others": []} for n in range(10)], infer_schema_length=None)
    heard: list[int] = []
    printed = notices.render_notices(NoticeBatch("maturity", "en", SNAPSHOT_DATE, rows), heard.append)
    files = zipfile.ZipFile(io.BytesIO(printed.content))
    assert [name.rsplit("-", 2)[1:] for name in files.namelist()] == [
        ["00001", "00004.pdf"],
        ["00005", "00008.pdf"],
        ["00009", "00010.pdf"],
    ]
    assert sum(_count_pages(files.read(name)) for name in files.namelist()) == printed.copies == 20
    assert (printed.loans, heard[-1], len(heard)) == (10, 10, 3)


@pytest.fixture
def own_templates(tmp_path, monkeypatch):
    monkeypatch.setenv(printing.TEMPLATES_VARIABLE, str(tmp_path))
    return tmp_path


def test_the_bank_has_no_name_until_it_is_set(own_templates):
    assert bank.load_name("zh") is None
    (own_templates / bank.TABLE).write_text("item,zh,en\nname,清河农商银行,\n", encoding="utf-8")
    assert (bank.load_name("zh"), bank.load_name("en")) == ("清河农商银行", "清河农商银行")


def test_a_bank_writes_its_own_texts(own_templates):
    text = printing.read_template(notice_texts.TABLE).replace("请提前筹措资金", "敬请{borrower}提前筹措资金")
    (own_templates / notice_texts.TABLE).write_text(text, encoding="utf-8")
    assert any("敬请甲公司提前" in paragraph for paragraph in _make_copies(_make_order())[0]["paragraphs"])


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        (("{maturity}到期", "{due}到期"), "row 16: due is not a value that a notice can contain"),
        (("maturity,borrower,copy,", "maturity,nobody,copy,"), "no row 'copy' for maturity, borrower"),
        (("maturity,*,prefix,,到期,MAT", "maturity,*,prefix"), "row 3: six cells"),
    ],
)
def test_a_table_that_cannot_be_used_is_refused_by_row(own_templates, changes, said):
    (own_templates / notice_texts.TABLE).write_text(
        printing.read_template(notice_texts.TABLE).replace(*changes), encoding="utf-8"
    )
    with pytest.raises(printing.PrintingError, match=re.escape(said)):
        notice_texts.load_texts("maturity", "zh")


def test_both_languages_state_the_same():
    """Every text is there in both; what one language states, the other does too, but for the amount in capitals."""
    for row in csv.DictReader(io.StringIO(printing.read_template(notice_texts.TABLE))):
        assert row["zh"], row
        assert row["en"], row
        zh, en = (set(notice_texts.PLACEHOLDER.findall(row[lang])) - {"balance_words"} for lang in ("zh", "en"))
        assert zh == en, row
