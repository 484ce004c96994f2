"""Extension what-if: the page says what the engine decides, and the address holds the question."""

from datetime import date
from decimal import Decimal

import polars as pl
import pytest

from data.errors import InputError
from data.queries import maturities
from data.storage import book
from pages.documents import decision_sheet
from pages.ui.app.snapshot_view import SnapshotView
from pages.ui.extension import decision_sheet_download, frontier_view, variants
from pages.ui.i18n import language
from policy.engine.verdict_evidence import Verdict
from policy.extensions import extension_decision, frontier, request_files
from policy.extensions.extension_decision import Request
from policy.monitoring import headroom
from policy.runs import snapshot_check
from tests.pages.seven_loan_book import SNAPSHOT_DATE

QUESTION = {"loan": "L1", "to": "2027-05-05", "applied": "2026-10-01"}


def _decide_request(path, consent: str | None, to: date = date(2027, 5, 5)) -> extension_decision.Decision:
    with book.open_for_reading(path) as cursor:
        return extension_decision.judge_request(
            cursor, snapshot_check.load_policy(), SNAPSHOT_DATE, Request("L1", date(2026, 10, 1), to, consent)
        )


def _shown_verdicts(app) -> list[str]:
    """The verdicts that stand over the page, told by their icons."""
    icons = {":material/check_circle:": "allowed", ":material/block:": "blocked", ":material/help:": "not_assessable"}
    boxes = [*app.success, *app.error, *app.warning]
    return [icons[box.icon] for box in boxes if box.icon]


@pytest.mark.parametrize("lang", ["zh", "en"])
@pytest.mark.parametrize("consent", ["all", "none", "unknown"])
def test_the_page_says_what_the_engine_decides(seven_loan_book, open_page, lang, consent):
    decision = _decide_request(seven_loan_book, None if consent == "unknown" else consent)
    app = open_page("extension_what_if", lang, quiet=False, consent=consent, **QUESTION)
    assert _shown_verdicts(app) == [decision.verdict]
    assert len(app.dataframe[0].value) == len(decision.lines)
    shown = [card.value for card in app.metric]
    assert shown[1:] == (["2028年5月5日", "2026年10月16日"] if lang == "zh" else ["5 May 2028", "16 Oct 2026"])


def test_each_verdict_comes_up(seven_loan_book):
    verdicts = [_decide_request(seven_loan_book, consent).verdict for consent in ("all", "none", None)]
    assert verdicts == ["allowed", "blocked", "not_assessable"]


def test_blocked_names_the_rules(seven_loan_book, open_page):
    app = open_page("extension_what_if", "en", quiet=False, consent="all", **QUESTION | {"to": "2028-05-06"})
    assert "not permitted" in app.error[0].value
    assert snapshot_check.load_policy().rules["EXT-LENGTH"].title_en in app.error[0].value


def test_one_provider_of_two_is_not_enough(seven_loan_book, open_page):
    both = open_page("extension_what_if", "en", quiet=False, consent="some", provider=["P1", "P2"], **QUESTION)
    one = open_page("extension_what_if", "en", quiet=False, consent="some", provider="P1", **QUESTION)
    line = snapshot_check.load_policy().rules["EXT-CONSENT"].title_en

    def verdict(app) -> str:
        lines = app.dataframe[0].value
        return lines.loc[lines["title"] == line, "verdict"].iloc[0]

    assert "Pass" in verdict(both)
    assert "Violation" in verdict(one)


@pytest.mark.parametrize(("text", "found"), [("甲公司", ["L1", "L2"]), ("CL4", ["L4"]), ("L", 7), ("B5", ["L7"])])
def test_a_loan_is_found_by_what_people_know(seven_loan_book, open_page, text, found):
    rows = list(open_page("extension_what_if", loan=text).dataframe[0].value["loan_id"])
    assert len(rows) == found if isinstance(found, int) else rows == found


@pytest.mark.parametrize("text", ["' OR 1=1 --", "%"])
def test_nothing_found_is_said(seven_loan_book, open_page, text):
    assert "没有符合条件的贷款" in open_page("extension_what_if", loan=text).info[0].value


@pytest.mark.parametrize("broken", ["soon", "2026-02-30", "9999-12-31", "0001-01-01"])
def test_a_broken_day_in_the_address_is_replaced(seven_loan_book, open_page, broken):
    app = open_page("extension_what_if", quiet=False, loan="L1", to=broken, applied=broken)
    assert not app.exception
    assert app.query_params["to"] == "2027-05-05"
    assert app.query_params["applied"] == str(SNAPSHOT_DATE)


