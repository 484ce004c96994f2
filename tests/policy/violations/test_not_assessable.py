"""What could not be judged, added up by hand."""

import polars as pl
import pytest

from policy.violations import not_assessable

COUNTS = pl.DataFrame(
    [
        ("R1", "loan", "01", "missing", "Balance", 6),
        ("R1", "loan", "02", "missing", "Balance", 2),
        ("R2", "loan", "01", "missing", "Balance", 1),
        ("R2", "loan", "01", "no_row", None, 3),
        ("R3", "borrower", None, "missing", "Industry", 8),
    ],
    schema=["rule_id", "subject", "branch_id", "reason", "field", "subjects"],
    orient="row",
)
APPLICABLE = pl.DataFrame(
    [("R1", "01", 10), ("R2", "01", 10), ("R1", "02", 8), ("R3", None, 16)],
    schema=["rule_id", "branch_id", "subjects"],
    orient="row",
)


def test_by_rule_as_a_share_of_the_records_judged():
    rows = not_assessable.sum_by_rule(COUNTS, {"loan": 16})
    assert rows.select("rule_id", "field", "subjects", "share").rows() == [
        ("R1", "Balance", 8, 0.5),
        ("R3", "Industry", 8, None),  # no record of the subject is known to be judged
        ("R2", None, 3, 0.1875),
        ("R2", "Balance", 1, 0.0625),
    ]


def test_by_field_as_a_share_of_all():
    rows = not_assessable.sum_by_field(COUNTS).sort("subjects", descending=True)
    assert rows.select("field", "reason", "subjects", "rules", "branches").rows() == [
        ("Balance", "missing", 9, 2, 2),
        ("Industry", "missing", 8, 1, 0),
        (None, "no_row", 3, 1, 1),
    ]
    assert rows["share"].to_list() == pytest.approx([0.45, 0.4, 0.15])


def test_by_branch_as_a_share_of_its_checks():
    rows = not_assessable.sum_by_branch(COUNTS, APPLICABLE)
    assert rows.select("branch_id", "first_field", "rules", "subjects", "checks", "share").rows() == [
        ("01", "Balance", 2, 10, 20, 0.5),
        (None, "Industry", 1, 8, 16, 0.5),
        ("02", "Balance", 1, 2, 8, 0.25),
    ]


def test_reasons_the_most_frequent_first():
    assert not_assessable.sum_by_reason(COUNTS).rows() == [("missing", 17), ("no_row", 3)]
