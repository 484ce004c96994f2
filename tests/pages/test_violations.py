"""Violations: counts equal the book's own, filters stand in the address, evidence and workbook say the same."""

import io

import openpyxl
import polars as pl
import pytest
from hand_book import BEACON, NOW

from data import book, findings
from pages.ui import filters, workbook
from pages.ui.frame import View
from pages.ui.listing import as_workbook
from policy import judging


def _ask(path, sql: str, *values):
    with book.reading(path) as cursor:
        return cursor.execute(sql, list(values)).fetchall()


def _count(path, where: str = "true", *values) -> int:
    return _ask(path, f"SELECT count(*) FROM violations WHERE {where}", *values)[0][0]


def _total(app) -> str:
    return next(text.value for text in app.markdown if text.value.startswith(("**违规", "**Violations")))


@pytest.mark.parametrize(("lang", "said"), [("zh", "**违规 {} 条**"), ("en", "**Violations: {}**")])
def test_every_violation_is_listed(hand_book, opened, lang, said):
    app = opened("violations", lang)
    count = _count(hand_book)
    assert count >= 5
    assert _total(app) == said.format(count)
    assert len(app.dataframe[0].value) == count


def test_filters_stand_in_the_address(hand_book, opened):
    app = opened("violations", "en", severity="critical", branch_id="002")
    critical = _ask(hand_book, "SELECT DISTINCT rule_id FROM violations")
    rules = [rule for (rule,) in critical if judging.load().rules[rule].severity == "critical"]
    expected = _count(hand_book, "list_contains(?, rule_id) AND branch_id = '002'", rules)
    assert 0 < expected < _count(hand_book)
    assert _total(app) == f"**Violations: {expected}**"
    assert {row.split()[-1] for row in app.dataframe[0].value.iloc[:, 0]} == {"Critical"}


def test_a_choice_moves_into_the_address_and_survives_the_language(hand_book, opened):
    app = opened("violations", "en")
    family = next(box for box in app.multiselect if box.label == "Family")
    family.set_value(["extension"]).run()
    assert app.query_params["family"] == "extension"
    expected = _count(hand_book, "rule_id LIKE 'EXT-%'")
    assert _total(app) == f"**Violations: {expected}**"
    app.sidebar.segmented_control[0].set_value("zh").run()
    assert app.query_params["family"] == "extension"
    assert _total(app) == f"**违规 {expected} 条**"


def test_an_unknown_filter_in_the_address_is_dropped(hand_book, opened):
    app = opened("violations", "en", family="<script>")
    assert _total(app) == f"**Violations: {_count(hand_book)}**"
    assert "family" not in app.query_params


def test_options_tell_what_they_would_show(hand_book, opened):
    app = opened("violations", "en", branch_id="001")
    branches = next(box for box in app.multiselect if box.label == "Branch").options
    assert branches == [
        f"001 城东支行 ({_count(hand_book, 'branch_id = ?', '001')})",
        f"002 城西支行 ({_count(hand_book, 'branch_id = ?', '002')})",
    ]


@pytest.mark.parametrize(
    ("lang", "said"),
    [
        (
            "zh",
            {"实测值": "2030年11月5日", "限额": "≤ 2028年6月1日", "text": ["短期展期", "Medium: no more than half"]},
        ),
        ("en", {"Measured": "5 Nov 2030", "Limit": "≤ 1 Jun 2028", "text": ["Medium: no more than half"]}),
    ],
)
def test_evidence_of_the_violation_in_the_address(hand_book, opened, lang, said):
    """L7: 24 months to 2027-06-01, so half of it, 12 months, is the most."""
    [(violation,)] = _ask(
        hand_book, "SELECT violation_id FROM violations WHERE rule_id = 'EXT-LENGTH' AND loan_id = 'L7'"
    )
    app = opened("violations", lang, violation=violation)
    texts = [text.value for text in app.text]
    captions = [caption.value for caption in app.caption]
    for label in [label for label in said if label != "text"]:
        assert label in captions
        assert said[label] in texts
    assert any(said["text"][-1] in text for text in texts)


def test_the_list_speaks_the_language_that_is_on(hand_book, opened):
    """Numbers and dates are written out on the page's own thread; Polars' threads would not know the language."""
    rows = opened("violations", "en", rule_id="EXT-LENGTH").dataframe[0].value
    assert "5 Nov 2030" in list(rows["measured"])
    assert "1 Jun 2028" in list(rows["limit_value"])


def test_not_assessable_by_rule_reason_and_field(hand_book, opened):
    shown = opened("violations", "en").dataframe[-1].value
    stored = _ask(hand_book, "SELECT sum(subjects)::INT FROM run_counts WHERE verdict = 'not_assessable'")[0][0]
    assert shown["subjects"].sum() == stored > 0
    assert shown["share"].between(0, 100).all()


def test_data_never_becomes_markdown(hand_book, opened):
    app = opened("violations", "en", branch_id="002")
    written = [e.value for kind in (app.markdown, app.caption, app.info, app.warning, app.subheader) for e in kind]
    assert any(BEACON in row for row in app.dataframe[0].value.astype(str).to_numpy().ravel())
    assert not [text for text in written if "leak.png" in text]


def test_the_workbook_has_every_row_and_nothing_that_computes(hand_book, opened, monkeypatch):
    with book.reading(hand_book) as cursor:
        run = findings.latest_run(cursor, NOW)
    rules = tuple(rule for (rule,) in _ask(hand_book, "SELECT DISTINCT rule_id FROM violations ORDER BY 1"))
    view = View(NOW, [NOW], "CNY", judging.load(), run)
    chosen = filters.Chosen(rules, ("002",), (), _count(hand_book, "branch_id = '002'"), (("机构", "002 城西支行"),))
    made = openpyxl.load_workbook(io.BytesIO(as_workbook(view, chosen)))
    cover, sheet = made.worksheets
    said = {row[0].value: row[1].value for row in cover.iter_rows(min_row=3)}
    assert said["时点"] == "2026年10月31日"
    assert said["筛选条件"] == "机构: 002 城西支行"
    assert said["政策版本"] == run.policy_version
    assert said["检查批次"] == run.run_id
    assert said["行数"] == str(chosen.violations) == str(sheet.max_row - 1)
    names = [cell.value for cell in sheet[1]]
    column = names.index("客户名称")
    assert BEACON in {row[column].value for row in sheet.iter_rows(min_row=2)}
    assert {cell.data_type for row in sheet.iter_rows(min_row=2) for cell in row} <= {"s", "n"}
    assert sheet[1][0].font.bold


def test_a_list_longer_than_a_sheet_goes_on_the_next(monkeypatch):
    monkeypatch.setattr(workbook, "ROWS_A_SHEET", 4)
    rows = pl.DataFrame({"loan_id": [f"=L{n}" for n in range(10)]})
    made = openpyxl.load_workbook(io.BytesIO(workbook.make("清单", {}, rows)))
    sheets = made.worksheets[1:]
    assert [sheet.max_row - 1 for sheet in sheets] == [4, 4, 2]
    assert [row[0].value for sheet in sheets for row in sheet.iter_rows(min_row=2)] == rows["loan_id"].to_list()
