"""The dated register: what is current when, imports repeated, corrected, late, and meeting one another."""

from datetime import date
from decimal import Decimal

from tests.data.cli_import import ImportCli

JAN, FEB, MAR = date(2024, 1, 31), date(2024, 2, 29), date(2024, 3, 31)


def loan_versions(cli: ImportCli) -> list[tuple]:
    return cli.query(
        "SELECT loan_id, balance, row_valid_from, row_valid_to FROM loans ORDER BY loan_id, row_valid_from, balance"
    )


def test_the_same_files_again_change_nothing_and_say_so(cli: ImportCli) -> None:
    first = cli.import_text("借据号,余额\nL1,1\nL2,x\n")
    before, stamp = cli.read_all_tables(), cli.book.stat()
    again = cli.import_text("借据号,余额\nL1,1\nL2,x\n", "renamed.csv")
    assert again.status == 0
    assert again.report == first.report | {"already_loaded": True}
    assert cli.read_all_tables() == before
    assert (cli.book.stat().st_ino, cli.book.stat().st_mtime_ns) == (stamp.st_ino, stamp.st_mtime_ns)


def test_two_files_in_either_order_are_the_same_batch(cli: ImportCli) -> None:
    one, two = cli.write("1.csv", "借据号,余额\nL1,1\n"), cli.write("2.csv", "客户号,名称\nC1,甲\n")
    batch = cli.import_files(one, two).report["batch"]
    again = cli.import_files(two, one).report
    assert (again["batch"], again["already_loaded"]) == (batch, True)
    assert cli.import_files(one).report["already_loaded"] is False


def test_the_same_file_for_another_date_is_another_batch(cli: ImportCli) -> None:
    assert cli.import_text("借据号,余额\nL1,1\n", as_of="2024-01-31").report["batch"].startswith("20240131-")
    assert cli.import_text("借据号,余额\nL1,1\n", as_of="2024-02-29").report["already_loaded"] is False
    assert loan_versions(cli) == [("L1", 1, JAN, FEB), ("L1", 1, FEB, None)]


def test_a_correction_for_the_same_date_replaces_and_keeps(cli: ImportCli) -> None:
    cli.import_text("借据号,余额\nL1,1\nL2,5\n", as_of="2024-01-31")
    cli.import_text("借据号,余额\nL1,2\n", as_of="2024-01-31")
    assert loan_versions(cli) == [("L1", 1, JAN, JAN), ("L1", 2, JAN, None), ("L2", 5, JAN, JAN)]


def test_a_late_file_takes_effect_until_the_next_one(cli: ImportCli) -> None:
    for day, balance in (("2024-03-31", 3), ("2024-01-31", 1), ("2024-02-29", 2)):
        cli.import_text(f"借据号,余额\nL1,{balance}\n", as_of=day)
    assert loan_versions(cli) == [("L1", 1, JAN, FEB), ("L1", 2, FEB, MAR), ("L1", 3, MAR, None)]


def test_a_late_correction_does_not_touch_later_dates(cli: ImportCli) -> None:
    for day, balance in (("2024-01-31", 1), ("2024-02-29", 2), ("2024-01-31", 10)):
        cli.import_text(f"借据号,余额\nL1,{balance}\n", as_of=day)
    assert loan_versions(cli) == [("L1", 1, JAN, JAN), ("L1", 10, JAN, FEB), ("L1", 2, FEB, None)]


def current_snapshots(cli: ImportCli) -> list[tuple]:
    return cli.query("SELECT loan_id, balance, classification, days_past_due FROM snapshots WHERE row_valid_to IS NULL")


def test_snapshots_from_two_files_complete_each_other(cli: ImportCli) -> None:
    loan = cli.write("loans.csv", "借据号,余额,五级分类\nL1,7,关注\n")
    history = cli.write("snap.csv", "借据号,数据日期,逾期天数,余额\nL1,2024-03-31,31,\nL1,2024-02-29,2,9\n")
    cli.import_files(loan, history)
    assert sorted(current_snapshots(cli)) == [("L1", 7, "special_mention", 31), ("L1", 9, None, 2)]


