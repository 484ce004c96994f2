"""Snapshots: corrected, partial, side by side; what a newer export leaves out; what moved between two."""

import json
from datetime import date
from decimal import Decimal

import pytest

from data.facts import derivation
from data.queries import snapshots
from data.storage import book
from tests.data.cli_import import ImportCli

JAN, FEB, MAR = "2024-01-31", "2024-02-29", "2024-03-31"
HEAD = "借据号,机构号,贷款余额,贷款金额,发放日期,到期日,状态\n"


def loan_csv(*rows: tuple[str, str, int]) -> str:
    """A flat loan file of (loan, branch, balance)."""
    return HEAD + "".join(
        f"{loan},{branch},{balance},100,2024-01-02,2024-06-30,正常\n" for loan, branch, balance in rows
    )


def read_balances(cli: ImportCli, day: str = JAN) -> dict[str, Decimal]:
    return dict(cli.query("SELECT loan_id, balance FROM facts_loan WHERE as_of = ?", date.fromisoformat(day)))


def import_csv(cli: ImportCli, content: str, name: str, day: str = JAN, *options: str) -> dict:
    outcome = cli.run("import", cli.write(name, content), "--as-of", day, "--book", cli.book, "--json", *options)
    assert outcome.status == 0, outcome.err
    return outcome.report


def test_a_corrected_export_replaces_its_snapshot_and_the_former_stays_readable(cli: ImportCli) -> None:
    first = import_csv(cli, loan_csv(("L1", "A", 10), ("L2", "A", 20), ("L3", "B", 30)), "v1.csv")
    again = import_csv(cli, loan_csv(("L1", "A", 11), ("L3", "B", 30), ("L4", "B", 5)), "v2.csv")
    assert read_balances(cli) == {"L1": 11, "L3": 30, "L4": 5}
    said = [entry for entry in again["assumptions"] if entry["id"] == "note_ended"]
    assert [entry["en"] for entry in said] == [
        "loans: 1 rows (amount 20.00) in the book are not in this file; they end on 2024-01-31"
    ]
    with book.open_for_reading(cli.book) as con:
        listed = snapshots.list_snapshots(con)
        assert [(entry["loans"], entry["balance"]) for entry in listed] == [(3, 46)]
        assert [(b["batch"], b["standing"], b["corrected"]) for b in listed[0]["batches"]] == [
            (first["batch"], 0, True),
            (again["batch"], 3, False),
        ]
        assert snapshots.create_views_after_batch(con, first["batch"]) == date(2024, 1, 31)
        derivation.derive_temporary_facts(con, date(2024, 1, 31))
        former = con.execute("SELECT loan_id, balance FROM facts_loan ORDER BY 1").fetchall()
    assert former == [("L1", 10), ("L2", 20), ("L3", 30)]
    assert "corrected 已更正" in cli.run("snapshots", "--book", cli.book).out


def test_a_corrected_export_can_be_corrected_back(cli: ImportCli) -> None:
    one, two = loan_csv(("L1", "A", 10), ("L2", "A", 20)), loan_csv(("L1", "A", 10))
    import_csv(cli, one, "v1.csv")
    import_csv(cli, two, "v2.csv")
    back = import_csv(cli, one, "v1.csv")
    assert back["already_loaded"] is False
    assert read_balances(cli) == {"L1": 10, "L2": 20}
    assert import_csv(cli, one, "v1.csv")["already_loaded"] is True


def test_another_branch_s_file_leaves_the_rest_alone(cli: ImportCli) -> None:
    import_csv(cli, loan_csv(("L1", "A", 10), ("L2", "A", 20), ("L3", "B", 30)), "all.csv")
    import_csv(cli, loan_csv(("L9", "C", 90)), "c.csv")
    report = import_csv(cli, loan_csv(("L1", "A", 11)), "a.csv")
    assert read_balances(cli) == {"L1": 11, "L3": 30, "L9": 90}
    said = next(note["en"] for note in report["assumptions"] if note["id"] == "note_left_alone")
    assert "2 loans" in said and "(branches B, C);" in said


