"""The demo book: the same on any machine, whole, and with the planted faults in the shares of its table."""

import re
from collections.abc import Iterator
from datetime import date
from itertools import pairwise
from pathlib import Path

import duckdb
import pytest

from data import dictionary
from data.demo import generator
from data.errors import BookError, InputError
from data.facts import derivation
from data.storage import book, connection
from policy.violations import results

LOANS = 5000
LAST_DATE = date(2026, 10, 31)


@pytest.fixture(scope="module")
def demo_book(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict]:
    path = tmp_path_factory.mktemp("demo") / "book.duckdb"
    return path, generator.build_book(path, LOANS, 7)


@pytest.fixture(scope="module")
def cursor(demo_book: tuple[Path, dict]) -> Iterator[duckdb.DuckDBPyConnection]:
    with book.open_for_reading(demo_book[0]) as cursor:
        yield cursor


def query_value(cursor: duckdb.DuckDBPyConnection, sql: str) -> object:
    (row,) = cursor.execute(sql).fetchall()
    return row[0]


def table_checksums(path: Path) -> dict[str, tuple]:
    with book.open_for_reading(path) as cursor:
        return {
            table: cursor.execute(
                f'SELECT count(*), bit_xor(md5_number_lower(CAST(t AS VARCHAR))) FROM "{table}" t'
            ).fetchone()
            for (table,) in cursor.execute("SELECT table_name FROM duckdb_tables() ORDER BY ALL").fetchall()
            if table != "book_version"  # when it was written
        }


