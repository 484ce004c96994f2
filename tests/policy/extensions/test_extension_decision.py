"""Extensions (S5.7): the worked dates, and random loans against an independent reading in plain Python."""

import csv
import json
from datetime import date, timedelta

import duckdb
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data.storage import book
from policy.__main__ import main
from policy.extensions import extension_decision, frontier
from tests.policy import sample_books
from tests.policy.extensions import extension_oracle
from tests.policy.sample_books import AS_OF
from tests.shipped_policy import POLICY

GOLDEN_DATES = {
    # loan: disbursed, original maturity, current maturity, class, latest permitted, apply by
    "G1": ("2024-01-31", "2025-01-31", "2025-01-31", "short", "2026-01-31", "2025-01-21"),
    "G2": ("2024-03-15", "2024-09-15", "2024-09-15", "short", "2025-03-15", "2024-09-05"),
    "G4": ("2022-06-10", "2025-06-10", "2025-06-10", "medium", "2026-12-10", "2025-05-21"),
    "G5": ("2022-06-10", "2024-12-10", "2024-12-10", "medium", "2026-03-10", "2024-11-20"),
    "G6": ("2022-06-10", "2025-07-10", "2025-07-10", "medium", "2027-01-24", "2025-06-20"),
    "G7": ("2020-05-20", "2025-05-20", "2025-05-20", "medium", "2027-11-20", "2025-04-30"),
    "G9": ("2019-04-01", "2029-04-01", "2029-04-01", "long", "2032-04-01", "2029-03-12"),
    "G10": ("2024-02-29", "2025-02-28", "2025-02-28", "short", "2026-02-28", "2025-02-18"),
    "G4-extended": ("2022-06-10", "2025-06-10", "2026-06-10", "medium", "2026-12-10", "2026-05-21"),
    "G1-extended": ("2024-01-31", "2025-01-31", "2025-07-31", "short", "2026-01-31", "2025-07-21"),
}


def _make_loan(disbursed: str, original: str, current: str) -> dict[str, object]:
    return {
        "disbursed_on": disbursed,
        "original_maturity": original,
        "current_maturity": current,
        "balance": 100000,
        "principal": 100000,
        "guarantee_type": "credit",
        "extension_count": int(original != current),
        "status": "normal",
        "days_past_due": 0,
        "classification": "normal",
    }


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory):
    loans = {loan_id: _make_loan(*row[:3]) for loan_id, row in GOLDEN_DATES.items()}
    secured = _make_loan("2024-01-31", "2025-01-31", "2025-01-31") | {"guarantee_type": "guarantee"}
    loans |= {
        "secured": secured,
        "secured-unknown": secured,
        "no-original": _make_loan("2024-01-31", "2025-01-31", "2025-01-31") | {"original_maturity": None},
        "history-missing": _make_loan("2022-06-10", "2026-06-10", "2026-06-10") | {"extension_count": 1},
        "settled": _make_loan("2024-01-31", "2025-01-31", "2025-01-31") | {"status": "settled", "balance": 0},
        "overdue": _make_loan("2023-01-31", "2024-01-31", "2024-01-31"),
        "long-66": _make_loan("2020-01-10", "2025-07-10", "2025-07-10") | {"product_code": "working_capital"},
        "long-66-unknown": _make_loan("2020-01-10", "2025-07-10", "2025-07-10"),
    }
    guarantees = [
        ("guarantees", {"guarantee_id": f"GC{n}", "loan_id": "secured", "kind": "guarantee", "provider_id": f"P{n}"})
        for n in (1, 2)
    ]
    return sample_books.make_book(tmp_path_factory.mktemp("book") / "b.duckdb", loans, guarantees)


def _decide_extension(
    path, loan_id: str, to: str | date, applied: str | date, consent: str | None = None
) -> extension_decision.Decision:
    day = date.fromisoformat
    request = extension_decision.Request(loan_id, day(str(applied)), day(str(to)), consent)
    with book.open_for_reading(path) as con:
        return extension_decision.judge_request(con, POLICY, AS_OF, request)


def _decision_line(decision: extension_decision.Decision, rule_id: str):
    return next(line for line in decision.lines if line.rule_id == rule_id)


