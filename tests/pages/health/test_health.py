"""Portfolio health: every figure worked out by hand from the seven loans."""

import re
from datetime import date

import polars as pl
import pytest

from data.facts import summaries
from data.queries import composition, migration
from data.reference.dimensions import load_dimensions
from data.storage import book
from pages.ui.health import page_scope
from tests.pages.seven_loan_book import SNAPSHOT_DATE

FIGURES = {
    "zh": {
        "贷款余额": ("225万元", "-20万元"),
        "贷款笔数": ("5", "0"),
        "借款人数": ("5", "0"),
        "不良率": ("26.83%", "+6.83 个百分点"),
        "关注率": ("24.39%", "-11.17 个百分点"),
        "逾期率": ("46.67%", "-4.35 个百分点"),
        "PAR30": ("24.44%", "-6.17 个百分点"),
        "PAR60": ("24.44%", "-6.17 个百分点"),
        "PAR90": ("24.44%", "+6.08 个百分点"),
    },
    "en": {
        "Balance": ("2.25M", "-200K"),
        "Running loans": ("5", "0"),
        "Borrowers": ("5", "0"),
        "NPL ratio": ("26.83%", "+6.83 pp"),
        "Special-mention ratio": ("24.39%", "-11.17 pp"),
        "Overdue ratio": ("46.67%", "-4.35 pp"),
        "PAR30": ("24.44%", "-6.17 pp"),
        "PAR60": ("24.44%", "-6.17 pp"),
        "PAR90": ("24.44%", "+6.08 pp"),
    },
}


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_cards(seven_loan_book, open_page, lang):
    cards = {
        re.sub(r":.*\] |\\", "", card.label): (card.value, card.delta)
        for card in open_page("portfolio_health", lang).metric
    }
    assert {name: cards.get(name) for name in FIGURES[lang]} == FIGURES[lang]


@pytest.mark.parametrize(
    ("lang", "said"),
    [
        (
            "zh",
            [
                "本时点 7 笔：未结清 6 笔",
                "已终结 1 笔",
                "9,999,999.00（1 笔）",
                "5 条中有 1 条缺：五级分类",
                "1 笔未到期且无欠款，按未逾期计",
            ],
        ),
        (
            "en",
            [
                "Loans in this snapshot: 7. Active: 6",
                "closed: 1",
                "9,999,999.00 (1 loan)",
                "Missing in 1 of 5: five\\-category class",
                "1 loan is taken as not past due",
            ],
        ),
    ],
)
def test_what_is_unknown_is_said(seven_loan_book, open_page, lang, said):
    notes = "\n".join(caption.value for caption in open_page("portfolio_health", lang).caption)
    assert [line for line in said if line not in notes] == []


def read_composition(path, branch=None, *, chosen=()):
    with book.open_for_reading(path) as cursor:
        return composition.sum_by_dimension(cursor, SNAPSHOT_DATE, "CNY", branch, chosen)


def values_of_dimension(found: pl.DataFrame, name: str) -> dict[str | None, tuple[int, float]]:
    rows = found.filter(dimension=name).select("value", "loans", "balance").iter_rows()
    return {value: (loans, float(balance)) for value, loans, balance in rows}


def test_classes_and_the_unclassified(seven_loan_book):
    classes = values_of_dimension(read_composition(seven_loan_book), "classification")
    assert classes["normal"] == (1, 1_000_000)
    assert classes[None] == (1, 200_000)
    assert "doubtful" not in classes


@pytest.mark.parametrize("name", list(load_dimensions()))
def test_every_dimension_has_every_loan_once(seven_loan_book, name):
    rows = values_of_dimension(read_composition(seven_loan_book), name).values()
    assert (sum(loans for loans, _ in rows), sum(balance for _, balance in rows)) == (5, 2_250_000)


def test_a_choice_leaves_its_own_dimension_whole(seven_loan_book):
    found = read_composition(seven_loan_book, chosen=(("classification", None),))
    assert len(values_of_dimension(found, "classification")) > 1
    assert (
        values_of_dimension(found, "branch_id")
        and sum(loans for loans, _ in values_of_dimension(found, "branch_id").values()) == 1
    )


@pytest.mark.parametrize(
    ("by", "row", "figures"),
    [
        ("branch_id", "001 城东支行", (3, 1_800_000, 80.0, 300 / 18)),
        ("guarantee_type", "Not stated", (1, 200_000, 8.888888888888889, None)),
        ("term", "Medium-term (1 to 5 years)", (3, 1_450_000, 64.44444444444444, 20.0)),
    ],
)
def test_structure(seven_loan_book, open_page, by, row, figures):
    app = open_page("portfolio_health", "en", by=by)
    tables = [frame.value for frame in app.dataframe if "npl_ratio" in frame.value.columns]
    found = next(line[1:] for line in tables[0].itertuples(index=False, name=None) if line[0] == row)
    assert found[:2] == figures[:2]
    assert found[2] == pytest.approx(figures[2])
    assert found[3] == (pytest.approx(figures[3]) if figures[3] else pytest.approx(float("nan"), nan_ok=True))


