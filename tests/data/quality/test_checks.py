"""Data quality: every check found where it should be and nowhere else, apart from policy."""

import csv
import json
from datetime import date, timedelta
from decimal import Decimal

import duckdb
import polars as pl
import pytest

from data import dictionary
from data.quality import checks
from data.storage import book
from tests.data.cli_import import SNAPSHOT_DATE as DAY
from tests.data.cli_import import ImportCli
from tests.data.facts_book import AS_OF, FactsBook

GOOD = {
    "principal": 100,
    "currency": "CNY",
    "annual_rate_pct": 4,
    "disbursed_on": date(2025, 1, 1),
    "status": "normal",
    "original_maturity": date(2027, 1, 1),
    "current_maturity": date(2027, 1, 1),
    "borrower_id": "C1",
}
LATER = AS_OF + timedelta(1)


@pytest.fixture
def clean_book(facts_book: FactsBook) -> FactsBook:
    facts_book.insert_loan("L1", **GOOD)
    return facts_book


def count_findings(con: duckdb.DuckDBPyConnection) -> dict[str, int]:
    rows = checks.list_findings(con, AS_OF).filter(pl.col("rows") > 0)
    return dict(rows.select("check_id", "rows").iter_rows())


def test_a_clean_book_has_no_findings(clean_book: FactsBook) -> None:
    assert count_findings(clean_book.con) == {}


LOANS = {
    "balance_above_principal": {"principal": 99},
    "closed_with_balance": {"status": "settled"},
    "no_principal": {"principal": 0},
    "maturity_before_disbursement": {"disbursed_on": date(2026, 9, 1), "original_maturity": date(2026, 8, 31)},
    "current_before_original": {"current_maturity": date(2026, 12, 31)},
    "disbursed_in_future": {"disbursed_on": LATER},
    "closed_in_future": {"closed_date": LATER},
    "closed_before_disbursed": {"closed_date": date(2024, 12, 31)},
    "term_too_long": {"current_maturity": date(2099, 12, 31)},
    "foreign_currency": {"currency": "USD"},
    "currency_not_stated": {"currency": None},
    "rate_implausible": {"annual_rate_pct": 37},
    "no_borrower": {"borrower_id": None},
    "prior_loan_unknown": {"prior_loan_id": "L0"},
    "extended_same_maturity": {"extension_count": 1},
}
SNAPSHOTS = {
    "running_without_balance": {"balance": 0},
    "negative_balance": {"balance": Decimal("-0.01")},
    "dust_balance": {"balance": Decimal("0.99")},
    "no_balance": {"balance": None},
    "overdue_days_negative": {"days_past_due": -1},
    "overdue_above_balance": {"principal_overdue": Decimal("100.01")},
    "overdue_days_disagree": {"days_past_due": 30, "first_overdue_date": AS_OF - timedelta(60)},
}


def test_loans_and_snapshots_that_cannot_be_right(clean_book: FactsBook) -> None:
    for check, row in LOANS.items():
        clean_book.insert_loan(check, **GOOD | row)
    for check, row in SNAPSHOTS.items():
        clean_book.insert_loan(check, {"balance": 100} | row, **GOOD)
    both = {
        "balance_above_principal": 2,
        "closed_with_balance": 2,
    }  # nothing lent is below any balance; closed too soon
    assert count_findings(clean_book.con) == dict.fromkeys({**LOANS, **SNAPSHOTS}, 1) | both


def test_a_fraction_among_rates_in_percent_is_found(clean_book: FactsBook) -> None:
    for number, rate in enumerate((Decimal("0.0435"), Decimal("0.299999"), Decimal("0.3"), Decimal(36))):
        clean_book.insert_loan(f"R{number}", **GOOD | {"annual_rate_pct": rate})
    assert checks.list_rows_of_finding(clean_book.con, AS_OF, "rate_implausible")["loan_id"].to_list() == ["R0", "R1"]