@pytest.mark.parametrize("loan_id", GOLDEN_DATES)
def test_worked_dates(path, loan_id: str) -> None:
    _, _, _, term_class, latest, apply_by = GOLDEN_DATES[loan_id]
    decision = _decide_extension(path, loan_id, latest, apply_by)
    assert (decision.verdict, decision.term_class) == ("allowed", term_class)
    assert (str(decision.latest_permitted), str(decision.apply_by)) == (latest, apply_by)


@pytest.mark.parametrize("loan_id", GOLDEN_DATES)
def test_a_day_beyond_the_worked_dates_is_blocked(path, loan_id: str) -> None:
    _, _, _, _, latest, apply_by = GOLDEN_DATES[loan_id]
    day = timedelta(days=1)
    too_long = _decide_extension(path, loan_id, date.fromisoformat(latest) + day, apply_by)
    too_late = _decide_extension(path, loan_id, latest, date.fromisoformat(apply_by) + day)
    assert too_long.blocked_by[:1] == ("EXT-LENGTH",) and too_long.verdict == "blocked"
    assert (too_late.blocked_by, too_late.verdict) == (("EXT-LEAD-TIME",), "blocked")


def test_an_earlier_extension_consumes_the_room_and_never_moves_the_ceiling(path) -> None:
    not_cumulative = extension_oracle.add_months(date(2026, 6, 10), 18)
    assert _decide_extension(path, "G4-extended", not_cumulative, "2026-05-21").verdict == "blocked"


@pytest.mark.parametrize(
    ("consent", "verdict", "missing"),
    [
        ("all", "allowed", "0"),
        ("none", "blocked", "2"),
        ("P1", "blocked", "1"),
        ("P1,P2", "allowed", "0"),
        (None, "not_assessable", None),
    ],
)
def test_every_guarantor_must_consent(path, consent: str | None, verdict: str, missing: str | None) -> None:
    decision = _decide_extension(path, "secured", "2026-01-31", "2025-01-21", consent)
    assert decision.verdict == verdict
    assert _decision_line(decision, "EXT-CONSENT").measured == missing


def test_unknown_guarantors_are_not_a_pass(path) -> None:
    assert _decide_extension(path, "secured-unknown", "2026-01-31", "2025-01-21").verdict == "not_assessable"
    assert _decide_extension(path, "secured-unknown", "2026-01-31", "2025-01-21", "none").verdict == "blocked"


@pytest.mark.parametrize(
    ("loan_id", "missing"), [("no-original", "original_maturity"), ("history-missing", "counted_from")]
)
def test_what_is_missing_is_said(path, loan_id: str, missing: str) -> None:
    decision = _decide_extension(path, loan_id, "2026-12-31", "2024-12-01")
    assert decision.verdict == "not_assessable" and decision.latest_permitted is None
    assert missing in _decision_line(decision, "EXT-LENGTH").missing


def test_settled_and_matured_loans_are_not_extended(path) -> None:
    assert "EXT-OPEN" in _decide_extension(path, "settled", "2026-01-31", "2025-01-21").blocked_by
    assert "EXT-BEFORE-MATURITY" in _decide_extension(path, "overdue", "2024-12-31", "2024-06-30").blocked_by


def test_the_strictest_of_several_limits_wins(path) -> None:
    """66 months: 3 years by S5.7.3c, half of the term (33 months) by the 2024 Measures."""
    assert str(_decide_extension(path, "long-66", "2028-04-10", "2025-06-20").latest_permitted) == "2028-04-10"
    assert _decide_extension(path, "long-66", "2028-04-11", "2025-06-20").blocked_by == ("EXT-LENGTH-2024",)
    before = _decide_extension(path, "long-66", "2028-07-10", "2024-06-30")
    assert str(before.latest_permitted) == "2028-07-10", "the Measures hold from 2024-07-01 on"
    unknown = _decide_extension(path, "long-66-unknown", "2028-07-10", "2025-06-20")
    assert (unknown.verdict, unknown.latest_permitted) == ("not_assessable", None)