def test_the_loans_behind_a_choice_are_those_counted(seven_loan_book, open_page):
    counted = values_of_dimension(read_composition(seven_loan_book), "late")["current"][0]
    app = open_page("portfolio_health", "en", late="current")
    listed = next(frame.value for frame in app.dataframe if "loan_id" in frame.value.columns)
    assert len(listed) == counted
    assert any(caption.value.startswith(f"Loans: {counted}, balance") for caption in app.caption)
    assert [button.label for button in app.button if button.key == "drop_late"] == ["✕ Days past due\\: Not past due"]


def test_every_choice_finds_as_many_loans_as_its_bar_says(seven_loan_book):
    with book.open_for_reading(seven_loan_book) as cursor:
        for name, value, loans in (
            composition.sum_by_dimension(cursor, SNAPSHOT_DATE, "CNY", None, ())
            .select("dimension", "value", "loans")
            .iter_rows()
        ):
            rows = composition.list_loans(cursor, SNAPSHOT_DATE, "CNY", None, ((name, value),), (), 100, 0)
            assert rows.height == loans, (name, value)
            assert composition.sum_selection(cursor, SNAPSHOT_DATE, "CNY", None, ((name, value),))["loans"] == loans


def test_moves_add_up_from_one_snapshot_to_the_next(seven_loan_book):
    with book.open_for_reading(seven_loan_book) as cursor:
        day = migration.list_opening_snapshots(cursor, SNAPSHOT_DATE)["previous"]
        moved = migration.load_moves(cursor, SNAPSHOT_DATE, "CNY", None, day)
    assert (day, float(moved["balance_before"].sum()), float(moved["balance_after"].sum())) == (
        date(2026, 9, 30),
        2_450_000,
        2_250_000,
    )


def test_the_paragraph_says_what_moved(seven_loan_book, open_page):
    said = open_page("portfolio_health", "en").markdown[0].value
    assert "Since 30 Sep 2026 the balance fell from 2.45M to 2.25M (−200K)" in said


def test_a_branch_scopes_the_page(seven_loan_book, open_page):
    app = open_page("portfolio_health", "en", branch="001")
    assert app.metric[0].value == "1.8M"
    assert "Mainly:" not in app.markdown[0].value


def test_openings_are_rows_of_the_table():
    days = [date(2025, 10, 31), date(2025, 12, 31), date(2026, 7, 31), date(2026, 9, 30), date(2026, 10, 31)]
    assert summaries.find_opening_snapshots(days, days[-1]) == {
        "previous": days[3],
        "quarter": days[2],
        "year_start": days[1],
        "year": days[0],
    }
    assert summaries.find_opening_snapshots(days, days[0]) == {}


def test_an_earlier_snapshot(seven_loan_book, open_page):
    app = open_page("portfolio_health", "en", as_of="2026-09-30")
    assert app.metric[0].value == "2.45M"
    assert not app.metric[0].delta
    assert "As of 30 Sep 2026" in app.caption[0].value
    assert app.selectbox[0].value == "2026-09-30"


def test_an_unknown_snapshot_in_the_address_is_replaced(seven_loan_book, open_page):
    app = open_page("portfolio_health", as_of="1999-01-01")
    assert app.query_params["as_of"] == str(SNAPSHOT_DATE)


def _listed_loans(app) -> list[str]:
    return sorted(next(table.value for table in app.dataframe if "loan_id" in table.value.columns)["loan_id"])


@pytest.mark.parametrize(
    ("choice", "label", "loans"),
    [
        ({"cohort": "2026-01-01"}, "✕ Disbursed in\\: 2026 Q1", ["L2"]),
        ({"borrower": "B2"}, "✕ Borrower\\: 乙公司", ["L3"]),
        ({"class_before": "doubtful"}, "✕ Opening risk grade\\: Doubtful", ["L7"]),
    ],
)
def test_what_a_click_chose_is_said_and_narrows_the_list(seven_loan_book, open_page, choice, label, loans):
    app = open_page("portfolio_health", "en", **choice)
    assert [button.label for button in app.button if button.label.startswith("✕")] == [label]
    assert _listed_loans(app) == loans
    next(button for button in app.button if button.label == label).click().run()
    assert len(_listed_loans(app)) == 5
    assert not set(choice) & set(app.query_params)


def test_the_same_choices_without_a_chart(seven_loan_book, open_page):
    assert len(open_page("portfolio_health", "en").selectbox) == 2, "not computed until it is asked for"
    app = open_page("portfolio_health", "en", unfolded=page_scope.FILTERS_KEY)
    box = next(box for box in app.selectbox if box.label == "Days past due")
    assert "181–360 days (1)" in box.options
    box.select("181–360 days (1)").run()
    assert _listed_loans(app) == ["L7"]


def test_a_currency_is_named(seven_loan_book, open_page):
    assert "币种：人民币" in open_page("portfolio_health").caption[0].value
    assert "currency CNY" in open_page("portfolio_health", "en").caption[0].value