def test_snapshots_from_two_batches_complete_each_other_in_either_order(cli: ImportCli) -> None:
    files = [("l.csv", "借据号,余额\nL1,7\n"), ("s.csv", "借据号,数据日期,五级分类\nL1,2024-03-31,次级\n")]
    for name, content in files:
        cli.import_text(content, name)
    assert current_snapshots(cli) == [("L1", 7, "substandard", None)]
    cli.book = cli.folder / "other.duckdb"
    for name, content in reversed(files):
        cli.import_text(content, name)
    assert current_snapshots(cli) == [("L1", 7, "substandard", None)]


def test_what_a_flat_file_says_of_customers_does_not_blank_their_own_file(cli: ImportCli) -> None:
    cli.import_text("客户号,名称,评级\nC1,甲公司,AA\n", "customers.csv")
    cli.import_text("借据号,余额,客户号,客户名称\nL1,1,C1,甲公司（新）\n")
    assert cli.query("SELECT name, rating FROM borrowers WHERE row_valid_to IS NULL") == [("甲公司（新）", "AA")]


def test_a_customer_file_in_the_same_batch_goes_first(cli: ImportCli) -> None:
    flat = cli.write("loans.csv", "借据号,余额,客户号,客户名称\nL1,1,C1,简称\nL2,1,C2,乙\n")
    own = cli.write("customers.csv", "客户号,名称,评级\nC1,全称,AA\n")
    cli.import_files(flat, own)
    assert cli.query("SELECT borrower_id, name, rating FROM borrowers ORDER BY 1") == [
        ("C1", "全称", "AA"),
        ("C2", "乙", None),
    ]


def test_a_guarantee_for_an_unknown_loan_is_loaded(cli: ImportCli) -> None:
    assert cli.import_text("担保合同号,借据号,评估价值\nG1,L404,5\n").status == 0
    assert cli.query("SELECT loan_id, appraised_value FROM guarantees") == [("L404", Decimal(5))]


def test_rows_that_pointed_nowhere_are_told_when_their_loan_comes(cli: ImportCli) -> None:
    first = cli.import_text("担保合同号,借据号,评估价值\nG1,L404,5\n", "g.csv").report
    assert "guarantee_loan_unknown" in [finding["check_id"] for finding in first["findings"]]
    notes = [note["en"] for note in cli.import_text("借据号,余额\nL404,1\n").report["assumptions"]]
    assert "guarantees: 1 rows of earlier imports now have a matching loan_id" in notes


def test_keys_are_made_of_what_identifies_a_row(cli: ImportCli) -> None:
    cli.import_text("借据号,检查日期,检查种类\nL1,2024-01-05,常规\nL1,2024-01-05,专项\nL1,2024-01-05,常规\n")
    assert cli.query("SELECT inspection_id FROM inspections ORDER BY 1") == [
        ("L1/2024-01-05/routine",),
        ("L1/2024-01-05/special",),
    ]
    assert cli.list_quarantine()[0]["reason"].startswith("inspection_id: duplicate of row 2")


def test_facts_follow_every_import_that_touches_their_date(cli: ImportCli) -> None:
    for day in ("2024-02-29", "2024-03-31"):
        cli.import_text("借据号,余额,客户号\nL1,1,C1\n", as_of=day)
    cli.import_text(
        "担保合同号,借据号,担保种类,押品类型,评估价值,估值日\nG1,L1,抵押,住宅,9,2024-01-01\n", as_of="2024-01-31"
    )
    days = cli.query("SELECT as_of, count(*) FROM facts_collateral GROUP BY 1 ORDER BY 1")
    assert days == [(FEB, 1), (MAR, 1)]
    assert cli.query("SELECT count(*) FROM facts_loan") == [(2,)]


def test_the_batch_keeps_its_counts(cli: ImportCli) -> None:
    cli.import_text("台账\n借据号,余额\nL1,1.5\nL2,x\n")
    assert cli.query(
        "SELECT table_name, file, encoding, rows_in, loaded, quarantined, ignored, balance_in, balance_loaded "
        "FROM batch_tables ORDER BY 1"
    ) == [
        ("loans", "loans.csv", "utf-8", 3, 1, 1, 1, Decimal("1.5"), Decimal("1.5")),
        ("snapshots", "loans.csv", "utf-8", 1, 1, 0, 0, Decimal("1.5"), Decimal("1.5")),
    ]
    assert cli.query("SELECT DISTINCT source_file, source_row FROM loans") == [("loans.csv", 3)]
