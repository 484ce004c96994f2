"""One file with many snapshots: each day a batch, in order, in one transaction; what has no day is kept back."""

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from data.ingest import pipeline, snapshot_series
from tests.data.cli_import import CommandResult, ImportCli

PROFILE = """
[[files]]
name = "tape"
table = "loans"
headers = ["Loan", "Month", "UPB"]
many_days = true
day = "last"

[files.fields]
loan_id = "Loan"
balance = "UPB"
status = "State"
"snapshots.snapshot_date" = "Month"
"snapshots.days_past_due" = "Late"
"""
HEAD = "Loan,Month,UPB,State,Late\n"
ROWS = (
    HEAD
    + "1,202403,80,normal,0\n1,202401,100,normal,0\n2,202401,50,normal,31\n1,202402,90,normal,0\n2,202402,0,settled,\n"
)
# A note, a blank month, a month that is none, and a balance that is none.
MIXED = ROWS + "3,,5,normal,0\n3,202413,5,normal,0\n3,202402,x,normal,0\nTotal,,320,,\n"
LOADED = [
    (date(2024, 1, 31), 2, Decimal(150)),
    (date(2024, 2, 29), 2, Decimal(90)),
    (date(2024, 3, 31), 1, Decimal(80)),
]
SNAPSHOTS = "SELECT snapshot_date, count(*), sum(balance) FROM snapshots GROUP BY 1 ORDER BY 1"
FACTS = "SELECT as_of, count(*), sum(balance) FROM facts_loan GROUP BY 1 ORDER BY 1"


def load(cli: ImportCli, rows: str, *more: str | Path) -> CommandResult:
    file, profile = cli.write("tape.csv", rows), cli.write("tape.toml", PROFILE)
    return cli.run("import", file, "--profile", profile, "--book", cli.book, "--json", *more)


def test_each_day_becomes_a_snapshot_in_order(cli: ImportCli) -> None:
    outcome = load(cli, ROWS)
    assert outcome.status == 0
    report = outcome.report
    assert [(entry["as_of"], entry["tables"]["loans"]["loaded"]) for entry in report["snapshots"]] == [
        ("2024-01-31", 2),
        ("2024-02-29", 2),
        ("2024-03-31", 1),
    ]
    assert report["tables"]["loans"] == {
        "rows_in": 5,
        "loaded": 5,
        "quarantined": 0,
        "ignored": 0,
        "balance_in": 320.0,
        "balance_loaded": 320.0,
    }
    assert cli.query(SNAPSHOTS) == LOADED
    assert cli.query(FACTS) == LOADED
    assert cli.query("SELECT as_of, count(*) FROM batches GROUP BY 1 ORDER BY 1") == [(day, 1) for day, _, _ in LOADED]
    assert cli.query("SELECT days_past_due FROM snapshots WHERE loan_id = '2' ORDER BY snapshot_date") == [
        (31,),
        (None,),
    ]


def test_rows_without_a_day_are_kept_back_and_counts_add_up(cli: ImportCli) -> None:
    outcome = load(cli, MIXED)
    whole = outcome.report["tables"]["loans"]
    assert (whole["rows_in"], whole["loaded"], whole["quarantined"], whole["ignored"]) == (9, 5, 3, 1)
    assert cli.query(SNAPSHOTS) == LOADED
    kept = [(row["row"], row["field"]) for row in cli.list_quarantine()]
    assert sorted(kept) == [(7, "snapshot_date"), (8, "snapshot_date"), (9, "balance")]
    for entry in outcome.report["snapshots"]:
        counts = entry["tables"]["loans"]
        assert counts["rows_in"] == counts["loaded"] + counts["quarantined"] + counts["ignored"]


def test_the_same_file_again_changes_nothing(cli: ImportCli) -> None:
    load(cli, ROWS)
    before, mark = cli.read_all_tables(), cli.book.stat().st_mtime_ns
    again = load(cli, ROWS)
    assert again.report["already_loaded"] is True
    assert cli.read_all_tables() == before
    assert cli.book.stat().st_mtime_ns == mark