def test_the_same_seed_gives_the_same_book_with_any_threads(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    paths = [tmp_path / name for name in ("first", "again", "other")]
    monkeypatch.setattr(connection, "CONFIG", connection.CONFIG | {"threads": "4"})
    generator.build_book(paths[0], 300, 1)
    generator.build_book(paths[2], 300, 2)
    monkeypatch.setattr(connection, "CONFIG", connection.CONFIG | {"threads": "1"})
    generator.build_book(paths[1], 300, 1)
    first, again, other = (table_checksums(path) for path in paths)
    assert {"loans", "facts_loan", "batches", "batch_tables"} <= set(first)
    assert first == again
    # What is a list of the bank, not a draw.
    same = {"branches", "courses", "training_plans", "training_plan_topics"}
    assert {table for table in dictionary.load_tables() if first[table] == other[table]} == same


def test_counts_and_dates(demo_book: tuple[Path, dict], cursor: duckdb.DuckDBPyConnection) -> None:
    report = demo_book[1]
    assert report["as_of"] == [
        str(row[0]) for row in cursor.execute("SELECT DISTINCT snapshot_date FROM snapshots ORDER BY 1").fetchall()
    ]
    assert (len(report["as_of"]), report["as_of"][0], report["as_of"][-1]) == (13, "2025-10-31", "2026-10-31")
    for table in dictionary.load_tables():
        assert report[table] == query_value(cursor, f'SELECT count(*) FROM "{table}"') > 0
    assert query_value(cursor, f"SELECT count(*) FROM snapshots WHERE snapshot_date = DATE '{LAST_DATE}'") == LOANS
    assert derivation.list_dates_with_facts(cursor) == [LAST_DATE]


def test_the_rows_of_every_month_reconcile(demo_book: tuple[Path, dict], tmp_path: Path) -> None:
    path = tmp_path / "book.duckdb"
    path.write_bytes(demo_book[0].read_bytes())
    with book.open_for_writing(path) as con:
        for day in (date(2025, 10, 31), date(2026, 5, 31), LAST_DATE):
            assert derivation.derive_facts(con, day)["loan"] > LOANS // 2
            sums = results.reconcile_rows(con, day)
            assert (sums.difference, sums.loaded) == (0, sums.rows_in)
        assert query_value(con, "SELECT count(*) FROM batch_tables WHERE rows_in <> loaded") == 0


def test_every_row_is_current_once(cursor: duckdb.DuckDBPyConnection) -> None:
    for table in dictionary.load_tables().values():
        keys = ", ".join(f'"{key}"' for key in table.key)
        twice = f"SELECT {keys} FROM {table.name} WHERE row_valid_to IS NULL GROUP BY ALL HAVING count(*) > 1"
        assert query_value(cursor, f"SELECT count(*) FROM ({twice})") == 0, table.name
        assert query_value(cursor, f"SELECT count(*) FROM {table.name} WHERE row_valid_to <= row_valid_from") == 0, (
            table.name
        )
        late = f"row_valid_from > DATE '{LAST_DATE}' OR row_valid_from < DATE '2025-10-31' OR row_valid_from <> last_day(row_valid_from)"
        assert query_value(cursor, f"SELECT count(*) FROM {table.name} WHERE {late}") == 0, table.name


def test_codes_are_the_dictionarys(cursor: duckdb.DuckDBPyConnection) -> None:
    for table in dictionary.load_tables():
        for field in dictionary.fields_of_table(table).values():
            if field.code_list:
                found = cursor.execute(f'SELECT DISTINCT "{field.name}" FROM {table}').fetchall()
                assert [c for (c,) in found if c and not dictionary.has_code(field.code_list, c)] == [], field


def test_every_kind_of_thing_is_there(cursor: duckdb.DuckDBPyConnection) -> None:
    for table, field, codes in [
        ("guarantees", "collateral_type", "collateral_type"),
        ("snapshots", "classification", "classification"),
        ("borrowers", "borrower_type", "borrower_type"),
        ("inspections", "kind", "inspection_kind"),
        ("notices", "kind", "notice_kind"),
        ("notices", "party", "notice_party"),
        ("extensions", "decision", "decision"),
    ]:
        found = {row[0] for row in cursor.execute(f"SELECT DISTINCT {field} FROM {table}").fetchall()} - {None}
        assert found == set(dictionary.codes_of_list(codes)), field
    steps = {row[0] for row in cursor.execute("SELECT DISTINCT step_code FROM events").fetchall()}
    assert {str(step) for step in range(1, 12)} | {"4r", "7b", "8v", "10g"} == steps
    assert query_value(cursor, "SELECT count(DISTINCT branch_id) FROM loans") == 20
    assert query_value(cursor, "SELECT count(DISTINCT group_id) FROM borrowers") > 10


def test_the_portfolio_is_believable(cursor: duckdb.DuckDBPyConnection) -> None:
    share = f"""SELECT sum(balance) FILTER ({{}}) / sum(balance) FROM facts_loan
        WHERE as_of = DATE '{LAST_DATE}' AND is_running"""
    assert 0.015 < query_value(cursor, share.format("classification_rank >= 3")) < 0.04
    assert 0.02 < query_value(cursor, share.format("classification_rank = 2")) < 0.055
    assert 0.02 < query_value(cursor, share.format("days_past_due > 0")) < 0.055
    assert (
        query_value(
            cursor, "SELECT count(*) FROM snapshots s JOIN loans l USING (loan_id) WHERE s.balance > l.principal"
        )
        == 0
    )
    for low, high in [(1, 7), (8, 30), (31, 90), (91, 180), (181, 365), (366, 9999), (-9999, -1)]:
        maturing = f"as_of = DATE '{LAST_DATE}' AND days_to_maturity BETWEEN {low} AND {high}"
        assert query_value(cursor, f"SELECT count(*) FROM facts_loan WHERE {maturing}") > 10
    growth = "SELECT count(*) FROM snapshots WHERE snapshot_date = DATE '2025-10-31'"
    assert 0.7 * LOANS < query_value(cursor, growth) < 1.05 * LOANS


def test_loans_come_and_go(cursor: duckdb.DuckDBPyConnection) -> None:
    seen = "SELECT loan_id, min(snapshot_date) AS first, max(snapshot_date) AS last FROM snapshots GROUP BY loan_id"
    assert query_value(cursor, f"SELECT count(*) FROM ({seen}) WHERE first > DATE '2025-10-31'") > 1000
    assert query_value(cursor, f"SELECT count(*) FROM ({seen}) WHERE last < DATE '{LAST_DATE}'") > 1000
    settled = (
        "SELECT count(*) FROM loans WHERE status IN ('settled', 'written_off') AND (balance > 0 OR closed_date IS NULL)"
    )
    assert query_value(cursor, settled) == 0


def test_most_loans_go_through_their_steps_in_order(cursor: duckdb.DuckDBPyConnection) -> None:
    steps = [
        "relationship",
        "application",
        "acceptance",
        "investigation",
        "investigation_report",
        "review",
        "approval",
        "contract",
    ]
    order = " AND ".join(f"{a}_date <= {b}_date" for a, b in pairwise(steps))
    kept = query_value(
        cursor,
        f"""SELECT count(*) FILTER ({order} AND contract_date <= disbursed_on) FROM facts_loan
            WHERE as_of = DATE '{LAST_DATE}'""",
    )
    assert 0.97 * LOANS < kept < LOANS


# For some of the faults: which rows show it, among which rows.
EVIDENCE = {
    "application_after_investigation": ("loan", "application_date > investigation_date", "true"),
    "approval_before_report": ("loan", "approval_date < investigation_report_date", "true"),
    "contract_before_application": ("loan", "contract_date < application_date", "true"),
    "contract_after_disbursement": ("loan", "contract_date > disbursed_on", "true"),
    "acceptance_missing": ("loan", "acceptance_date IS NULL", "true"),
    "same_investigator_reviewer": ("loan", "investigator_id = reviewer_id", "true"),
    "same_reviewer_approver": ("loan", "reviewer_id = approver_id", "true"),
    "beyond_authority": ("loan", "approver_authority < principal", "principal > 500000"),
    "entered_late": ("loan", "system_entry_date > disbursement_event_date", "true"),
    "event_in_future": ("loan", "latest_event_date > as_of", "true"),
    # Steps on public holidays are dated by chance; a Sunday is planted.
    "weekend_work": (
        "loan",
        "loan_id IN (SELECT loan_id FROM events WHERE isodow(event_date) = 7 AND step_code NOT IN ('1', '10', '10g', '11'))",
        "true",
    ),
    "security_missing": ("loan", "guarantor_count + mortgage_count + pledge_count = 0", "guarantee_type <> 'credit'"),
    "unregistered": ("collateral", "registration_date IS NULL", "kind = 'mortgage'"),
    "registered_late": ("collateral", "registration_date > disbursed_on", "kind = 'mortgage'"),
    "valuation_stale": ("collateral", "valuation_date < DATE '2025-09-30'", "collateral_id IS NOT NULL"),
    "contract_cited_wrong": ("collateral", "main_contract_no_cited <> loan_contract_no", "true"),
    "missing_value": ("collateral", "appraised_value IS NULL", "collateral_id IS NOT NULL"),
    "missing_valuation_date": ("collateral", "valuation_date IS NULL", "collateral_id IS NOT NULL"),
    "unsecured_large": ("loan", "principal > 500000", "guarantee_type = 'credit' AND borrower_type = 'S'"),
    "bad_record": ("borrower", "hist_bad_flag", "true"),
    "account_missing": ("borrower", "account_no IS NULL", "name IS NOT NULL"),
    "licence_expired": ("borrower", "licence_valid_to < as_of", "borrower_type IN ('E', 'S')"),
    "annual_report_missing": ("borrower", "annual_report_year < 2025", "borrower_type IN ('E', 'S')"),
    "over_indebted": ("borrower", "total_liab > total_assets * 0.75", "borrower_type = 'E'"),
    "restricted_industry": ("borrower", "industry_code = 'C3110'", "borrower_type IN ('E', 'S')"),
    "document_expired": ("document", "valid_to < as_of", "doc_type = 'id_card'"),
    "document_reused": ("document", "uses_elsewhere > 0", "doc_type = 'investigation_report'"),
    "inspection_predated": (
        "inspection",
        "inspection_date > entered_on",
        "kind = 'first' OR inspection_date > entered_on",
    ),
    "class_too_kind": ("loan", "classification_rank < 3", "days_past_due > 90"),
    "class_after_extension": ("loan", "classification_rank < 2", "extension_count > 0 AND days_past_due = 0"),
    "extension_applied_late": ("extension", "application_date > maturity_before - 10", "is_decided"),
    "extension_agreed_late": ("extension", "agreement_date > maturity_before", "is_decided"),
    "extension_accounting_late": ("extension", "acct_notice_date > agreement_date + 5", "is_decided"),
    "extension_no_reason": ("extension", "reason IS NULL", "is_decided"),
    "extension_consent_missing": (
        "extension",
        "consents_given < consents_required",
        "is_decided AND consents_required > 0",
    ),
    "attested_broken": ("loan", "list_contains(attested_broken, 'S5.5.2')", "attested_kept IS NOT NULL"),
    "report_incomplete": (
        "document",
        "NOT list_contains(contents_listed, 'financial')",
        "doc_type = 'investigation_report'",
    ),
    "contract_incomplete": ("document", "NOT list_contains(contents_listed, 'breach')", "doc_type = 'contract'"),
    "contract_not_standard": ("document", "form_code = 'ZD99'", "doc_type = 'contract'"),
    "not_on_site": ("document", "NOT is_on_site", "doc_type = 'investigation_report'"),
    "not_in_person": ("document", "NOT signed_in_person", "doc_type = 'contract'"),
    "sealed_first": ("document", "sealed_on < checked_on", "doc_type = 'contract'"),
    "not_verified": ("document", "NOT is_verified", "true"),
    "filed_late": ("document", "archived_on > received_date + 30", "true"),
    "not_analysed": ("document", "NOT is_analysed", "doc_type = 'financials'"),
    "provider_paper_missing": ("collateral", "NOT list_contains(provider_papers, 'id_card')", "is_third_party"),
    "verified_alone": ("loan", "verifier_count = 1", "true"),
    "conclusion_incomplete": ("loan", "NOT recommendation_complete", "true"),
    "report_entered_late": ("loan", "report_entry_date > investigation_report_date", "true"),
    "approved_rate_other": ("loan", "approved_rate <> annual_rate_pct", "true"),
    "approved_purpose_other": ("loan", "approved_purpose <> purpose", "true"),
    "term_class_wrong": (
        "loan",
        "(recorded_term_class = 'short') <> (original_term_months <= 12)",
        "recorded_term_class = 'long' OR original_term_months <= 12",
    ),
    "purpose_forbidden": ("loan", "purpose_code = 'securities'", "true"),
    "source_missing": ("loan", "NOT repayment_source_stated", "true"),
    "outside_area": ("borrower", "region_code = '990209'", "name IS NOT NULL"),
    "borrower_cited_wrong": ("collateral", "main_borrower_cited <> borrower_name", "borrower_name IS NOT NULL"),
    "amount_cited_wrong": ("collateral", "main_amount_cited <> principal", "true"),
    "term_cited_wrong": ("collateral", "main_maturity_cited <> original_maturity", "true"),
    "items_short": (
        "inspection",
        "NOT list_contains(items_listed, 'changes')",
        "kind = 'routine' AND inspection_id NOT LIKE '%r99'",
    ),
    "missing_product": ("loan", "product_code IS NULL", "true"),
    "missing_original_maturity": ("loan", "original_maturity IS NULL", "true"),
    "missing_officer": ("loan", "officer_id IS NULL", "true"),
    "missing_guarantee_type": ("loan", "guarantee_type IS NULL", "true"),
    "missing_class": ("loan", "classification IS NULL", "true"),
    "missing_days_past_due": ("loan", "days_past_due IS NULL", "true"),
}
# Faults that another one shows as well: an unsealed consent is not given, two copies share a text.
ALSO = {"extension_consent_missing": "extension_consent_unsealed", "document_reused": "document_reused"}


@pytest.mark.parametrize("kind", EVIDENCE)
def test_faults_have_their_share(cursor: duckdb.DuckDBPyConnection, kind: str) -> None:
    shares = {row["kind"]: int(row["share"]) / 100000 for row in generator._read_rows("faults")}
    subject, shows, among = EVIDENCE[kind]
    found, rows = cursor.execute(
        f"SELECT count(*) FILTER ({shows}), count(*) FROM facts_{subject} WHERE as_of = DATE '{LAST_DATE}' AND ({among})"
    ).fetchone()
    expected = rows * (shares[kind] + (shares[ALSO[kind]] if kind in ALSO else 0))
    assert abs(found - expected) <= 4 * max(expected, 1) ** 0.5, (found, expected)


def test_most_rows_are_whole_and_every_fault_is_planted() -> None:
    text = "\n".join(path.read_text(encoding="utf-8") for path in generator.SQL_FOLDER.glob("*.sql"))
    planted = set(re.findall(r"has(?:_at)?\('(\w+)'", text))
    assert planted == {row["kind"] for row in generator._read_rows("faults")}


def test_a_book_with_imported_files_is_kept(tmp_path: Path) -> None:
    path = tmp_path / "book.duckdb"
    with book.open_for_writing(path) as con:
        con.execute("INSERT INTO batches (batch_id, profile) VALUES ('B', 'plain')")
    with pytest.raises(BookError, match="--book"):
        generator.build_book(path, 100, 1)
    with book.open_for_reading(path) as cursor:
        assert cursor.execute("SELECT batch_id FROM batches").fetchall() == [("B",)]


def test_a_demo_book_is_replaced_whole(tmp_path: Path) -> None:
    path = tmp_path / "book.duckdb"
    generator.build_book(path, 200, 1)
    with book.open_for_writing(path) as con:
        con.execute("INSERT INTO runs (run_id) VALUES ('old')")
    generator.build_book(path, 100, 1)
    with book.open_for_reading(path) as cursor:
        assert query_value(cursor, f"SELECT count(*) FROM facts_loan WHERE as_of = DATE '{LAST_DATE}'") == 100
        assert query_value(cursor, "SELECT count(*) FROM runs") == 0


def test_no_loans_make_no_book(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="at least 1 loan"):
        generator.build_book(tmp_path / "book.duckdb", 0, 1)


def test_one_loan_makes_a_book(tmp_path: Path) -> None:
    assert generator.build_book(tmp_path / "book.duckdb", 1, 1)["loans"] >= 1
