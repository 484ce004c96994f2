"""The pages of account managers, training, early warning and connected parties, against figures worked out apart."""

import shutil

import polars as pl
import pytest

from data.queries import account_managers
from data.storage import book
from pages.ui.charts import graph_layout
from pages.ui.i18n import language
from pages.ui.widgets import tables
from policy.model import supervision
from policy.runs import snapshot_check
from tests.pages.seven_loan_book import SNAPSHOT_DATE
from tests.shipped_policy import POLICY

PAGES = ("account_managers", "training", "early_warning", "connected_parties")


@pytest.fixture
def query_book(seven_loan_book):
    def ask(sql: str, **values: object) -> list[tuple]:
        with book.open_for_reading(seven_loan_book) as cursor:
            return cursor.execute(sql, values).fetchall()

    return ask


def card_values(app) -> dict[str, str]:
    return {card.label: card.value for card in app.metric}


@pytest.mark.parametrize("name", PAGES)
@pytest.mark.parametrize("lang", ["zh", "en"])
def test_every_page_opens(seven_loan_book, open_page, name, lang):
    app = open_page(name, lang)
    assert app.title[0].value == language.load_texts()[f"page.{name}"][lang]


@pytest.mark.parametrize("name", PAGES)
def test_a_book_without_a_run_says_what_to_do(unchecked_book, monkeypatch, open_page, name):
    monkeypatch.setenv("LOANLIGHT_BOOK", str(unchecked_book))
    app = open_page(name, "en")
    assert "Run python -m policy check" in app.warning[0].value


def test_rates_have_the_denominators_they_say(seven_loan_book, open_page, query_book):
    taught = [*supervision.taught_rules(POLICY)]
    found = dict(
        query_book(
            "SELECT officer_id, count(*) FROM violations WHERE list_contains($rules, rule_id) GROUP BY 1", rules=taught
        )
    )
    loans = dict(
        query_book(
            "SELECT officer_id, count(*) FROM facts_loan WHERE is_running AND as_of = $day GROUP BY 1",
            day=SNAPSHOT_DATE,
        )
    )
    app = open_page("account_managers", "en")
    table = app.dataframe[0].value.set_index("manager")
    assert {name: table.loc[name, "loans"] for name in loans} == loans == {"O001": 3, "O002": 3}
    for officer, other in (("O001", "O002"), ("O002", "O001")):
        assert table.loc[officer, "violations"] == found[officer]
        assert table.loc[officer, "rate"] == pytest.approx(found[officer] * 100 / 3)
        assert table.loc[officer, "peer_rate"] == pytest.approx(found[other] * 100 / 3)
        assert table.loc[officer, "book_size"] == "Small"
        assert table["needs"].isna().all()  # a thin book gives no need, however high its rate
    assert card_values(app)["Small portfolios"] == "2"


def test_one_manager_by_clause_group(seven_loan_book, open_page, query_book):
    app = open_page("account_managers", "en", officer="O001")
    assert any("Only 3 loans" in warning.value for warning in app.warning)
    groups = app.dataframe[1].value
    taught = supervision.taught_rules(POLICY)
    counted = query_book("SELECT rule_id FROM violations WHERE officer_id = 'O001'")
    assert groups["violations"].sum() == len([rule for (rule,) in counted if rule in taught])
    assert set(groups["peer_loans"]) == {3}
    assert app.dataframe[3].value["violations"].sum() == groups["violations"].sum()


def test_a_branch_narrows_the_managers_but_not_their_peers(seven_loan_book, open_page):
    whole, part = (open_page("account_managers", "en", **choice) for choice in ({}, {"branch_id": "001"}))
    assert card_values(part)["Account managers"] == "1"
    assert list(part.dataframe[0].value["peer_rate"]) == [
        row["peer_rate"] for _, row in whole.dataframe[0].value.iterrows() if row["manager"] == "O001"
    ]


@pytest.fixture
def strict_policy(monkeypatch):
    """A policy by which every manager of the book has a need in every clause group with a violation."""
    measures = POLICY.texts["training_thresholds.csv"]
    for name, old, new in (
        ("thin_loans", "30", "1"),
        ("need_ratio", "1.5", "0.1"),
        ("need_violations", "3", "1"),
        ("need_deviations", "3", "-99"),
    ):
        assert f"{name},{old}" in measures
        measures = measures.replace(f"{name},{old}", f"{name},{new}")
    changed = snapshot_check.load_policy()
    changed.texts["training_thresholds.csv"] = measures
    monkeypatch.setattr("pages.ui.app.queries.current_policy", lambda: changed)


def test_a_need_follows_from_a_rate_far_above_the_peers(seven_loan_book, open_page, strict_policy):
    app = open_page("account_managers", "en")
    assert card_values(app)["Managers with a training need"] == "2"
    assert all(app.dataframe[0].value["needs"] != "")


