"""Violations: counts equal the book's own, filters stand in the address, evidence and documents say the same."""

import io
import shutil
from datetime import date

import openpyxl
import polars as pl
import pytest

from data.reference.buckets import Bucket
from data.storage import book
from pages.ui.app.snapshot_view import SnapshotView
from pages.ui.i18n import language
from pages.ui.violations import board_report, filters, groups, trend_view
from pages.ui.violations.violations_workbook import build_workbook
from pages.ui.widgets import excel_export
from policy.runs import snapshot_check, store
from policy.violations import comparison, lifecycle, results, trend, violation_counts, violation_list
from policy.violations.facets import FilterResult
from policy.violations.violation_query import ViolationFilter
from tests.pages.seven_loan_book import EARLIER_DATE, INJECTION_NAME, SNAPSHOT_DATE


def _query_book(path, sql: str, *values):
    with book.open_for_reading(path) as cursor:
        return cursor.execute(sql, list(values)).fetchall()


LATEST_RUN_SQL = "run_id = (SELECT max(run_id) FROM runs)"


def _count_violations(path, where: str = "true", *values) -> int:
    return _query_book(path, f"SELECT count(*) FROM violations WHERE {LATEST_RUN_SQL} AND ({where})", *values)[0][0]


def _total_line(app) -> str:
    return next(text.value for text in app.markdown if text.value.startswith(("**违规", "**Violations")))


@pytest.fixture(scope="session")
def twice_checked_book(checked_book, tmp_path_factory):
    """The hand book checked at both its month-ends, with what moved between them kept."""
    path = tmp_path_factory.mktemp("twice") / "book.duckdb"
    shutil.copyfile(checked_book, path)
    policy = snapshot_check.load_policy()
    with book.open_for_writing(path) as con:
        for day in (EARLIER_DATE, SNAPSHOT_DATE):
            lifecycle.record_lifecycle(con, snapshot_check.judge_snapshot(con, policy, day).run_id)
    return path


@pytest.fixture
def tracked_book(twice_checked_book, monkeypatch):
    monkeypatch.setenv("LOANLIGHT_BOOK", str(twice_checked_book))
    return twice_checked_book


@pytest.fixture
def unfiltered(tracked_book):
    """What the page looks at, with nothing filtered."""
    with book.open_for_reading(tracked_book) as cursor:
        run = results.find_latest_run(cursor, SNAPSHOT_DATE)
        span = comparison.resolve_comparison(cursor, run.run_id, None)
    view = SnapshotView(SNAPSHOT_DATE, [SNAPSHOT_DATE, EARLIER_DATE], "CNY", snapshot_check.load_policy(), run)
    criteria = ViolationFilter(tuple(filters.load_rules(view).select("rule_id", "weight").iter_rows()))
    return view, FilterResult(span, criteria, {"any": _count_violations(tracked_book)})


@pytest.mark.parametrize(("lang", "said"), [("zh", "**违规 {} 条**"), ("en", "**Violations: {}**")])
def test_every_violation_is_listed(seven_loan_book, open_page, lang, said):
    app = open_page("violations", lang)
    count = _count_violations(seven_loan_book)
    assert count >= 5
    assert _total_line(app) == said.format(count)
    assert len(app.dataframe[0].value) == count


def test_filters_stand_in_the_address(seven_loan_book, open_page):
    app = open_page("violations", "en", severity="critical", branch_id="002")
    critical = _query_book(seven_loan_book, "SELECT DISTINCT rule_id FROM violations")
    rules = [rule for (rule,) in critical if snapshot_check.load_policy().rules[rule].severity == "critical"]
    expected = _count_violations(seven_loan_book, "list_contains(?, rule_id) AND branch_id = '002'", rules)
    assert 0 < expected < _count_violations(seven_loan_book)
    assert _total_line(app) == f"**Violations: {expected}**"
    assert {row.split()[-1] for row in app.dataframe[0].value.iloc[:, 0]} == {"Critical"}


def test_a_choice_moves_into_the_address_and_survives_the_language(seven_loan_book, open_page):
    app = open_page("violations", "en")
    family = next(box for box in app.multiselect if box.label == "Family")
    family.set_value(["extension"]).run()
    assert app.query_params["family"] == "extension"
    expected = _count_violations(seven_loan_book, "rule_id LIKE 'EXT-%'")
    assert _total_line(app) == f"**Violations: {expected}**"
    app.sidebar.segmented_control[0].set_value("zh").run()
    assert app.query_params["family"] == "extension"
    assert _total_line(app) == f"**违规 {expected} 条**"


