"""Metrics as rows: values by hand, limits exactly reached, what is not set."""

import csv
import io
import json
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from data.errors import BookError, InputError
from data.facts import derivation
from data.storage import book
from policy.__main__ import main
from policy.model.records import Policy
from policy.monitoring import metric_definitions, metric_lint, metrics
from policy.monitoring.metrics import MetricValue
from policy.runs import snapshot_check
from tests.policy import sample_books
from tests.shipped_policy import POLICY


def make_metrics_book(path: Path, npl: str = "50.00", **parameters: object) -> Path:
    """1,000 yuan in three loans of two branches, `npl` of it substandard and 95 days past due."""
    loans = {
        "L1": {"balance": Decimal(950) - Decimal(npl), "classification": "normal", "days_past_due": 0},
        "L2": {"balance": Decimal(npl), "classification": "substandard", "days_past_due": 95},
        "L3": {"balance": 50, "classification": "special_mention", "days_past_due": 20},
    }
    shared = {"status": "normal", "currency": "CNY", "extension_count": 0, "principal": 1000}
    for number, loan_id in enumerate(loans):
        loans[loan_id] |= shared | {"borrower_id": f"B{number}", "branch_id": "02" if loan_id == "L3" else "01"}
    rows = [
        ("bank_parameters", {"parameter": name, "effective_date": date(2024, 3, 31), "amount": amount})
        for name, amount in parameters.items()
    ]
    return sample_books.make_book(path, loans, rows)


def evaluate_metrics(path: Path, policy: Policy = POLICY, as_of: date = sample_books.AS_OF) -> list[MetricValue]:
    with book.open_for_reading(path) as con:
        return metrics.evaluate_metrics(con, policy, as_of)


def find_value(values: list[MetricValue], metric_id: str, subject_id: str = "bank") -> MetricValue:
    (found,) = [v for v in values if (v.metric_id, v.subject_id) == (metric_id, subject_id)]
    return found


@pytest.fixture(scope="module")
def values(tmp_path_factory: pytest.TempPathFactory) -> list[MetricValue]:
    path = tmp_path_factory.mktemp("metrics") / "b.duckdb"
    return evaluate_metrics(make_metrics_book(path, net_capital=10000, loan_loss_provision=60))


def test_values_by_hand(values: list[MetricValue]) -> None:
    expected = {
        "LOANS": 3,
        "BORROWERS": 3,
        "BALANCE": 1000,
        "NPL": "0.05",
        "SPECIAL-MENTION": "0.05",
        "OVERDUE": "0.1",
        "PAR30": "0.05",
        "PAR90": "0.05",
        "DEVIATION": 1,
        "RESTRUCTURED": 0,
        "COVERAGE": "1.2",
        "LOAN-PROVISION": "0.06",
        "SINGLE-BORROWER": "0.09",
        "TOP10": "0.1",
    }
    assert {name: find_value(values, name).value for name in expected} == {k: Decimal(v) for k, v in expected.items()}
    # 1% of 900, 2% of 50 and 25% of 50 are 22.50; 60 are held.
    assert find_value(values, "PROVISION-ADEQUACY").value == Decimal("2.666667")


def test_each_branch_has_its_own(values: list[MetricValue]) -> None:
    assert (find_value(values, "NPL", "01").value, find_value(values, "NPL", "02").value) == (Decimal("0.052632"), 0)
    assert (find_value(values, "OVERDUE", "02").value, find_value(values, "OVERDUE", "02").status) == (1, "red")
    assert {v.subject_id for v in values if v.subject == "branch"} == {"01", "02"}
    assert {v.metric_id for v in metrics.select_branch_values(values, "02")} <= {v.metric_id for v in values}
    assert {v.subject_id for v in metrics.select_branch_values(values, None)} == {"bank"}
    with pytest.raises(InputError, match="No branch '03'"):
        metrics.select_branch_values(values, "03")


