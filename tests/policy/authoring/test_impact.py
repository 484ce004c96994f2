"""Impact: exactly what a full check by both policies would differ in, on rules that changed alone."""

import csv
import json
from decimal import Decimal

import pytest

from data.storage import book
from policy.__main__ import main
from policy.authoring import impact
from policy.model import csv_writer
from policy.runs import snapshot_check
from tests.policy import policy_builder, sample_books
from tests.policy.snapshot_histories import write_tables

RATIO_TABLE = ("unique", [("guarantee_type", "key", "code", ""), ("most", "limit", "money", "yuan")])
PRINCIPAL_RULE = {"rule_id": "B", "measure": "principal", "limit": "1000"}
GUARANTEES_RULE = {"rule_id": "G", "subject": "borrower", "measure": "guarantees_given", "limit": "100"}


def _policy_texts(most: str = "100", **cells: str):
    rows = [{"guarantee_type": "credit", "most": most}, {"guarantee_type": "mortgage", "most": "200"}]
    rule = {"limit": "caps.most"} | cells
    return policy_builder.policy_texts([rule, PRINCIPAL_RULE, GUARANTEES_RULE], {"caps": (*RATIO_TABLE, rows)})


def _build_policy(most: str = "100", **cells: str):
    rows = [{"guarantee_type": "credit", "most": most}, {"guarantee_type": "mortgage", "most": "200"}]
    return policy_builder.build_policy(
        [{"limit": "caps.most"} | cells, PRINCIPAL_RULE, GUARANTEES_RULE], {"caps": (*RATIO_TABLE, rows)}
    )


@pytest.fixture
def path(tmp_path):
    loans = {
        f"L{n}": {
            "balance": n * 10,
            "principal": n * 100,
            "guarantee_type": ("credit", "mortgage", None)[n % 3],
            "branch_id": f"=B{n % 2}",
            "borrower_id": f"C{n % 4}",
            "officer_id": "O1" if n % 5 else None,
        }
        for n in range(30)
    }
    others = [("borrowers", {"borrower_id": f"C{n}", "guarantees_given": n * 50}) for n in range(4)]
    return sample_books.make_book(tmp_path / "b.duckdb", loans, others)


def _full_check(path, policy) -> dict[tuple[str, str], tuple[str, Decimal]]:
    with book.open_for_writing(path) as con:
        snapshot_check.judge_snapshot(con, policy, sample_books.AS_OF)
        found = con.execute("SELECT rule_id, subject_id FROM violations WHERE policy_version = ?", [policy.version])
        return set(found.fetchall())


def test_moves_are_what_two_full_checks_differ_in(path) -> None:
    before, after = _build_policy("100"), _build_policy("50", scope="officer_id = 'O1'")
    old, new = _full_check(path, before), _full_check(path, after)
    with book.open_for_reading(path) as con:
        found = impact.compare_policies(con, before, after, sample_books.AS_OF, today=False)
        rows = impact.list_moved_loans(con, after, before)
    said = {kind: set(part.select("rule_id", "subject_id").iter_rows()) for (kind,), part in rows.group_by("kind")}
    assert said["added"] == new - old and new - old
    assert said["removed"] == old - new and old - new
    assert found.judged_rules == ("R",)
    unknown = {f"L{n}" for n in range(30) if n % 5 == 0 and n % 3 != 2}
    assert {subject for _, subject in said["became_not_assessable"]} == unknown
    total = {row["kind"]: row for row in found.totals.to_dicts()}
    assert total["added"]["records"] == total["added"]["loans"] == len(new - old)
    assert total["added"]["yuan"] == sum(int(loan[1:]) * 10 for _, loan in new - old)
    for frame in found.totals_by_group.values():
        for kind, row in total.items():
            assert frame.filter(frame["kind"] == kind)["records"].sum() == row["records"]


def test_a_loan_caught_twice_counts_once_and_a_borrower_stands_for_his_loans(path) -> None:
    before = policy_builder.build_policy(
        [{"limit": "10000"}, PRINCIPAL_RULE | {"limit": "100000"}, GUARANTEES_RULE | {"limit": "1000"}]
    )
    after = policy_builder.build_policy([{"limit": "-1"}, PRINCIPAL_RULE | {"limit": "-1"}, GUARANTEES_RULE])
    with book.open_for_reading(path) as con:
        found = impact.compare_policies(con, before, after, sample_books.AS_OF, today=False)
    (total,) = found.totals.to_dicts()
    assert total == {"kind": "added", "records": 30 + 30 + 1, "loans": 30, "yuan": sum(n * 10 for n in range(30))}
    own = found.totals_by_group["rule_id"].filter(found.totals_by_group["rule_id"]["rule_id"] == "G").to_dicts()[0]
    behind = [n for n in range(30) if n % 4 == 3]
    assert (own["records"], own["loans"], own["yuan"]) == (1, len(behind), sum(n * 10 for n in behind))


def test_rules_that_come_and_go(path) -> None:
    before, after = (
        policy_builder.build_policy([{"rule_id": "OLD"}]),
        policy_builder.build_policy([{"rule_id": "NEW", "limit": "250"}]),
    )
    with book.open_for_reading(path) as con:
        found = impact.compare_policies(con, before, after, sample_books.AS_OF, today=False)
    rows = {(r["rule_id"], r["kind"]): r["records"] for r in found.totals_by_group["rule_id"].to_dicts()}
    assert rows == {("OLD", "removed"): 19, ("NEW", "added"): 4}


def test_words_and_severity_move_no_verdict(path, tmp_path, capsys) -> None:
    changed = write_tables(tmp_path / "new", _policy_texts(severity="low", title_en="Renamed", grace_days="5"))
    against = write_tables(tmp_path / "old", _policy_texts())
    command = ["impact", "--tables", str(changed), "--against", str(against), "--book", str(path)]
    assert main([*command, "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert (said["rules_judged"], said["totals"]) == ([], [])
    assert [(c["key"], c["may_move_verdicts"]) for c in said["changes"]] == [(["R", "2000-01-01"], False)]
    assert main(command) == 0
    assert "No verdict can move" in capsys.readouterr().out


def test_errors_in_the_folder_stop_it(path, tmp_path, capsys) -> None:
    changed = write_tables(tmp_path / "new", _policy_texts(measure="balanse"))
    assert main(["impact", "--tables", str(changed), "--book", str(path)]) == 1
    assert "unknown field 'balanse'; near it: balance" in capsys.readouterr().err


def test_the_csv_runs_no_formula_and_the_book_is_as_it_was(path, tmp_path) -> None:
    changed, against = (write_tables(tmp_path / most, _policy_texts(most)) for most in ("50", "100"))
    before = path.read_bytes()
    out = tmp_path / "out.csv"
    command = ["impact", "--tables", str(changed), "--against", str(against), "--book", str(path), "--out", str(out)]
    assert main(command) == 0
    assert path.read_bytes() == before
    with out.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    assert rows and {row["branch_id"] for row in rows} == {"'=B0", "'=B1"}
    assert main([*command[:-1], str(tmp_path / "no" / "out.csv")]) == 1


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@x", "\tx", "\rx"])
def test_cells_that_begin_like_a_formula(tmp_path, text) -> None:
    csv_writer.write_csv(tmp_path / "x.csv", csv_writer.pl.DataFrame({"a": [text, "plain"], "n": [-1, 2]}))
    with (tmp_path / "x.csv").open(encoding="utf-8-sig", newline="") as file:
        assert [list(row) for row in csv.reader(file)] == [["a", "n"], ["'" + text, "-1"], ["plain", "2"]]
