"""One loan: its page shows what the book holds and what the engine decides; its steps are put in order."""

import shutil
from datetime import date

import pytest

from data.queries import loan_detail
from data.storage import book
from pages.ui.loan import verdict_list
from policy.engine import verdict_evidence
from policy.runs import snapshot_check
from tests.pages.seven_loan_book import EARLIER_DATE, INJECTION_NAME, SNAPSHOT_DATE


def _overdue_history(*days: int | None) -> list[tuple[str, date]]:
    return [(str(n), date(2026, 1, day)) for n, day in enumerate(days) if day is not None]


@pytest.mark.parametrize(
    ("days", "wrong"),
    [
        ((), {}),
        ((5,), {}),
        ((1, 2, 3), {}),
        ((1, 1, 1), {}),
        ((1, 20, 3, 4), {"1": "2"}),
        ((5, 6, 1, 7), {"2": "0"}),
        ((9, 1, 2, 3), {"0": "1"}),
        ((1, 5, 2, 6, 3, 7), {"1": "2", "3": "4"}),
    ],
)
def test_the_fewest_dates_that_are_out_of_order(days, wrong):
    found = loan_detail.find_contradictions(_overdue_history(*days))
    assert len(found) == len(wrong)
    if len(days) != 6:  # where two ways are as short, either will do
        assert found == wrong
    dated = dict(_overdue_history(*days))
    for step, against in found.items():
        assert (dated[step] < dated[against]) == (int(step) > int(against))
    rest = [day for step, day in dated.items() if step not in found]
    assert rest == sorted(rest)


def test_every_kind_of_verdict_is_all_there(seven_loan_book, open_page):
    with book.open_for_reading(seven_loan_book) as cursor:
        lines = verdict_evidence.verdicts_of_loan(cursor, snapshot_check.load_policy(), SNAPSHOT_DATE, "L1")
    for kind in verdict_list.VERDICT_ORDER:
        expected = sorted(line.rule_id for line in lines if line.verdict == kind)
        app = open_page("loan", "en", quiet=False, loan="L1", verdict=kind)
        assert not app.exception
        shown = [table.value for table in app.dataframe if "rule_id" in table.value.columns]
        assert sorted(shown[0]["rule_id"] if shown else []) == expected


def test_the_states_are_those_of_the_snapshots(seven_loan_book, open_page):
    with book.open_for_reading(seven_loan_book) as cursor:
        states = loan_detail.list_snapshot_states(cursor, "L7")
    told = states.select("as_of", "balance", "classification", "days_past_due").rows()
    assert told == [(EARLIER_DATE, 450_000, "doubtful", 170), (SNAPSHOT_DATE, 250_000, "loss", 200)]
    assert states["violations"][0] is None, "a day that was not checked has no count"
    assert states["violations"][1] > 0


def test_the_registers_hold_what_belongs_to_the_loan(seven_loan_book):
    with book.open_for_reading(seven_loan_book) as cursor:
        held = {
            loan: loan_detail.list_register_rows(cursor, SNAPSHOT_DATE, "guarantees", loan) for loan in ("L1", "L2")
        }
        asked = loan_detail.list_register_rows(cursor, SNAPSHOT_DATE, "extensions", "L2")
    assert list(held["L1"]["guarantee_id"]) == ["G1", "G2"]
    assert held["L2"].is_empty()
    assert list(asked["request_id"]) == ["R2"]


def test_a_register_is_shown_as_people_write(seven_loan_book, open_page, no_book, monkeypatch):
    shutil.copy(seven_loan_book, no_book)
    monkeypatch.setenv("LOANLIGHT_BOOK", str(no_book))
    with book.open_for_writing(no_book) as con:
        con.execute(
            """INSERT INTO events (event_id, loan_id, step_code, event_date, event_ts, staff_id, row_valid_from,
                batch_id)
                       VALUES ('E1', 'L1', '9', '2026-10-09', '2026-10-09 15:04:05', 'S9', $day, $batch)""",
            {"day": SNAPSHOT_DATE, "batch": str(SNAPSHOT_DATE)},
        )
        con.execute(
            "INSERT INTO staff (staff_id, name, row_valid_from, batch_id) VALUES ('S9', '王芳', $day, $batch)",
            {"day": SNAPSHOT_DATE, "batch": str(SNAPSHOT_DATE)},
        )
    app = open_page("loan", "en", loan="L1")
    (events,) = (table.value for table in app.dataframe if "event_id" in table.value.columns)
    assert events.to_dict("records") == [
        {
            "step_code": "Disbursement",
            "event_date": events["event_date"][0],
            "event_ts": "2026-10-09 15:04",
            "staff_id": "王芳",
            "event_id": "E1",
        }
    ]


@pytest.mark.parametrize("lang", ["zh", "en"])
@pytest.mark.parametrize("loan", ["L1", "L3", "L4", "L5", "L6", "L7"])
def test_every_loan_has_its_page(seven_loan_book, open_page, lang, loan):
    app = open_page("loan", lang, quiet=False, loan=loan)
    assert not app.exception
    assert not app.error
    assert any(loan in text.value for text in app.text)


def test_a_name_of_the_book_is_never_markdown(seven_loan_book, open_page):
    app = open_page("loan", loan="L4")
    assert any(INJECTION_NAME in text.value for text in app.text)
    assert not [block for block in (*app.markdown, *app.caption) if "leak.png" in block.value]


def test_without_a_loan_the_page_says_what_to_do(seven_loan_book, open_page):
    app = open_page("loan")
    assert any("最近到期的" in note.value for note in app.caption)
    assert list(app.dataframe[0].value["loan_id"]) == ["L1", "L6", "L2", "L7", "L4"], "running, the soonest first"
    assert list(open_page("loan", loan="甲公司").dataframe[0].value["loan_id"]) == ["L1", "L2"]