def test_frontier_ends_at_the_latest_permitted_day(path) -> None:
    with book.open_for_reading(path) as con:
        strip = frontier.list_maturity_decisions(con, POLICY, AS_OF, "G6", date(2025, 6, 20), None)
    allowed = strip.filter(pl.col("verdict") == "allowed")["requested_maturity"]
    assert (allowed.min(), allowed.max(), len(allowed)) == (date(2025, 7, 11), date(2027, 1, 24), 563)
    blocked = strip.filter(pl.col("verdict") == "blocked")
    assert len(strip) == len(allowed) + len(blocked) > 3600
    assert set(blocked["blocked_by"].explode()) == {"EXT-LENGTH", "EXT-LENGTH-2024"} - {"EXT-LENGTH-2024"}


DAYS = st.dates(date(1997, 1, 1), date(2040, 12, 31))


@settings(max_examples=8, deadline=None)
@given(
    st.lists(
        st.tuples(DAYS, st.integers(1, 4500), st.integers(0, 400), st.integers(-40, 40)), min_size=100, max_size=200
    )
)
def test_limits_agree_with_an_independent_reading(tmp_path_factory, rows) -> None:
    """Days and whole months, month ends and leap days; class, ceiling and deadline of each loan."""
    loans, requests, expected = {}, [], []
    for n, (disbursed, term, extended, lead) in enumerate(rows):
        original = extension_oracle.add_months(disbursed, term // 30) if term % 2 else disbursed + timedelta(days=term)
        if original <= disbursed:
            original = disbursed + timedelta(days=term)
        current = original + timedelta(days=extended)
        loans[f"L{n}"] = _make_loan(str(disbursed), str(original), str(current))
        latest = extension_oracle.latest_permitted(disbursed, original)
        apply_by = extension_oracle.last_application_date(disbursed, original, current)
        requests.append((str(n), f"L{n}", apply_by + timedelta(days=lead), current + timedelta(days=30), None))
        expected.append((extension_oracle.classify_term(disbursed, original), latest, apply_by))
    path = sample_books.make_book(tmp_path_factory.mktemp("random") / "b.duckdb", loans)
    schema = {
        "request_id": pl.String,
        "loan_id": pl.String,
        "application_date": pl.Date,
        "requested_maturity": pl.Date,
        "consent": pl.String,
    }
    with book.open_for_reading(path) as con:
        found = extension_decision.judge_request_frame(
            con, POLICY, AS_OF, pl.DataFrame(requests, schema=schema, orient="row")
        )
    by_id = {row["request_id"]: row for row in found.to_dicts()}
    for n, (term_class, latest, apply_by) in enumerate(expected):
        row = by_id[str(n)]
        if row["application_date"] < date(1996, 8, 1):
            continue
        assert (row["term_class"], row["apply_by"]) == (term_class, apply_by)
        if row["latest_permitted"] is not None:
            assert row["latest_permitted"] == latest
        else:  # the product is unknown, and half of the term would be stricter than three years
            assert term_class == "long" and row["application_date"] >= date(2024, 7, 1)
        late, long = row["application_date"] > apply_by, row["requested_maturity"] > latest
        assert ("EXT-LEAD-TIME" in row["blocked_by"], "EXT-LENGTH" in row["blocked_by"]) == (late, long)


def test_command_line_one_loan(path, capsys) -> None:
    arguments = [
        "extension",
        "--loan",
        "G6",
        "--to",
        "2027-01-24",
        "--applied",
        "2025-06-20",
        "--book",
        str(path),
        "--json",
    ]
    assert main(arguments) == 0
    said = json.loads(capsys.readouterr().out)
    assert (said["loan_id"], said["verdict"], said["term_class"]) == ("G6", "allowed", "medium")
    assert (said["latest_permitted"], said["apply_by"]) == ("2027-01-24", "2025-06-20")
    length = next(line for line in said["lines"] if line["rule_id"] == "EXT-LENGTH")
    assert (length["verdict"], length["measured"], length["limit"]) == ("pass", "2027-01-24", "2027-01-24")
    assert length["clause_id"] == "S5.7.3b", "the clause of the limit row that answered"


def test_command_line_many(path, tmp_path, capsys) -> None:
    asked, out = tmp_path / "asked.csv", tmp_path / "out.csv"
    rows = [("loan_id", "application_date", "requested_maturity", "consent")]
    rows += [(loan_id, row[5], row[4], "") for loan_id, row in GOLDEN_DATES.items()]
    rows += [("secured", "2025-01-21", "2026-01-31", "P1"), ("nobody", "2025-01-21", "2026-01-31", "all")]
    with asked.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows(rows)
    assert main(["extension", "--requests", str(asked), "--out", str(out), "--book", str(path)]) == 0
    with out.open(encoding="utf-8-sig") as file:
        decided = list(csv.DictReader(file))
    assert [row["loan_id"] for row in decided] == [row[0] for row in rows[1:]]
    assert {row["verdict"] for row in decided[: len(GOLDEN_DATES)]} == {"allowed"}
    assert [row["latest_permitted"] for row in decided[: len(GOLDEN_DATES)]] == [
        row[4] for row in GOLDEN_DATES.values()
    ]
    assert (decided[-2]["verdict"], decided[-2]["blocked_by"]) == ("blocked", "EXT-CONSENT")
    assert decided[-1]["verdict"] == "not_assessable", "a loan that is not in the snapshot is never a pass"
    assert "12 requests" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("loan_id,application_date\nG1,2025-01-01\n", "no column requested_maturity"),
        (
            "loan_id,application_date,requested_maturity,consent\nG1,2025-02-30,2026-01-01,\n",
            "row 2, column application_date: '2025-02-30'",
        ),
        ("loan_id,application_date,requested_maturity,consent\n,2025-02-03,2026-01-01,\n", "column loan_id"),
    ],
)
def test_bad_request_files_say_where(path, tmp_path, capsys, content: str, says: str) -> None:
    asked = tmp_path / "asked.csv"
    asked.write_text(content, encoding="utf-8")
    assert main(["extension", "--requests", str(asked), "--out", str(tmp_path / "o.csv"), "--book", str(path)]) == 1
    assert says in capsys.readouterr().err