def test_an_unknown_filter_in_the_address_is_dropped(seven_loan_book, open_page):
    app = open_page("violations", "en", family="<script>")
    assert _total_line(app) == f"**Violations: {_count_violations(seven_loan_book)}**"
    assert "family" not in app.query_params


def test_options_tell_what_they_would_show(seven_loan_book, open_page):
    app = open_page("violations", "en", branch_id="001")
    branches = next(box for box in app.multiselect if box.label == "Branch").options
    assert branches == [
        f"001 城东支行 ({_count_violations(seven_loan_book, 'branch_id = ?', '001')})",
        f"002 城西支行 ({_count_violations(seven_loan_book, 'branch_id = ?', '002')})",
    ]


@pytest.mark.parametrize(
    "choices",
    [
        {"subject": "loan"},
        {"guarantee_type": "credit"},
        {"clause_group": "extension"},
        {"officer_id": "O002"},
        {"stage": "post_loan"},
        {"state": "open"},
        {"state": ["open", "acknowledged"]},
        {"movement": "new"},
        {"age": "d90"},
        {"q": "戊公司"},
        {"q": "L7"},
        {"age": "d90", "branch_id": "002", "q": "l"},
    ],
)
def test_every_filter_lists_as_many_rows_as_it_counts(tracked_book, open_page, choices):
    """The count comes from the cube, the rows from another query."""
    app = open_page("violations", "en", **choices)
    listed = len(app.dataframe[0].value) if app.dataframe else 0
    assert _total_line(app) == f"**Violations: {listed}**"
    assert 0 < listed <= _count_violations(tracked_book)
    assert (listed < _count_violations(tracked_book)) == ("state" not in choices)  # all thirteen are open


@pytest.mark.parametrize("kept", [True, False])
def test_what_stands_long_is_counted_by_the_day(unfiltered, tracked_book, tmp_path, kept):
    """Whatever the buckets of ages are: not by those that lie beyond."""
    _, chosen = unfiltered
    path = tmp_path / "again.duckdb"
    shutil.copyfile(tracked_book, path)
    with book.open_for_writing(path) as con:
        if not kept:
            con.execute("DROP TABLE violation_cubes")
        days = con.execute(
            f"""SELECT date_diff('day', opened_on, DATE '{SNAPSHOT_DATE}')
                FROM violation_lives JOIN violations USING (run_id, violation_id) WHERE {LATEST_RUN_SQL}"""
        ).fetchall()
        for least in sorted({day for (day,) in days}):
            edge = Bucket("long", least, None, "", "")
            counted = violation_counts.count_standing_for(con, chosen.comparison, chosen.criteria, edge)
            assert counted == sum(day >= least for (day,) in days) > 0


def test_kept_counts_are_those_of_the_rows(unfiltered, tracked_book, tmp_path):
    """Also after an earlier snapshot was checked again, and in a book that keeps none."""
    _, chosen = unfiltered
    path = tmp_path / "again.duckdb"
    shutil.copyfile(tracked_book, path)
    with book.open_for_writing(path) as con:
        kept = violation_counts.load_cube(con, chosen.comparison, chosen.criteria).sort(pl.all())
        assert con.execute(f"SELECT sum(violations) FROM violation_cubes WHERE {LATEST_RUN_SQL}").fetchall() == [
            (kept["violations"].sum(),)
        ]
        lifecycle.record_lifecycle(
            con, snapshot_check.judge_snapshot(con, snapshot_check.load_policy(), EARLIER_DATE).run_id
        )
        assert violation_counts.load_cube(con, chosen.comparison, chosen.criteria).sort(pl.all()).equals(kept)
        con.execute("DROP TABLE violation_cubes")
        assert violation_counts.load_cube(con, chosen.comparison, chosen.criteria).sort(pl.all()).equals(kept)
    standing = kept.filter(~pl.col("movement").is_in(lifecycle.OUTFLOWS))
    assert standing["violations"].sum() == chosen.violations
    assert {"new", "persisting"} <= set(standing["movement"])
    assert set(standing["age"]) == {"d30", "d90"}