def test_a_value_at_its_limit_has_not_passed_it(tmp_path: Path) -> None:
    """Four branches of 1,000 yuan: NPL exactly 3% and 5% (lower is better), coverage exactly 180% and 150% (higher)."""
    loans = {}
    for branch, npl in (("1", "30"), ("2", "30.01"), ("3", "50"), ("4", "50.01")):
        shared = {"status": "normal", "currency": "CNY", "branch_id": branch}
        loans[f"N{branch}"] = {"balance": 1000 - Decimal(npl), "classification": "normal"} | shared
        loans[f"S{branch}"] = {"balance": Decimal(npl), "classification": "substandard"} | shared
    path = sample_books.make_book(tmp_path / "b.duckdb", loans)
    with book.open_for_writing(path) as con:
        con.execute(
            "UPDATE snapshots SET provision = CASE WHEN loan_id[1] = 'N' THEN 0 "
            "WHEN loan_id IN ('S1', 'S2') THEN 54 ELSE 75 END"
        )
        derivation.derive_facts(con, sample_books.AS_OF)
    found = evaluate_metrics(path)
    for metric_id in ("NPL", "COVERAGE"):
        assert [find_value(found, metric_id, branch).status for branch in "1234"] == ["green", "amber", "amber", "red"]


def test_what_is_not_set_is_named(tmp_path: Path) -> None:
    found = evaluate_metrics(make_metrics_book(tmp_path / "b.duckdb", npl="0.00"))
    single, coverage = find_value(found, "SINGLE-BORROWER"), find_value(found, "COVERAGE")
    assert (single.value, single.status, single.reason, single.missing) == (None, "none", "not_set", ("net_capital",))
    assert (coverage.reason, coverage.missing) == ("not_set", ("provision_held",))
    assert find_value(found, "MIGRATION-NORMAL").missing == ("opening_normal_worsened", "opening_normal_remaining")
    assert (find_value(found, "DEVIATION").reason, find_value(found, "DEVIATION").value) == ("zero_divisor", None)


def test_loans_that_lack_an_input_are_counted(tmp_path: Path) -> None:
    path = make_metrics_book(tmp_path / "b.duckdb")
    with book.open_for_writing(path) as con:
        sample_books.insert_loan(con, "L4", balance=500, status="normal", currency="CNY", branch_id="02")
        derivation.derive_facts(con, sample_books.AS_OF)
    npl = find_value(evaluate_metrics(path), "NPL")
    assert (npl.value, npl.lacking, npl.total) == (Decimal("0.05"), 1, 4)


def test_counts_of_the_latest_run(tmp_path: Path) -> None:
    path = make_metrics_book(tmp_path / "b.duckdb")
    before = find_value(evaluate_metrics(path), "VIOLATION-RATE")
    assert (before.value, before.missing) == (None, ("violations", "passes"))
    with book.open_for_writing(path) as con:
        run = snapshot_check.judge_snapshot(con, POLICY, sample_books.AS_OF)
    found = evaluate_metrics(path)
    totals = {verdict: sum(rule.counts[verdict] for rule in run.rules) for verdict in ("pass", "violation")}
    assert find_value(found, "VIOLATIONS-PER-LOAN").value == round(Decimal(totals["violation"]) / 3, 6)
    unknown = sum(rule.counts["not_assessable"] for rule in run.rules)
    rate = find_value(found, "VIOLATION-RATE")
    assert (rate.lacking, rate.total) == (unknown, unknown + sum(totals.values()))
    assert unknown > sum(totals.values()) and (rate.value, rate.reason) == (None, "too_many_unknown")
    kept = next(rule.counts for rule in run.rules if rule.rule_id == "CLS-DPD")
    assert find_value(found, "CLASSIFICATION-KEPT").value == kept["pass"] / (kept["pass"] + kept["violation"])
    assert find_value(found, "CLASSIFICATION-KEPT", "02").value == 1


def test_only_what_is_in_force(values: list[MetricValue], tmp_path: Path) -> None:
    changed = edit_metric("NPL", effective_from="2024-07-01")
    assert metric_lint.find_problems(changed) == []
    assert "NPL" not in {
        value.metric_id for value in evaluate_metrics(make_metrics_book(tmp_path / "b.duckdb"), changed)
    }
    assert "NPL" in {value.metric_id for value in values}


def test_a_day_without_facts_says_so(tmp_path: Path) -> None:
    path = make_metrics_book(tmp_path / "b.duckdb")
    with pytest.raises(BookError, match="no facts for 2024-05-31"):
        evaluate_metrics(path, as_of=date(2024, 5, 31))