def test_files_without_branches_that_share_no_loan_stand_beside_each_other(cli: ImportCli) -> None:
    for number in (1, 2):
        import_csv(cli, f"借据号,余额\nL{number},{number}\n", f"{number}.csv")
    assert read_balances(cli) == {"L1": 1, "L2": 2}


def test_partial_ends_nothing_and_whole_ends_everything_else(cli: ImportCli) -> None:
    import_csv(cli, loan_csv(("L1", "A", 10), ("L2", "A", 20), ("L3", "B", 30)), "all.csv")
    import_csv(cli, loan_csv(("L1", "A", 11)), "part.csv", JAN, "--partial")
    assert read_balances(cli) == {"L1": 11, "L2": 20, "L3": 30}
    import_csv(cli, loan_csv(("L1", "A", 12)), "whole.csv", JAN, "--whole")
    assert read_balances(cli) == {"L1": 12}


def test_an_export_that_would_end_most_of_a_day_is_asked_about(cli: ImportCli) -> None:
    import_csv(cli, loan_csv(*((f"L{n:03}", "A", 10) for n in range(150))), "all.csv")
    before = cli.read_all_tables()
    outcome = cli.import_text(loan_csv(("L001", "A", 10)), "one.csv", JAN)
    assert outcome.status == 1 and "--partial" in outcome.err and "149 of the 150" in outcome.err
    assert cli.read_all_tables() == before


def read_guarantees(cli: ImportCli, day: str) -> list[str]:
    rows = cli.query("SELECT guarantee_id FROM facts_collateral WHERE as_of = ? ORDER BY 1", date.fromisoformat(day))
    return [row[0] for row in rows]


GUARANTEE_HEADER = "担保合同号,借据号,担保种类,押品类型,评估价值\n"


def test_a_guarantee_that_the_newer_register_leaves_out_ends(cli: ImportCli) -> None:
    for day in (JAN, FEB):
        import_csv(cli, loan_csv(("L1", "A", 10), ("L2", "B", 10)), f"{day}.csv", day)
    import_csv(cli, GUARANTEE_HEADER + "G1,L1,抵押,住宅,9\nG2,L1,抵押,住宅,8\nG3,L2,抵押,住宅,7\n", "g1.csv", JAN)
    import_csv(cli, GUARANTEE_HEADER + "G1,L1,抵押,住宅,9\n", "g2.csv", FEB)
    assert read_guarantees(cli, JAN) == ["G1", "G2", "G3"]
    assert read_guarantees(cli, FEB) == ["G1", "G3"]  # branch B is not in the newer file
    # A late correction of January does not bring the ended one back in February.
    import_csv(cli, GUARANTEE_HEADER + "G2,L1,抵押,住宅,6\nG1,L1,抵押,住宅,9\n", "g3.csv", JAN)
    assert read_guarantees(cli, FEB) == ["G1", "G3"]


def test_documents_add_up_over_exports(cli: ImportCli) -> None:
    head = "借据号,资料名称,收集日期\n"
    for day, row in ((JAN, "L1,营业执照,2024-01-05"), (FEB, "L1,身份证,2024-02-05")):
        import_csv(cli, f"{head}{row}\n", f"{day}.csv", day)
    assert cli.query("SELECT count(*) FROM documents WHERE row_valid_to IS NULL") == [(2,)]


def test_what_a_flat_file_says_beside_a_loan_is_its_state(cli: ImportCli) -> None:
    head = "借据号,余额,担保方式,押品编号,押品类型,评估价值,审批日期\n"
    import_csv(cli, f"{head}L1,10,抵押,P1,住宅,9,2024-01-03\nL2,5,抵押,P3,住宅,1,\n", "jan.csv", JAN)
    import_csv(cli, f"{head}L1,10,抵押,P2,住宅,8,2024-01-08\n", "feb.csv", FEB)
    found = cli.query("SELECT collateral_id FROM guarantees WHERE row_valid_to IS NULL ORDER BY 1")
    assert found == [("P2",), ("P3",)]
    assert cli.query("SELECT approval_date FROM facts_loan WHERE as_of = DATE '2024-02-29'") == [(date(2024, 1, 8),)]


def loan_term_csv(loan: str, maturity: str) -> str:
    return f"借据号,余额,发放日期,原到期日,现到期日\n{loan},10,2023-01-31,2024-01-31,{maturity}\n"