def test_account_managers_are_counted_once_the_filters_are_unfolded(tracked_book, open_page):
    counts = dict(
        _query_book(
            tracked_book,
            f"SELECT officer_id, count(*) FROM violations WHERE {LATEST_RUN_SQL} AND officer_id IS NOT NULL GROUP BY ALL",
        )
    )
    labels = [box.label for box in open_page("violations", "en").multiselect]
    assert "Account manager" not in labels
    for app in (
        open_page("violations", "en", unfolded="filter.more"),
        open_page("violations", "en", officer_id="O002"),
    ):
        told = next(box for box in app.multiselect if box.label == "Account manager").options
        assert sorted(option.rsplit(" (", 1)[1] for option in told) == sorted(f"{n})" for n in counts.values())


@pytest.mark.parametrize("size", [1, 3, 5])
def test_pages_of_the_gravest_make_up_the_list(unfiltered, tracked_book, size):
    """However the pages cut the rules, each row comes once, in the order of the whole list."""
    _, chosen = unfiltered
    counts = dict(
        _query_book(tracked_book, f"SELECT rule_id, count(*) FROM violations WHERE {LATEST_RUN_SQL} GROUP BY ALL")
    )
    with book.open_for_reading(tracked_book) as cursor:
        listed = violation_list.page_of_violations(cursor, chosen.comparison, chosen.criteria)["violation_id"].to_list()
        paged = []
        for offset in range(0, chosen.violations, size):
            sieve, within = violation_list.narrow_to_page(chosen.criteria, counts, size, offset)
            assert len(sieve.rules) <= len(counts)
            paged += violation_list.page_of_violations(cursor, chosen.comparison, sieve, "grave", size, within)[
                "violation_id"
            ].to_list()
    assert paged == listed


def test_text_that_would_be_a_pattern_is_searched_as_it_is(tracked_book, open_page):
    assert _total_line(open_page("violations", "en", q="%")) == "**Violations: 0**"
    expected = _count_violations(tracked_book, "borrower_id = 'B3'")
    assert expected > 0
    assert _total_line(open_page("violations", "en", q="leak.png")) == f"**Violations: {expected}**"


def test_what_moved_is_what_the_life_of_violations_says(tracked_book, open_page):
    with book.open_for_reading(tracked_book) as cursor:
        found = lifecycle.build_lifecycles(cursor, store.require_latest_run(cursor, SNAPSHOT_DATE))
    app = open_page("violations", "en", show="trend")
    cards = {metric.label: metric.value for metric in app.metric}
    assert (
        int(cards["Opening"])
        == found.opening
        == _query_book(tracked_book, "SELECT count(*) FROM violations")[0][0] - found.closing
    )
    assert int(cards["Closing"]) == found.closing == _count_violations(tracked_book)
    assert int(cards["+ New"]) == found.movements["new"][0] > 0
    cured = found.movements["cured"][0]
    assert _total_line(open_page("violations", "en", movement="cured")) == f"**Violations: {cured}**"


def test_the_earlier_snapshot_is_the_one_before_unless_the_address_says_otherwise(tracked_book, open_page):
    app = open_page("violations", "en")
    since = next(box for box in app.selectbox if box.label == "Compare with")
    assert since.value == EARLIER_DATE.isoformat()
    assert "since" not in app.query_params
    app.query_params["as_of"] = EARLIER_DATE.isoformat()
    app.run()
    assert not app.exception
    assert next(box for box in app.selectbox if box.label == "Compare with").disabled


def test_a_snapshot_never_checked_is_named_with_the_command(seven_loan_book, open_page):
    app = open_page("violations", "en", show="trend")
    assert any("No earlier snapshot was checked" in warning.value for warning in app.warning)
    assert "python -m policy check --all" in [code.value for code in app.code]


def test_groups_add_up_to_the_list(unfiltered, tracked_book):
    view, chosen = unfiltered
    for by in ("rule_id", "branch_id", "officer_id", "borrower_id"):
        rows = groups.sum_by_group(view, chosen.comparison, chosen.criteria, by)
        assert rows["violations"].sum() == chosen.violations
    branches = {
        row["key"]: row
        for row in groups.sum_by_group(view, chosen.comparison, chosen.criteria, "branch_id").iter_rows(named=True)
    }
    loans, balance = _query_book(
        tracked_book,
        f"""SELECT count(*), sum(f.balance) FILTER (currency = 'CNY') FROM (
        SELECT DISTINCT loan_id FROM violations WHERE {LATEST_RUN_SQL} AND branch_id = '002' AND loan_id IS NOT NULL) v
        JOIN facts_loan f ON f.loan_id = v.loan_id AND f.as_of = '2026-10-31'""",
    )[0]
    assert (branches["002"]["loans"], branches["002"]["balance"]) == (loans, balance)