def edit_metric(metric_id: str, **cells: str) -> Policy:
    """The shipped policy with cells of one metric changed, or the row twice where a cell is `again`."""
    rows = list(csv.DictReader(io.StringIO(POLICY.texts[metric_definitions.TABLE])))
    again = cells.pop("again", "")
    for row in [row for row in rows if row["metric_id"] == metric_id]:
        row.update(cells)
        rows += [dict(row)] if again else []
    text = io.StringIO()
    writer = csv.DictWriter(text, rows[0].keys(), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return replace(POLICY, texts=POLICY.texts | {metric_definitions.TABLE: text.getvalue()})


def test_the_shipped_table_is_clean() -> None:
    assert metric_lint.find_problems(POLICY) == []
    assert len(metric_definitions.load_metrics(POLICY)) >= 40


@pytest.mark.parametrize(
    ("cells", "column", "says"),
    [
        ({"formula": "npl_balanse / classified_balance"}, "formula", "npl_balance"),
        ({"formula": "npl_balance / running_loans"}, "formula", "is in yuan, but the metric is in ratio"),
        ({"formula": "npl_balance / (balance / balance)"}, "formula", "outermost"),
        ({"formula": "capital_date"}, "formula", "gives a date|unknown field"),
        ({"formula": "npl_balance * (SELECT 1)"}, "formula", "not part of"),
        ({"amber": "three"}, "amber", "unknown field 'three'"),
        ({"red": "coverage_limits.min_ratio"}, "red", "coverage_limits has hit policy collect"),
        ({"red": "balance"}, "red", "compares ratio with yuan"),
        ({"direction": "sideways"}, "direction", "is not a direction"),
        ({"direction": ""}, "direction", "limits without a direction"),
        ({"lacking": "balance"}, "lacking", "number of records"),
        ({"total": ""}, "lacking", "without a total"),
        ({"clause_id": "KPI2006"}, "clause_id", "KPI2005"),
        ({"subjects": "bank"}, "subjects", "Use portfolio|near it: branch"),
        ({"rules": "CLS-DPT", "formula": "passes"}, "rules", "CLS-DPD"),
        ({"title_zh": ""}, "title_zh", "is empty"),
        ({"effective_to": "2001-01-01"}, "effective_to", "ends on or before the day it starts"),
        ({"effective_from": "soon"}, "effective_from", "is not a date"),
        ({"again": "yes"}, "effective_from", "overlaps in force with row"),
    ],
)
def test_a_row_that_cannot_be_meant_is_an_error(cells: dict[str, str], column: str, says: str) -> None:
    found = [p for p in metric_lint.find_problems(edit_metric("NPL", **cells)) if p.column == column]
    assert [p for p in found if any(part in p.message for part in says.split("|"))], found
    assert all(p.level == "error" and p.table == metric_definitions.TABLE and p.row > 1 for p in found)


def test_a_folder_without_metrics_has_none() -> None:
    texts = {name: text for name, text in POLICY.texts.items() if name != metric_definitions.TABLE}
    bare = replace(POLICY, texts=texts)
    assert (metric_definitions.load_metrics(bare), metric_lint.find_problems(bare)) == ((), [])


@pytest.fixture
def run_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, str, str]]:
    path = make_metrics_book(tmp_path / "b.duckdb", net_capital=10000)

    def run(*arguments: str) -> tuple[int, str, str]:
        capsys.readouterr()
        status = main(["metrics", "--book", str(path), *arguments])
        return status, *capsys.readouterr()

    return run


def test_the_command(run_command: Callable[..., tuple[int, str, str]]) -> None:
    status, out, _ = run_command()
    assert status == 0 and "Whole bank, as of 2024-06-30" in out
    npl = next(line for line in out.splitlines() if " NPL " in line)
    assert npl.startswith("amber") and "5.00%" in npl and "不良率 / NPL ratio" in npl
    assert "not_set: provision_held" in next(line for line in out.splitlines() if " COVERAGE " in line)
    assert "01, as of" in run_command("--branch", "01")[1]
    assert run_command("--branch", "09") == (
        1,
        "",
        "No branch '09' with running loans. Check --branch.\n没有存续贷款的机构“09”。请核对 --branch。\n",
    )


def test_the_command_as_json(run_command: Callable[..., tuple[int, str, str]]) -> None:
    every = json.loads(run_command("--json")[1])
    assert {row["subject_id"] for row in every["metrics"]} == {"bank", "01", "02"}
    one = json.loads(run_command("--json", "--branch", "02")[1])["metrics"]
    assert {row["subject_id"] for row in one} == {"02"}
    npl = next(row for row in one if row["metric_id"] == "NPL")
    assert (Decimal(npl["value"]), npl["status"], npl["title_zh"], npl["clause_id"]) == (
        0,
        "green",
        "不良率",
        "KPI2005",
    )