@pytest.mark.parametrize("check", ["balance_above_principal", "dust_balance", "prior_loan_unknown"])
def test_the_rows_behind_a_finding(clean_book: FactsBook, check: str) -> None:
    clean_book.insert_loan("L2", {"balance": 100} | SNAPSHOTS.get(check, {}), **GOOD | LOANS.get(check, {}))
    assert checks.list_rows_of_finding(clean_book.con, AS_OF, check)["loan_id"].to_list() == ["L2"]


@pytest.mark.parametrize(
    "snapshot", [{"balance": 100}, {"balance": 1}, {"days_past_due": 30, "first_overdue_date": AS_OF - timedelta(31)}]
)
def test_the_limits_themselves_are_right(clean_book: FactsBook, snapshot: dict) -> None:
    """Balance equal to the amount lent, a balance of exactly the dust limit, days that differ by the tolerance."""
    clean_book.insert_loan("L2", snapshot, **GOOD | {"annual_rate_pct": 36, "disbursed_on": date(2025, 1, 1)})
    assert count_findings(clean_book.con) == {}


def test_two_loans_at_odds(clean_book: FactsBook) -> None:
    clean_book.insert_loan("L2", **GOOD | {"contract_no": "H1"})
    clean_book.insert_loan("L3", **GOOD | {"contract_no": "H1", "borrower_id": "C2"})
    assert count_findings(clean_book.con) == {"contract_of_two_borrowers": 2}


def test_an_amount_in_another_unit_than_before(facts_book: FactsBook) -> None:
    before = AS_OF - timedelta(31)
    facts_book.insert("loans", loan_id="L1", principal=Decimal("0.01"), row_valid_from=before, row_valid_to=AS_OF)
    facts_book.insert_loan("L1", **GOOD)
    assert count_findings(facts_book.con) == {"magnitude_conflict": 1}


OTHERS = {
    "id_lost_digits": ("borrowers", {"borrower_id": "C1", "id_no": "330102199001010000"}),
    "name_masked": ("borrowers", {"borrower_id": "C1", "name": "张*"}),
    "founded_in_future": ("borrowers", {"borrower_id": "C1", "founded_date": LATER}),
    "guarantee_loan_unknown": ("guarantees", {"guarantee_id": "G1", "loan_id": "L9"}),
    "guarantee_unowned": ("guarantees", {"guarantee_id": "G1/Y1", "guarantee_no": "G1", "collateral_id": "Y1"}),
    "guarantee_contract_unknown": ("guarantees", {"guarantee_id": "G1", "contract_no": "H9"}),
    "guarantee_starts_in_future": ("guarantees", {"guarantee_id": "G1", "loan_id": "L1", "start": LATER}),
    "guarantee_ends_before_start": (
        "guarantees",
        {"guarantee_id": "G1", "loan_id": "L1", "start": AS_OF, "end": AS_OF - timedelta(1)},
    ),
    "valued_in_future": ("guarantees", {"guarantee_id": "G1", "loan_id": "L1", "valuation_date": LATER}),
    "registered_in_future": ("guarantees", {"guarantee_id": "G1", "loan_id": "L1", "registration_date": LATER}),
    "no_value": ("guarantees", {"guarantee_id": "G1", "loan_id": "L1", "appraised_value": 0}),
    "lien_above_value": ("guarantees", {"guarantee_id": "G1", "loan_id": "L1", "prior_lien": 2, "appraised_value": 1}),
    "event_in_future": ("events", {"event_id": "E1", "loan_id": "L1", "event_date": LATER}),
    "event_loan_unknown": ("events", {"event_id": "E1", "loan_id": "L9", "event_date": AS_OF}),
    "document_in_future": ("documents", {"doc_id": "D1", "loan_id": "L1", "received_date": LATER}),
    "document_dates_swapped": (
        "documents",
        {"doc_id": "D1", "loan_id": "L1", "valid_from": AS_OF, "valid_to": AS_OF - timedelta(1)},
    ),
    "document_loan_unknown": ("documents", {"doc_id": "D1", "loan_id": "L9"}),
    "inspection_in_future": ("inspections", {"inspection_id": "I1", "loan_id": "L1", "inspection_date": LATER}),
    "inspection_loan_unknown": ("inspections", {"inspection_id": "I1", "loan_id": "L9", "inspection_date": AS_OF}),
    "extension_loan_unknown": ("extensions", {"request_id": "R1", "loan_id": "L9"}),
    "extension_not_later": (
        "extensions",
        {"request_id": "R1", "loan_id": "L1", "start_date": AS_OF, "new_maturity": AS_OF - timedelta(1)},
    ),
    "extension_in_future": ("extensions", {"request_id": "R1", "loan_id": "L1", "agreement_date": LATER}),
    "notice_in_future": ("notices", {"loan_id": "L1", "kind": "maturity", "notice_date": LATER}),
    "notice_loan_unknown": ("notices", {"loan_id": "L9", "kind": "maturity", "notice_date": AS_OF}),
    "staff_left_before_hired": ("staff", {"staff_id": "S1", "hire_date": AS_OF, "left_date": AS_OF - timedelta(1)}),
}