def test_the_weighted_trend_is_the_sum_of_weights(unfiltered, tracked_book):
    view, _ = unfiltered
    known = filters.load_rules(view)
    weights = dict(known.select("rule_id", "weight").iter_rows())
    months = trend.sum_by_day(trend_view.load_trend(view, known, tuple(known["rule_id"])))
    for day, violations, weight, loans, _ in months.iter_rows():
        rules = _query_book(
            tracked_book, "SELECT rule_id FROM violations JOIN runs USING (run_id) WHERE as_of = ?", day
        )
        assert violations == len(rules)
        assert weight == sum(weights[rule] for (rule,) in rules)
        assert loans == 7
    assert months["as_of"].to_list() == [EARLIER_DATE, SNAPSHOT_DATE]


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
def test_evidence_of_the_violation_in_the_address(seven_loan_book, open_page, lang, said):
    """L7: 24 months to 2027-06-01, so half of it, 12 months, is the most."""
    [(violation,)] = _query_book(
        seven_loan_book, "SELECT violation_id FROM violations WHERE rule_id = 'EXT-LENGTH' AND loan_id = 'L7'"
    )
    app = open_page("violations", lang, violation=violation)
    texts = [text.value for text in app.text]
    captions = [caption.value for caption in app.caption]
    for label in [label for label in said if label != "text"]:
        assert label in captions
        assert said[label] in texts
    assert any(said["text"][-1] in text for text in texts)


def test_the_panel_tells_history_distance_and_the_loans_other_verdicts(tracked_book, open_page):
    [(violation,)] = _query_book(
        tracked_book,
        f"SELECT violation_id FROM violations WHERE rule_id = 'EXT-LENGTH' AND loan_id = 'L7' AND {LATEST_RUN_SQL}",
    )
    app = open_page("violations", "en", violation=violation)
    texts = [text.value for text in app.text]
    assert "30 Sep 2026" in texts  # first seen
    days = (date(2030, 11, 5) - date(2028, 6, 1)).days
    assert f"{days} days over the limit" in texts
    others = app.dataframe[-1].value
    assert "EXT-LENGTH" not in list(others["rule_id"])
    assert others["verdict"].str.contains("Violation").any()


def test_the_list_speaks_the_language_that_is_on(seven_loan_book, open_page):
    """Numbers and dates are written out on the page's own thread; Polars' threads would not know the language."""
    rows = open_page("violations", "en", rule_id="EXT-LENGTH").dataframe[0].value
    assert "5 Nov 2030" in list(rows["measured"])
    assert "1 Jun 2028" in list(rows["limit_value"])


@pytest.mark.parametrize("by", ["rule", "field", "branch"])
def test_not_assessable_adds_up_each_way(seven_loan_book, open_page, by):
    shown = open_page("violations", "en", show="unjudged", unjudged=by).dataframe[0].value
    stored = _query_book(seven_loan_book, "SELECT sum(subjects)::INT FROM run_counts WHERE verdict = 'not_assessable'")[
        0
    ][0]
    assert shown["subjects"].sum() == stored > 0
    assert shown["share"].between(0, 100).all()
    assert shown["subjects"].is_monotonic_decreasing


def test_faults_of_the_data_stand_apart(seven_loan_book, open_page):
    app = open_page("violations", "en", show="quality")
    assert "finding" in app.dataframe[0].value.columns
    assert _total_line(app) == f"**Violations: {_count_violations(seven_loan_book)}**"


def test_data_never_becomes_markdown(seven_loan_book, open_page):
    app = open_page("violations", "en", branch_id="002")
    written = [e.value for kind in (app.markdown, app.caption, app.info, app.warning, app.subheader) for e in kind]
    assert any(INJECTION_NAME in str(row) for row in app.dataframe[0].value.astype(str).to_numpy().ravel())
    assert not [text for text in written if "leak.png" in text]