def read_extensions(cli: ImportCli, day: str) -> list[tuple]:
    return cli.query(
        "SELECT loan_id, maturity_before, requested_maturity, is_derived FROM facts_extension WHERE as_of = ?",
        date.fromisoformat(day),
    )


def test_a_later_maturity_is_an_extension_that_two_exports_show(cli: ImportCli) -> None:
    import_csv(cli, loan_term_csv("L1", "2024-01-31"), "jan.csv", JAN)
    import_csv(cli, loan_term_csv("L1", "2024-07-31"), "feb.csv", FEB)
    assert read_extensions(cli, JAN) == []
    assert read_extensions(cli, FEB) == [("L1", date(2024, 1, 31), date(2024, 7, 31), True)]
    import_csv(cli, loan_term_csv("L1", "2024-05-31"), "mar.csv", MAR)
    assert read_extensions(cli, MAR) == read_extensions(cli, FEB)  # earlier again: a change, no extension
    assert cli.query("SELECT count(*) FROM extensions") == [(0,)]
    register = "展期申请号,借据号,展期起始日,展期到期日\nE1,L1,2024-02-01,2024-07-31\n"
    import_csv(cli, register, "ext.csv", FEB)
    assert read_extensions(cli, FEB) == [("L1", date(2024, 1, 31), date(2024, 7, 31), False)]


MOVES = {
    "from a Saturday to the Monday": ("2024-06-29", 0, "2024-07-01", 0, False),
    "from a Sunday to the Monday": ("2024-06-30", 0, "2024-07-01", 0, False),
    "to the Sunday between": ("2024-06-29", 0, "2024-06-30", 0, False),
    "over National Day to the 8th": ("2024-10-01", 0, "2024-10-08", 0, False),
    "with counts that stay": ("2024-06-29", 1, "2024-07-01", 1, False),
    "without counts": ("2024-06-29", "", "2024-07-01", "", False),
    "a day beyond the next working day": ("2024-06-29", 0, "2024-07-02", 0, True),
    "from a working day": ("2024-06-28", 0, "2024-07-01", 0, True),
    "from a Sunday that is worked": ("2024-09-29", 0, "2024-09-30", 0, True),
    "with a count that rises": ("2024-06-29", 0, "2024-07-01", 1, True),
    "by half a year": ("2024-06-29", 0, "2024-12-29", 0, True),
}


@pytest.mark.parametrize("name", MOVES)
def test_a_maturity_moved_over_days_off_is_no_extension(cli: ImportCli, name: str) -> None:
    before, count, after, counted, is_extension = MOVES[name]
    head = "借据号,余额,发放日期,现到期日,展期次数\n"
    import_csv(cli, f"{head}L1,10,2023-01-31,{before},{count}\n", "jan.csv", JAN)
    import_csv(cli, f"{head}L1,10,2023-01-31,{after},{counted}\n", "feb.csv", FEB)
    moved = [(date.fromisoformat(before), date.fromisoformat(after))] if is_extension else []
    assert [(row[1], row[2]) for row in read_extensions(cli, FEB)] == moved


def test_an_extension_after_a_move_over_days_off_counts_from_it(cli: ImportCli) -> None:
    for day, maturity in ((JAN, "2024-06-29"), (FEB, "2024-07-01"), (MAR, "2024-12-31")):
        import_csv(cli, f"借据号,余额,发放日期,现到期日\nL1,10,2023-01-31,{maturity}\n", f"{day}.csv", day)
    assert [row[1:3] for row in read_extensions(cli, MAR)] == [(date(2024, 7, 1), date(2024, 12, 31))]