def test_records_that_cannot_be_right(clean_book: FactsBook) -> None:
    for table, row in OTHERS.values():
        clean_book.insert(table, **row)
    assert count_findings(clean_book.con) == dict.fromkeys(OTHERS, 1)


DANGLING_REFERENCES = {
    "borrower_unknown": [("borrowers", {"borrower_id": "C9"})],
    "officer_unknown": [
        ("staff", {"staff_id": "S9"}),
        ("loans", GOOD | {"loan_id": "L2", "officer_id": "S1"}),
        ("snapshots", {"loan_id": "L2", "snapshot_date": AS_OF, "balance": 1}),
    ],
    "group_unknown": [("groups", {"group_id": "G1"}), ("borrowers", {"borrower_id": "C1", "group_id": "G2"})],
    "document_borrower_unknown": [
        ("borrowers", {"borrower_id": "C1"}),
        ("documents", {"doc_id": "D1", "borrower_id": "C9"}),
    ],
    "consent_request_unknown": [
        ("extensions", {"request_id": "R1", "loan_id": "L1"}),
        ("consents", {"request_id": "R2", "provider_id": "P"}),
    ],
    "training_staff_unknown": [("staff", {"staff_id": "S9"}), ("training", {"training_id": "T1", "staff_id": "S1"})],
    "id_shared": [
        ("borrowers", {"borrower_id": "C1", "id_no": "X1"}),
        ("borrowers", {"borrower_id": "C2", "id_no": "X1"}),
    ],
}


@pytest.mark.parametrize("check", DANGLING_REFERENCES)
def test_a_key_that_points_nowhere(clean_book: FactsBook, check: str) -> None:
    for table, row in DANGLING_REFERENCES[check]:
        clean_book.insert(table, **row)
    assert set(count_findings(clean_book.con)) == {check}


def test_amounts_in_other_currencies_are_not_added_up_with_the_bank_s_own(clean_book: FactsBook) -> None:
    for number, currency in enumerate(("CNY", None, "USD", "USD", "HKD")):
        clean_book.insert_loan(f"F{number}", {"balance": 200}, **GOOD | {"currency": currency})
    rows = {row["check_id"]: row for row in checks.list_findings(clean_book.con, AS_OF).iter_rows(named=True)}
    above, foreign = rows["balance_above_principal"], rows["foreign_currency"]
    assert (above["rows"], above["amount"], above["foreign"]) == (5, 400, "HKD 200.00, USD 400.00")
    assert (foreign["rows"], foreign["amount"], foreign["foreign"]) == (3, None, "HKD 200.00, USD 400.00")
    assert checks.format_amounts(above["amount"], above["foreign"]) == "400.00; HKD 200.00, USD 400.00"


def test_every_check_is_tested() -> None:
    by_hand = {"same_id_twice", "rows_kept_back", "magnitude_conflict", "contract_of_two_borrowers"}
    assert {*LOANS, *SNAPSHOTS, *OTHERS, *DANGLING_REFERENCES, *by_hand} == set(checks.load_checks())