def test_the_workbook_has_every_row_and_nothing_that_computes(unfiltered):
    view, chosen = unfiltered
    narrowed = ViolationFilter(chosen.criteria.rules, branches=("002",))
    count = _query_book(
        book.default_path(), f"SELECT count(*) FROM violations WHERE {LATEST_RUN_SQL} AND branch_id = '002'"
    )[0][0]
    chosen = FilterResult(chosen.comparison, narrowed, {"any": count})
    made = openpyxl.load_workbook(io.BytesIO(build_workbook(view, chosen, (("机构", "002 城西支行"),))))
    cover, sheet, rules, branches, officers, unknown, quality = made.worksheets
    said = {row[0].value: row[1].value for row in cover.iter_rows(min_row=3)}
    assert said["时点"] == "2026年10月31日"
    assert said["筛选条件"] == "机构: 002 城西支行"
    assert said["制度版本"] == view.run.policy_version
    assert said["检查批次"] == view.run.run_id
    assert said["行数"] == str(count) == str(sheet.max_row - 1)
    for table in (rules, branches, officers):
        column = [cell.value for cell in table[1]].index("违规条数")
        assert sum(row[column].value for row in table.iter_rows(min_row=2)) == count
    assert unknown.max_row > 1
    assert quality.max_row > 1
    names = [cell.value for cell in sheet[1]]
    column = names.index("客户名称")
    assert INJECTION_NAME in {row[column].value for row in sheet.iter_rows(min_row=2)}
    assert {cell.data_type for row in sheet.iter_rows(min_row=2) for cell in row} <= {"s", "n", "d"}
    assert sheet[1][0].font.bold


def test_a_list_longer_than_a_sheet_goes_on_the_next_and_the_cover_says_so(monkeypatch):
    monkeypatch.setattr(excel_export, "MAX_ROWS_PER_SHEET", 4)
    rows = pl.DataFrame({"loan_id": [f"=L{n}" for n in range(10)]})
    made = openpyxl.load_workbook(io.BytesIO(excel_export.write_tables("清单", {}, {"清单": rows, "其他": rows[:1]})))
    sheets = made.worksheets[1:]
    assert [sheet.max_row - 1 for sheet in sheets] == [4, 4, 2, 1]
    assert [row[0].value for sheet in sheets[:3] for row in sheet.iter_rows(min_row=2)] == rows["loan_id"].to_list()
    said = {row[0].value: row[1].value for row in made.worksheets[0].iter_rows(min_row=3)}
    assert said["清单"] == "10 行，超过单表容量，分为 3 张表"


def test_the_board_report_says_what_the_book_says(unfiltered, tracked_book):
    view, chosen = unfiltered
    report = board_report.build_report(view, chosen.comparison)
    figures = dict(report.figures)
    hit, of = _query_book(
        tracked_book,
        f"""SELECT count(*) FILTER (loan_id IN (SELECT loan_id FROM violations WHERE {LATEST_RUN_SQL})),
        count(*) FROM facts_loan WHERE as_of = '2026-10-31' AND is_running AND currency = 'CNY'""",
    )[0]
    assert figures["涉及贷款笔数"] == str(hit)
    assert figures["占在贷笔数"] == f"{hit / of:.2%}"
    assert figures["违规条数"] == str(chosen.violations)
    assert len(report.bars.bars) == 2
    assert f"共有违规 {chosen.violations} 条" in report.summary[0]
    waived = next(listing for listing in report.listings if listing.title == "到期未补的资料豁免")
    assert (waived.rows, waived.note) == ([], "资料登记簿中没有豁免记录。")
    assert all(listing.rows for listing in report.listings if listing is not waived)
    assert board_report.build_pdf(view, chosen.comparison).startswith(b"%PDF")


def test_the_board_reads_which_waivers_have_run_out(unfiltered, tracked_book, tmp_path, monkeypatch):
    view, chosen = unfiltered
    waived = tmp_path / "waived.duckdb"
    shutil.copy(tracked_book, waived)
    with book.open_for_writing(waived) as con:
        con.execute("""INSERT INTO facts_document BY NAME SELECT DATE '2026-10-31' AS as_of, 'D' || n AS doc_id,
            'L' || n AS loan_id, '002' AS branch_id, 'title' AS doc_type, 'E9' AS waived_by,
            DATE '2026-10-31' - n::INTEGER AS waive_until FROM range(12) r(n)""")
    monkeypatch.setenv("LOANLIGHT_BOOK", str(waived))
    with language.use_language("en"):
        report = board_report.build_report(view, chosen.comparison)
        said = next(listing for listing in report.listings if listing.title == "Expired document waivers")
    assert said.rows[0] == ("L11", "002 城西支行", "Title certificate", "E9", "20 Oct 2026", "11")
    assert len(said.rows) == 10
    assert said.note.startswith(
        "11 expired; the 10 longest overdue are listed. 1 more are still valid and 0 have no end date."
    )
    assert board_report.build_pdf(view, chosen.comparison).startswith(b"%PDF")