def test_a_longer_file_adds_its_new_days(cli: ImportCli) -> None:
    load(cli, ROWS)
    longer = load(cli, ROWS + "1,202404,70,normal,0\n")
    assert [entry["already_loaded"] for entry in longer.report["snapshots"]] == [True, True, True, False]
    assert cli.query(SNAPSHOTS) == [*LOADED, (date(2024, 4, 30), 1, Decimal(70))]
    assert cli.query(FACTS) == [*LOADED, (date(2024, 4, 30), 1, Decimal(70))]


def test_one_day_alone(cli: ImportCli) -> None:
    outcome = load(cli, ROWS, "--as-of", "2024-02-29")
    assert [entry["as_of"] for entry in outcome.report["snapshots"]] == ["2024-02-29"]
    assert outcome.report["tables"]["loans"]["ignored"] == 3
    assert "note_other_days" in {note["id"] for note in outcome.report["assumptions"]}
    assert cli.query(SNAPSHOTS) == [LOADED[1]]


def test_a_day_that_the_file_does_not_have(cli: ImportCli) -> None:
    outcome = load(cli, ROWS, "--as-of", "2025-02-28")
    assert outcome.status == 1
    assert "Days of the file: 2024-01-31 – 2024-03-31 (3)" in outcome.err
    assert not cli.book.exists()


def test_without_such_a_profile_the_day_has_to_be_given(cli: ImportCli) -> None:
    outcome = cli.run("import", cli.write("f.csv", "借据号,余额\n1,2\n"), "--book", cli.book)
    assert (outcome.status, "--as-of DATE" in outcome.err) == (2, True)


def test_nothing_loaded_is_told_and_ends_with_one(cli: ImportCli) -> None:
    outcome = load(cli, HEAD + "1,202401,x,normal,0\n")
    assert outcome.status == 1
    assert "None of the 1 rows could be loaded" in outcome.err


def test_the_text_names_each_snapshot(cli: ImportCli) -> None:
    file, profile = cli.write("tape.csv", ROWS), cli.write("tape.toml", PROFILE)
    shown = cli.run("import", file, "--profile", profile, "--book", cli.book).out
    assert "Snapshots 时点: 3" in shown
    assert [line[:10] for line in shown.splitlines()[1:4]] == ["2024-01-31", "2024-02-29", "2024-03-31"]


def test_a_failure_at_the_last_day_leaves_the_book_as_it_was(cli: ImportCli, monkeypatch: pytest.MonkeyPatch) -> None:
    load(cli, ROWS)
    before = cli.read_all_tables()
    stored = pipeline.store_batch

    def fail_at_last(con, report, *rest):  # type: ignore[no-untyped-def]
        if report.as_of == date(2024, 5, 31):
            raise MemoryError
        stored(con, report, *rest)

    monkeypatch.setattr(pipeline, "store_batch", fail_at_last)
    with pytest.raises(MemoryError):
        load(cli, ROWS + "1,202404,70,normal,0\n1,202405,60,normal,0\n")
    assert cli.read_all_tables() == before


def test_a_hundred_and_five_months(cli: ImportCli) -> None:
    months = [f"{2015 + i // 12}{i % 12 + 1:02d}" for i in range(105)]
    rows = HEAD + "".join(f"{loan},{month},{loan * 10},normal,0\n" for month in months for loan in range(1, 6))
    file, profile = cli.write("tape.csv", rows), cli.write("tape.toml", PROFILE)
    series, kept_back = snapshot_series.simulate_series([file], str(profile))
    assert [report.loaded for report in series.reports] == [5] * 105
    assert [report.as_of for report in series.reports] == sorted({report.as_of for report in series.reports})
    assert series.merge().loaded == 525
    assert kept_back.is_empty()
