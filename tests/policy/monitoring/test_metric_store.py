"""What the health page shows of the metrics: groups that name each metric once, and values kept until facts move."""

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from data.facts import derivation
from data.storage import book
from policy.model.records import Policy
from policy.monitoring import metric_definitions, metric_groups, metric_store, metrics
from tests.policy.monitoring.test_metrics import make_metrics_book
from tests.shipped_policy import POLICY


def replace_in_groups(old: str, new: str) -> Policy:
    text = POLICY.texts[metric_groups.TABLE]
    assert old in text
    return replace(POLICY, texts=POLICY.texts | {metric_groups.TABLE: text.replace(old, new, 1)})


def test_every_metric_stands_in_one_group() -> None:
    members = [name for group in metric_groups.load_groups(POLICY) for name in group.members]
    assert sorted(members) == sorted({metric.metric_id for metric in metric_definitions.load_metrics(POLICY)})
    assert list(metric_groups.find_problems(POLICY)) == []


@pytest.mark.parametrize(
    ("old", "new", "level", "says"),
    [
        ("|NPL|", "|NPLS|", "error", "is not a metric"),
        ("|NPL|", "|NPL|NPL|", "error", "is listed twice"),
        ("|NPL|", "|", "warning", "is not in any group"),
    ],
)
def test_a_group_that_cannot_be_meant(old: str, new: str, level: str, says: str) -> None:
    found = list(metric_groups.find_problems(replace_in_groups(old, new)))
    assert [problem for problem in found if problem.level == level and says in problem.message], found


def test_values_kept_are_those_evaluated_and_go_with_the_facts(tmp_path: Path) -> None:
    path = make_metrics_book(tmp_path / "b.duckdb", net_capital=10000)
    with book.open_for_writing(path) as con:
        (day,) = derivation.list_dates_with_facts(con)
        metric_store.evaluate_and_store(con, POLICY, day)
        found = [value for value in metrics.evaluate_metrics(con, POLICY, day) if value.subject == "portfolio"]
        fresh = sorted(found, key=lambda value: value.metric_id)
        assert metric_store.load_stored_values(con, POLICY, "portfolio", "bank", day) == {day: fresh}
        assert metric_store.load_stored_values(con, replace(POLICY, version="other"), "portfolio", "bank", day) == {}
        assert metric_store.load_stored_values(con, POLICY, "portfolio", "bank", date(2000, 1, 1)) == {}
        derivation.derive_facts(con, day)
        assert metric_store.load_stored_values(con, POLICY, "portfolio", "bank", day) == {}
        assert metric_store.load_values_by_day(con, POLICY, None, day, (day,)) == {day: found}
