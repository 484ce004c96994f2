"""Portfolio health: every figure worked out by hand from the seven loans."""

import pytest
from hand_book import NOW

FIGURES = {
    "zh": {"贷款余额": ("225万", "-20万"), "贷款笔数": ("5", "0"), "客户数": ("5", "0"),
           "不良率": ("26.83%", "+6.83 个百分点"), "关注率": ("24.39%", "-11.17 个百分点"),
           "逾期率": ("51.22%", "-4.34 个百分点"), "PAR30": ("26.83%", "-6.50 个百分点"),
           "PAR60": ("26.83%", "-6.50 个百分点"), "PAR90": ("26.83%", "+6.83 个百分点")},
    "en": {"Balance": ("2.25M", "-200K"), "Loans": ("5", "0"), "Borrowers": ("5", "0"), "NPL ratio": ("26.83%", "+6.83 pp"),
           "Special-mention ratio": ("24.39%", "-11.17 pp"), "Overdue ratio": ("51.22%", "-4.34 pp"),
           "PAR30": ("26.83%", "-6.50 pp"), "PAR60": ("26.83%", "-6.50 pp"), "PAR90": ("26.83%", "+6.83 pp")},
}  # fmt: skip


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_cards(hand_book, opened, lang):
    app = opened("portfolio_health", lang)
    assert {card.label: (card.value, card.delta) for card in app.metric} == FIGURES[lang]


@pytest.mark.parametrize(
    ("lang", "said"),
    [
        ("zh", ["本时点 7 笔：未结清 6 笔", "已终结 1 笔", "另有 1 笔未结清贷款为其他币种", "5 笔中有 1 笔缺少“五级分类”", "5 笔中有 1 笔缺少“逾期天数”"]),
        ("en", ["7 loans in this snapshot: 6 running", "1 ended", "1 more running loans are in another currency",
                "1 of 5 loans lack “Five-category class”", "1 of 5 loans lack “Days past due”"]),
    ],
)  # fmt: skip
def test_what_is_unknown_is_said(hand_book, opened, lang, said):
    notes = "\n".join(caption.value for caption in opened("portfolio_health", lang).caption)
    assert [line for line in said if line not in notes] == []


def _table(app, first: str) -> dict[str, tuple]:
    """The table that has `first` among its first column, by that column."""
    frames = [frame.value for frame in app.dataframe]
    found = next(frame for frame in frames if first in list(frame.iloc[:, 0]))
    return {row[0]: row[1:] for row in found.itertuples(index=False, name=None)}


def test_classes_and_the_unclassified(hand_book, opened):
    classes = _table(opened("portfolio_health"), "关注")
    assert classes["正常"][:2] == (1, 1_000_000)
    assert classes["可疑"][:2] == (0, 0)
    assert classes["未分类"][:2] == (1, 200_000)
    assert sum(row[2] for row in classes.values()) == pytest.approx(100)


@pytest.mark.parametrize(
    ("first", "row", "figures"),
    [
        ("001 城东支行", "001 城东支行", (3, 1_800_000, 80.0, 300 / 18)),
        ("Unsecured", "Not stated", (1, 200_000, 8.888888888888889, None)),
        ("Short-term", "Medium-term", (3, 1_450_000, 64.44444444444444, 20.0)),
    ],
)
def test_structure(hand_book, opened, first, row, figures):
    found = _table(opened("portfolio_health", "en"), first)[row]
    assert found[:2] == figures[:2]
    assert found[2] == pytest.approx(figures[2])
    assert found[3] == (pytest.approx(figures[3]) if figures[3] else pytest.approx(float("nan"), nan_ok=True))


def test_an_earlier_snapshot(hand_book, opened):
    app = opened("portfolio_health", "en", as_of="2026-09-30")
    assert app.metric[0].value == "2.45M"
    assert not app.metric[0].delta
    assert "As of 30 Sep 2026" in app.caption[0].value
    assert app.selectbox[0].value == "2026-09-30"


def test_an_unknown_snapshot_in_the_address_is_replaced(hand_book, opened):
    app = opened("portfolio_health", as_of="1999-01-01")
    assert app.query_params["as_of"] == str(NOW)
