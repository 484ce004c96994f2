"""Extension what-if: the page says what the engine decides, and the address holds the question."""

from datetime import date

import pytest
from hand_book import NOW

from data import book
from policy import extension, judging
from policy.extension import Request

ASKED = {"loan": "L1", "to": "2027-05-05", "applied": "2026-10-01"}


def _decide(path, consent: str | None, to: date = date(2027, 5, 5)) -> extension.Decision:
    with book.reading(path) as cursor:
        return extension.judge(cursor, judging.load(), NOW, Request("L1", date(2026, 10, 1), to, consent))


def _said(app) -> list[str]:
    """The verdicts that stand over the page, told by their icons."""
    icons = {":material/check_circle:": "allowed", ":material/block:": "blocked", ":material/help:": "not_assessable"}
    boxes = [*app.success, *app.error, *app.warning]
    return [icons[box.icon] for box in boxes if box.icon]


@pytest.mark.parametrize("lang", ["zh", "en"])
@pytest.mark.parametrize("consent", ["all", "none", "unknown"])
def test_the_page_says_what_the_engine_decides(hand_book, opened, lang, consent):
    decision = _decide(hand_book, None if consent == "unknown" else consent)
    app = opened("extension_what_if", lang, quiet=False, consent=consent, **ASKED)
    assert _said(app) == [decision.verdict]
    assert len(app.dataframe[-1].value) == len(decision.lines)
    shown = [card.value for card in app.metric]
    assert shown[1:] == (["2028年5月5日", "2026年10月16日"] if lang == "zh" else ["5 May 2028", "16 Oct 2026"])


def test_each_verdict_comes_up(hand_book):
    verdicts = [_decide(hand_book, consent).verdict for consent in ("all", "none", None)]
    assert verdicts == ["allowed", "blocked", "not_assessable"]


def test_blocked_names_the_rules(hand_book, opened):
    app = opened("extension_what_if", "en", quiet=False, consent="all", **ASKED | {"to": "2028-05-06"})
    assert "blocked" in app.error[0].value
    assert judging.load().rules["EXT-LENGTH"].title_en in app.error[0].value


def test_one_provider_of_two_is_not_enough(hand_book, opened):
    both = opened("extension_what_if", "en", quiet=False, consent="some", provider=["P1", "P2"], **ASKED)
    one = opened("extension_what_if", "en", quiet=False, consent="some", provider="P1", **ASKED)
    line = judging.load().rules["EXT-CONSENT"].title_en

    def verdict(app) -> str:
        lines = app.dataframe[-1].value
        return lines.loc[lines["title"] == line, "verdict"].iloc[0]

    assert "Pass" in verdict(both)
    assert "Violation" in verdict(one)


@pytest.mark.parametrize(("text", "found"), [("甲公司", ["L1", "L2"]), ("CL4", ["L4"]), ("L", 7), ("B5", ["L7"])])
def test_a_loan_is_found_by_what_people_know(hand_book, opened, text, found):
    rows = list(opened("extension_what_if", loan=text).dataframe[0].value["loan_id"])
    assert len(rows) == found if isinstance(found, int) else rows == found


@pytest.mark.parametrize(
    ("text", "said"), [("", "请先查找一笔贷款"), ("' OR 1=1 --", "没有这样的贷款"), ("%", "没有这样的贷款")]
)
def test_nothing_found_is_said(hand_book, opened, text, said):
    assert said in opened("extension_what_if", loan=text).info[0].value


@pytest.mark.parametrize("broken", ["soon", "2026-02-30", "9999-12-31", "0001-01-01"])
def test_a_broken_day_in_the_address_is_replaced(hand_book, opened, broken):
    app = opened("extension_what_if", quiet=False, loan="L1", to=broken, applied=broken)
    assert not app.exception
    assert app.query_params["to"] == "2027-05-05"
    assert app.query_params["applied"] == str(NOW)


def test_every_loan_can_be_asked_about(hand_book, opened):
    for loan in ("L3", "L4", "L5", "L6"):
        app = opened("extension_what_if", quiet=False, loan=loan)
        assert not app.exception
        assert len(_said(app)) == 1


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_consequences_are_those_of_the_engine(hand_book, opened, lang):
    with book.reading(hand_book) as cursor:
        request = Request("L1", date(2026, 10, 1), date(2027, 5, 5), "all")
        follows = extension.consequences(cursor, judging.load(), NOW, request)
    app = opened("extension_what_if", lang, quiet=False, consent="all", **ASKED)
    shown = app.dataframe[-2].value
    assert len(shown) == len(follows.changes) + len(follows.ratios)
    names = [getattr(change.row, lang) for change in follows.changes]
    assert list(shown["outcome"])[: len(names)] == names
    words = {"zh": ("正常", "关注"), "en": ("Normal", "Special mention")}[lang]
    assert tuple(shown.loc[0, ["before", "after"]]) == words