def test_needs_by_topic_say_who_needs_them_and_what_is_offered(
    seven_loan_book, open_page, strict_policy, tmp_path, monkeypatch
):
    topic = next(group.topic for group in supervision.load_clause_groups(POLICY) if group.topic)
    taught = shutil.copy(seven_loan_book, tmp_path / "book.duckdb")
    with book.open_for_writing(taught) as con:
        con.execute(
            "INSERT INTO courses (course, topic, row_valid_from, batch_id) VALUES ('晨会', $topic, $day, $batch)",
            {"topic": topic, "day": SNAPSHOT_DATE, "batch": str(SNAPSHOT_DATE)},
        )
    monkeypatch.setenv("LOANLIGHT_BOOK", str(taught))
    needs = open_page("training", "en").dataframe[0].value
    assert needs["managers_needing"].max() == 2
    assert (needs["not_taught"] == needs["managers_needing"]).all()
    assert list(needs["courses"].dropna()) == ["晨会"]


def test_no_training_register_is_said(seven_loan_book, open_page):
    assert "The book has no training records" in open_page("training", "en").info[0].value


def test_the_early_warning_list_is_the_violations_of_its_rules(seven_loan_book, open_page, query_book):
    watched = list(supervision.rules_of_watch_list(POLICY, "early_warning", "loan"))
    signals = query_book(
        "SELECT loan_id, count(DISTINCT rule_id) FROM violations WHERE list_contains($rules, rule_id) GROUP BY 1",
        rules=watched,
    )
    app = open_page("early_warning", "en")
    table = app.dataframe[0].value
    assert dict(zip(table["loan_id"], table["signal_count"], strict=True)) == dict(signals)
    assert card_values(app)["Loans on the list"] == str(len(signals))
    assert card_values(app)["Newly listed"] == "—"  # no snapshot was checked before
    unknown = app.dataframe[-1].value
    assert set(unknown["rule_id"]) <= set(watched)
    assert len(unknown)


def test_a_signal_that_finds_nothing_lists_nothing_and_not_all(seven_loan_book, open_page, query_book):
    watched = list(supervision.rules_of_watch_list(POLICY, "early_warning", "loan"))
    sql = "SELECT DISTINCT {} FROM violations WHERE list_contains($rules, rule_id)"
    found = [value for (value,) in query_book(sql.format("rule_id"), rules=watched)]
    signal = next(rule for rule in watched if rule not in found)
    app = open_page("early_warning", "en", signal=signal)
    assert card_values(app)["Loans on the list"] == "0"


def test_the_early_warning_list_by_borrower(seven_loan_book, open_page):
    loans, borrowers = (open_page("early_warning", "en", by=by).dataframe[0].value for by in ("loan", "borrower"))
    assert borrowers["loans"].sum() == len(loans)
    assert borrowers["balance"].sum() == loans["balance"].sum()


def test_no_connected_parties_is_said(seven_loan_book, open_page):
    assert "No connected parties found" in open_page("connected_parties", "en").info[0].value


@pytest.mark.parametrize("size", [1, 2, 3, 10, 60])
def test_a_drawing_keeps_its_parties_apart_and_inside(size):
    names = [f"B{n}" for n in range(size)]
    at = graph_layout.compute_positions(names, [(names[n], names[(n + 1) % size]) for n in range(size)])
    spots = list(at.values())
    assert at == graph_layout.compute_positions(names, [(names[n], names[(n + 1) % size]) for n in range(size)])
    assert all(-1e-9 <= value <= 1 + 1e-9 for spot in spots for value in spot)
    gaps = [max(abs(a[0] - b[0]), abs(a[1] - b[1])) for n, a in enumerate(spots) for b in spots[n + 1 :]]
    assert min(gaps, default=1) > 0.02


def test_an_arrow_points_along_its_line():
    edges = pl.DataFrame(
        {"x": [0.0, 0.0, 1.0], "y": [0.0, 0.0, 0.5], "x2": [0.0, 1.0, 0.0], "y2": [1.0, 0.0, 0.5], "state": ["s"] * 3}
    )
    heads = graph_layout.compute_arrow_heads(edges)
    assert heads["angle"].to_list() == [0, 90, -90]  # up, right, left; turning with the clock from up
    assert heads["y"][0] == pytest.approx(1 - graph_layout.ARROW_GAP)


def test_dollars_count_as_a_loan_and_not_as_yuan(seven_loan_book):
    with book.open_for_reading(seven_loan_book) as cursor:
        books = account_managers.list_portfolios(cursor, SNAPSHOT_DATE, "CNY", 90)
    second = books.filter(pl.col("officer_id") == "O002").row(0, named=True)
    assert (second["loans"], second["balance"]) == (3, 450_000)


def test_a_long_list_is_shown_by_the_page(seven_loan_book, open_page, monkeypatch):
    whole = open_page("early_warning", "en").dataframe[0].value["loan_id"].tolist()
    assert len(whole) > 1
    monkeypatch.setattr(tables, "PAGE_SIZE", 1)
    app = open_page("early_warning", "en")
    assert app.dataframe[0].value["loan_id"].tolist() == whole[:1]
    assert card_values(app)["Loans on the list"] == str(len(whole))