def test_every_loan_can_be_asked_about(seven_loan_book, open_page):
    for loan in ("L3", "L4", "L5", "L6"):
        app = open_page("extension_what_if", quiet=False, loan=loan)
        assert not app.exception
        assert len(_shown_verdicts(app)) == 1


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_consequences_are_those_of_the_engine(seven_loan_book, open_page, lang):
    with book.open_for_reading(seven_loan_book) as cursor:
        request = Request("L1", date(2026, 10, 1), date(2027, 5, 5), "all")
        follows = extension_decision.compute_consequences(cursor, snapshot_check.load_policy(), SNAPSHOT_DATE, request)
    app = open_page("extension_what_if", lang, quiet=False, consent="all", **QUESTION)
    shown = app.dataframe[1].value
    assert len(shown) == len(follows.changes) + len(follows.ratios)
    names = [getattr(change.consequence, lang) for change in follows.changes]
    assert list(shown["outcome"])[: len(names)] == names
    words = {"zh": ("正常", "关注"), "en": ("Normal", "Special mention")}[lang]
    assert tuple(shown.loc[0, ["before", "after"]]) == words


def test_the_lines_stand_in_the_order_of_the_work(seven_loan_book, open_page):
    lines = open_page("extension_what_if", "en", quiet=False, consent="none", **QUESTION).dataframe[0].value
    stages = list(lines["stage"])
    assert stages == sorted(stages, key=["Request", "Approval and agreement"].index)
    asked = [
        verdict.split(" ", 1)[1] for verdict, stage in zip(lines["verdict"], stages, strict=True) if stage == "Request"
    ]
    assert asked == sorted(asked, key=["Violation", "Not assessable", "Pass", "Not applicable"].index)


def test_a_line_says_exactly_what_would_make_it_pass(seven_loan_book, open_page):
    """A day later than the limit needs one day; and taking that day does pass."""
    late = open_page("extension_what_if", "en", quiet=False, consent="all", **QUESTION | {"to": "2028-05-06"})
    lines = late.dataframe[0].value
    said = lines.loc[lines["rule_id"] == "EXT-LENGTH", "to_pass"].iloc[0]
    assert said.startswith("Must be 1 day earlier.")
    assert _decide_request(seven_loan_book, "all", date(2028, 5, 5)).verdict == "allowed"


def _make_verdict(comparator: str, measured: str | None, limit: str | None, unit: str):
    return Verdict(
        "R",
        "",
        "loan",
        "L1",
        "high",
        "violation",
        measured,
        comparator,
        limit,
        unit,
        None,
        (),
        {},
        (),
        "",
        "",
        "",
        "",
        "",
        "",
    )


@pytest.mark.parametrize(
    ("comparator", "measured", "limit", "unit", "room"),
    [
        ("<=", "2026-01-10", "2026-01-12", "date", 2),
        ("<", "2026-01-12", "2026-01-12", "date", -1),
        (">", "2026-01-12", "2026-01-12", "date", -1),
        (">=", "2026-01-12", "2026-01-10", "date", 2),
        ("<=", "0.75", "0.7", "ratio", Decimal("-0.05")),
        (">=", "5", "3", "count", 2),
        ("=", "1", "2", "count", None),
        ("<=", None, "2", "count", None),
    ],
)
def test_room_to_the_limit(comparator, measured, limit, unit, room):
    assert headroom.distance_to_limit(_make_verdict(comparator, measured, limit, unit)) == room


def test_variants_stand_side_by_side_and_in_the_address(seven_loan_book, open_page):
    kept = ["2027-05-05~2026-10-01~all", "2028-05-06~2026-10-01~all", "no such variant", "2027-13-05~2026-10-01~all"]
    app = open_page("extension_what_if", "en", quiet=False, consent="all", variant=kept, **QUESTION)
    table = app.dataframe[2].value.set_index("outcome")
    assert list(table.columns) == ["Variant 1", "Variant 2"]
    assert list(table.loc["Decision"]) == ["Permitted", "Not permitted"]
    assert list(table.loc["New maturity"]) == ["5 May 2027", "6 May 2028"]


@pytest.mark.parametrize("consent", ["all", "none", None, "P1", "P1,P2"])
def test_a_variant_survives_the_address(consent):
    request = Request("L1", date(2026, 10, 1), date(2027, 5, 5), consent)
    assert variants.parse_variant(variants.format_variant(request), "L1") == request