def test_the_changes_between_two_snapshots_add_up(cli: ImportCli) -> None:
    import_csv(cli, loan_csv(("L1", "A", 100), ("L2", "A", 50), ("L3", "A", 30), ("L4", "A", 7)), "jan.csv", JAN)
    later = loan_csv(("L1", "A", 80), ("L5", "A", 60), ("L4", "A", 7)) + "L3,A,0,100,2024-01-02,2024-02-15,结清\n"
    import_csv(cli, later, "feb.csv", FEB)
    out = cli.folder / "moves.csv"
    outcome = cli.run("changes", "--from", JAN, "--to", FEB, "--book", cli.book, "--json", "--out", out)
    (found,) = json.loads(outcome.out)["currencies"]
    assert (found["opening"], found["closing"], found["difference"]) == (187, 147, 0)
    assert {name: (line["loans"], line["amount"]) for name, line in found["changes"].items()} == {
        "new": (1, 60),
        "vanished": (1, -50),
        "settled": (1, -30),
        "up": (0, 0),
        "down": (1, -20),
        "unchanged": (1, 0),
    }
    assert found["of_which"]["maturity_earlier"]["loans"] == 1
    assert out.read_text(encoding="utf-8-sig").count("\n") == 6


def test_changes_of_a_correction_name_its_batches(cli: ImportCli) -> None:
    one = import_csv(cli, loan_csv(("L1", "A", 10), ("L2", "A", 20)), "v1.csv")["batch"]
    two = import_csv(cli, loan_csv(("L1", "A", 15)), "v2.csv")["batch"]
    with book.open_for_reading(cli.book) as con:
        moves = snapshots.compare_snapshots(con, one, two)
    assert dict(moves.select("loan_id", "amount").iter_rows()) == {"L1": 5, "L2": -20}


@pytest.mark.parametrize(("point", "said"), [("2024-02-29", "no snapshot of 2024-02-29"), ("x-y", "no batch x-y")])
def test_a_snapshot_that_is_not_there_is_said(cli: ImportCli, point: str, said: str) -> None:
    import_csv(cli, loan_csv(("L1", "A", 10)), "v1.csv")
    outcome = cli.run("changes", "--from", point, "--to", JAN, "--book", cli.book)
    assert outcome.status == 1 and said in outcome.err


def test_what_a_later_register_ended_stands_again_before_it(cli: ImportCli) -> None:
    import_csv(cli, loan_csv(("L1", "A", 10)), "jan.csv", JAN)
    batch = import_csv(cli, GUARANTEE_HEADER + "G1,L1,抵押,住宅,9\nG2,L1,抵押,住宅,8\n", "g1.csv", JAN)["batch"]
    import_csv(cli, GUARANTEE_HEADER + "G1,L1,抵押,住宅,9\n", "g2.csv", FEB)
    import_csv(cli, GUARANTEE_HEADER + "G1,L1,抵押,住宅,7\n", "g3.csv", JAN)
    open_rows = "SELECT guarantee_id, appraised_value, row_valid_to FROM guarantees WHERE row_valid_to IS NULL OR row_valid_to > row_valid_from ORDER BY 1"
    assert cli.query(f"{open_rows}, row_valid_from") == [("G1", 7, date(2024, 2, 29)), ("G1", 9, None)]
    with book.open_for_reading(cli.book) as con:
        snapshots.create_views_after_batch(con, batch)
        assert con.execute(open_rows).fetchall() == [("G1", 9, None), ("G2", 8, None)]


def test_groups_come_in_a_file_of_their_own_and_their_limit_is_a_fact(cli: ImportCli) -> None:
    import_csv(cli, loan_csv(("L1", "A", 10)).replace("机构号", "客户号"), "loans.csv")
    import_csv(cli, "客户号,客户名称,集团编号\nA,甲公司,G1\nB,乙公司,G9\n", "borrowers.csv")
    import_csv(cli, "集团编号,集团名称,集团授信总额(万元)\nG1,甲集团（总部）,0.0009\n", "groups.csv")
    assert cli.query("SELECT name, name_key, credit_limit FROM groups") == [
        ("甲集团（总部）", "甲集团(总部)", Decimal("9.00"))
    ]
    found = cli.query("SELECT group_id, group_name, balance, credit_limit FROM facts_group WHERE group_id = 'G1'")
    assert found == [("G1", "甲集团（总部）", Decimal("10.00"), Decimal("9.00"))]
    outcome = cli.run("quality", "--book", cli.book, "--json")
    counted = {entry["check_id"]: entry["rows"] for entry in json.loads(outcome.out)["findings"]}
    assert counted["group_unknown"] == 1