def test_every_check_says_what_to_do_in_both_languages() -> None:
    for check in checks.load_checks().values():
        assert check.severity in checks.SEVERITIES
        assert check.table == checks.QUARANTINE_TABLE or check.table in dictionary.load_tables()
        assert all((check.title_zh, check.title_en, check.remedy_zh, check.remedy_en)), check.check_id


def test_the_batch_report_the_command_and_the_file_agree(cli: ImportCli) -> None:
    content = (
        "借据号,贷款余额,贷款金额,币种,用途\nL1,200,100,人民币,=1+1\nL2,5,100,美元,x\nL2,5,100,美元,x\nL3,x,1,人民币,\n"
    )
    report = cli.import_text(content).report
    said = {entry["check_id"]: (entry["rows"], entry["amount"], entry["foreign"]) for entry in report["findings"]}
    assert said["balance_above_principal"] == (1, "200.00", None)
    assert said["foreign_currency"] == (1, None, "USD 5.00")
    assert cli.import_text(content).report["findings"] == report["findings"]
    out = cli.folder / "rows.csv"
    outcome = cli.run("quality", "--book", cli.book, "--json", "--out", out)
    counts = {entry["check_id"]: entry["rows"] for entry in json.loads(outcome.out)["findings"] if entry["rows"]}
    assert counts == {name: rows for name, (rows, *_) in said.items()}
    assert counts["same_id_twice"] == counts["rows_kept_back"] == 1
    with out.open(encoding="utf-8-sig", newline="") as file:
        behind = list(csv.DictReader(file))
    assert len(behind) == sum(counts.values())
    (above,) = [row for row in behind if row["check_id"] == "balance_above_principal"]
    assert (above["loan_id"], above["amount"], above["source_row"]) == ("L1", "200.00", "2")
    assert above["detail"] == "balance=200.00, principal=100.00"
    assert "余额大于借款金额" in cli.run("quality", "--book", cli.book).out


def test_findings_are_no_violations(cli: ImportCli) -> None:
    cli.import_text("借据号,贷款余额,贷款金额\nL1,200,100\n")
    assert cli.query("SELECT count(*) FROM violations") == [(0,)]


def test_counts_are_kept_until_anything_is_imported(cli: ImportCli) -> None:
    cli.import_text("借据号,贷款余额,贷款金额,币种\nL1,200,100,人民币\nL2,5,100,美元\n")
    day = date.fromisoformat(DAY)
    with book.open_for_writing(cli.book) as con:
        counted = checks.list_findings(con, day)
        checks.count_and_store(con, day)
        assert checks.list_findings(con, day).equals(counted)
        con.execute("UPDATE quality_counts SET \"rows\" = 7 WHERE check_id = 'balance_above_principal'")
    with book.open_for_reading(cli.book) as cursor:
        kept = checks.list_findings(cursor, day).filter(check_id="balance_above_principal")
        assert kept["rows"].to_list() == [7]
        assert checks.list_findings(cursor, day - timedelta(1))["rows"].sum() == 0
    cli.import_text("借据号,贷款余额,贷款金额\nL3,1,2\n", as_of="2024-02-29")
    assert cli.query("SELECT count(*) FROM quality_counts") == [(0,)]


def test_a_changed_table_of_checks_counts_anew(cli: ImportCli, monkeypatch: pytest.MonkeyPatch) -> None:
    cli.import_text("借据号,贷款余额,贷款金额\nL1,200,100\n")
    with book.open_for_writing(cli.book) as con:
        checks.count_and_store(con, date.fromisoformat(DAY))
        con.execute('UPDATE quality_counts SET "rows" = 7')
        monkeypatch.setattr(checks, "_hash_checks", lambda: "another")
        assert set(checks.list_findings(con, date.fromisoformat(DAY))["rows"]) == {0, 1}


def test_a_book_of_an_earlier_version_is_counted(cli: ImportCli) -> None:
    cli.import_text("借据号,贷款余额,贷款金额\nL1,200,100\n")
    with book.open_for_writing(cli.book) as con:
        con.execute("DROP TABLE quality_counts")
    with book.open_for_reading(cli.book) as cursor:
        assert checks.list_findings(cursor, date.fromisoformat(DAY))["rows"].max() == 1