def test_the_cells_of_the_frontier_say_what_the_engine_decides(seven_loan_book):
    """Each cell stands for one pair of days; a click takes the pair, so its colour must be that pair's verdict."""
    policy = snapshot_check.load_policy()
    asked = Request("L1", date(2026, 10, 31), date(2027, 5, 5), "all")
    with book.open_for_reading(seven_loan_book) as cursor:
        blocks = frontier.compute_blocks(cursor, policy, SNAPSHOT_DATE, "L1", "all")
        cells = frontier_view.build_cells(policy, blocks, asked)
        sample = cells.sample(12, seed=1)
        words = language.labels_of_kind("decision_short")
        for to, applied, verdict in sample.select("to", "applied", "verdict").iter_rows():
            request = Request("L1", date.fromisoformat(applied), date.fromisoformat(to), "all")
            assert words[extension_decision.judge_request(cursor, policy, SNAPSHOT_DATE, request).verdict] == verdict
    assert cells.select("to", "applied").is_unique().all()
    edges = {block.to_to.isoformat() for block in blocks if block.verdict == "allowed"}
    assert edges <= set(cells["to"]), "the last day that may be had can be clicked"


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_decision_sheet_says_what_the_page_says(seven_loan_book, lang):
    policy = snapshot_check.load_policy()
    request = Request("L1", date(2026, 10, 1), date(2028, 5, 6), "all")
    view = SnapshotView(SNAPSHOT_DATE, [SNAPSHOT_DATE], "CNY", policy, None)
    with book.open_for_reading(seven_loan_book) as cursor:
        decision = extension_decision.judge_request(cursor, policy, SNAPSHOT_DATE, request)
        held = maturities.load_loan_facts(cursor, SNAPSHOT_DATE, "L1")
    with language.use_language(lang):
        sheet = decision_sheet_download.build_sheet(view, held, request, decision)
    assert sheet.verdict == "blocked"
    assert sheet.why == [getattr(policy.rules[rule], f"title_{lang}") for rule in decision.blocked_by]
    applied = [line for line in decision.lines if line.verdict != "not_applicable"]
    assert sum(len(part.rows) for part in sheet.lines) == len(applied)
    assert (language.current_language(), sheet.lang) == ("zh", lang)
    assert decision_sheet.render_sheet(sheet).startswith(b"%PDF")


TOO_LONG = "x" * 40


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("L1,2026-11-01,2027-05-05,all", None),
        ("L1,2026年11月1日,20270505,", None),
        ("L1,,2027-05-05,all", None),
        ("L404,2026-11-01,2027-05-05,all", "unknown_loan"),
        (",2026-11-01,2027-05-05,all", "no_loan"),
        ("L1,soon,2027-05-05,all", "bad_date"),
        ("L1,2026-11-01,2027-02-30,all", "bad_date"),
        (f"{TOO_LONG},2026-11-01,2027-05-05,all", "unknown_loan"),
    ],
)
def test_a_row_of_a_file_is_judged_or_said_why_not(seven_loan_book, tmp_path, row, reason):
    file = tmp_path / "requests.csv"
    file.write_text(f"借据号,申请日期,申请到期日,担保人同意\n{row}\n", encoding="gb18030")
    with book.open_for_reading(seven_loan_book) as cursor:
        answered, bad = request_files.decide_uploaded_file(cursor, snapshot_check.load_policy(), SNAPSHOT_DATE, file)
    assert list(bad["reason"]) == ([reason] if reason else [])
    assert answered.height == (0 if reason else 1)
    assert [*answered["row_number"], *bad["row_number"]] == [2]


def test_a_workbook_of_requests_is_judged_as_one_by_one(seven_loan_book, tmp_path):
    file = tmp_path / "requests.xlsx"
    days = [date(2027, 5, 5), date(2028, 5, 5), date(2028, 5, 6)]
    pl.DataFrame(
        {
            "Note no.": ["L1"] * 3,
            "Applied": [date(2026, 10, 1)] * 3,
            "Requested maturity": days,
            "Consents": ["all", "none", "all"],
        }
    ).write_excel(file)
    with book.open_for_reading(seven_loan_book) as cursor:
        answered, bad = request_files.decide_uploaded_file(cursor, snapshot_check.load_policy(), SNAPSHOT_DATE, file)
    assert bad.is_empty()
    expected = [
        _decide_request(seven_loan_book, consent, day).verdict
        for consent, day in zip(("all", "none", "all"), days, strict=True)
    ]
    assert list(answered["verdict"]) == expected


@pytest.mark.parametrize("content", [b"", b"no,header,here\n1,2,3\n", b"PK\x03\x04broken", b"\x00\x01\x02"])
def test_a_hostile_file_is_refused_with_a_word(seven_loan_book, tmp_path, content):
    file = tmp_path / "requests.xlsx"
    file.write_bytes(content)
    with book.open_for_reading(seven_loan_book) as cursor, pytest.raises(InputError, match=r"requests\.xlsx"):
        request_files.decide_uploaded_file(cursor, snapshot_check.load_policy(), SNAPSHOT_DATE, file)