def test_request_files_as_spreadsheets_write_them(path, tmp_path) -> None:
    """Dates as a Chinese Excel saves them, in GB18030; a blank date is a request that cannot be judged, not an error."""
    asked, out = tmp_path / "asked.csv", tmp_path / "out.csv"
    text = "loan_id,application_date,requested_maturity,consent\nG6,2025/6/20,2027/1/24,\nG6,,2027/1/24,\nG6,20250620,,张三\n"
    asked.write_bytes(text.encode("gb18030"))
    assert main(["extension", "--requests", str(asked), "--out", str(out), "--book", str(path)]) == 0
    with out.open(encoding="utf-8-sig") as file:
        decided = list(csv.DictReader(file))
    assert [row["verdict"] for row in decided] == ["allowed", "not_assessable", "not_assessable"]
    assert (decided[0]["application_date"], decided[0]["latest_permitted"]) == ("2025/6/20", "2027-01-24")


def test_wrong_usage_exits_with_2(path, capsys) -> None:
    assert main(["extension", "--loan", "G1", "--book", str(path)]) == 2
    assert "--to" in capsys.readouterr().err
    with pytest.raises(SystemExit) as stop:
        main(["extension", "--loan", "G1", "--to", "31/01/2026", "--applied", "2025-01-01"])
    assert stop.value.code == 2


def test_unknown_loan_is_one_clear_message(path, capsys) -> None:
    arguments = ["extension", "--loan", "nobody", "--to", "2026-01-31", "--applied", "2025-01-21", "--book", str(path)]
    assert main(arguments) == 1
    assert "No loan 'nobody'" in capsys.readouterr().err


def test_oracle_and_duckdb_add_months_agree_on_every_month_end() -> None:
    con = duckdb.connect()
    rows = con.execute(
        "SELECT d::DATE, n, CAST(d::DATE + to_months(n::INTEGER) AS DATE) FROM range(DATE '2019-12-25', DATE '2021-03-05', "
        "INTERVAL 1 DAY) days(d), range(-30, 31) months(n)"
    ).fetchall()
    assert all(extension_oracle.add_months(day, months) == found for day, months, found in rows)
