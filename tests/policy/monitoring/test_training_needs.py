"""Training needs worked out by hand: rates against the peers, the thresholds of a need, and the funnel."""

import polars as pl
import pytest

from policy.monitoring import training_needs
from policy.monitoring.training_needs import NeedThresholds
from tests.shipped_policy import POLICY

THRESHOLDS = NeedThresholds(thin_loans=30, ratio=1.5, violations=3, deviations=3)
GROUPS = pl.DataFrame({"clause_group": ["g1", "g2"], "topic": ["LEGAL", "CREDIT"], "rank": [0, 1]})


def build_books(**loans: int) -> pl.DataFrame:
    frame = pl.DataFrame({"officer_id": list(loans), "loans": list(loans.values())})
    return frame.with_columns(thin=pl.col("loans") < THRESHOLDS.thin_loans)


def build_counts(*rows: tuple[str, str, int]) -> pl.DataFrame:
    return pl.DataFrame(rows, schema=["officer_id", "clause_group", "violations"], orient="row")


def compare(books: pl.DataFrame, counts: pl.DataFrame) -> dict[tuple[str, str], dict[str, object]]:
    rows = training_needs.compare_with_peers(books, counts, GROUPS, THRESHOLDS).rows(named=True)
    return {(row["officer_id"], row["clause_group"]): row for row in rows}


def test_a_manager_is_compared_with_all_others():
    found = compare(build_books(A=100, B=200, C=200), build_counts(("A", "g1", 20), ("B", "g1", 3), ("C", "g1", 1)))
    own = found["A", "g1"]
    assert (own["violations"], own["rate"]) == (20, 20)
    assert (own["peer_violations"], own["peer_loans"], own["peer_rate"], own["expected"]) == (4, 400, 1, 1)
    assert (found["A", "g2"]["violations"], found["A", "g2"]["peer_rate"], found["A", "g2"]["need"]) == (0, 0, False)


@pytest.mark.parametrize(
    ("loans", "violations", "peer_violations", "need"),
    [
        (100, 13, 16, True),  # 4 expected; 9 above, 3 square roots of 4 are 6
        (100, 9, 16, False),  # 5 above: chance
        (100, 10, 16, True),  # 6 above, just enough
        (100, 2, 0, False),  # fewer than three violations
        (100, 3, 0, True),  # three, where the peers have none
        (29, 20, 16, False),  # a small portfolio
        (30, 20, 16, True),  # one just large enough
        (10_000, 600, 20, False),  # 6 a hundred against 5: not half as much again
    ],
)
def test_a_need_follows_from_enough_violations_far_above_the_peers(loans, violations, peer_violations, need):
    books = build_books(A=loans, B=400)
    assert (
        compare(books, build_counts(("A", "g1", violations), ("B", "g1", peer_violations)))["A", "g1"]["need"] is need
    )


def test_a_manager_without_peers_has_no_need():
    own = compare(build_books(A=100), build_counts(("A", "g1", 50)))["A", "g1"]
    assert (own["peer_loans"], own["peer_rate"], own["need"]) == (0, None, False)


def test_the_groups_of_a_manager_are_added_up():
    books = build_books(A=100, B=300)
    counts = build_counts(("A", "g1", 30), ("A", "g2", 20), ("B", "g1", 3))
    compared = training_needs.compare_with_peers(books, counts, GROUPS, THRESHOLDS)
    first, second = training_needs.sum_over_groups(books, compared).rows(named=True)
    assert (first["violations"], first["rate"], first["peer_rate"]) == (50, 50, 1)
    assert first["needed"] == ["LEGAL", "CREDIT"]
    assert (second["violations"], second["rate"], second["peer_rate"], second["needed"]) == (3, 1, 50, [])


def test_without_a_run_violations_are_unknown_and_not_zero():
    rows = training_needs.sum_over_groups(build_books(A=100), None)
    assert rows.row(0, named=True) | {"needed": None} == {
        "officer_id": "A",
        "loans": 100,
        "thin": False,
        "violations": None,
        "rate": None,
        "peer_rate": None,
        "needed": None,
    }
    assert training_needs.compute_average_rate(rows) is None


def test_the_average_is_of_all_loans_and_not_of_the_managers():
    rows = pl.DataFrame({"loans": [100, 300], "violations": [10, 10]})
    assert training_needs.compute_average_rate(rows) == 5
    assert training_needs.compute_average_rate(rows.clear()) is None


def test_needs_by_topic():
    managers = pl.DataFrame(
        {
            "needed": [["LEGAL"], ["LEGAL", "CREDIT"], [], []],
            "topics_taken": [["LEGAL"], None, ["LEGAL"], []],
        }
    )
    assert training_needs.count_by_topic(managers, ["LEGAL", "CREDIT", "OTHER"]).rows() == [
        ("LEGAL", 2, 1, 0.5),
        ("CREDIT", 1, 1, 0),
        ("OTHER", 0, 0, 0),
    ]
    assert training_needs.count_by_topic(managers.clear(), ["LEGAL"]).rows() == [("LEGAL", 0, 0, None)]


def test_ratios_are_of_the_balance_that_is_known():
    portfolios = pl.DataFrame(
        {
            "officer_id": ["A", "B", None],
            "loans": [30, 29, 7],
            "npl_balance": [5, 0, 1],
            "classified_balance": [50, 0, 1],
            "overdue_balance": [10, 0, 1],
            "dated_balance": [40, 0, 1],
        }
    )
    rows = training_needs.add_book_ratios(portfolios, 30).select("officer_id", "npl_ratio", "overdue_ratio", "thin")
    assert rows.rows() == [("A", 0.1, 0.25, False), ("B", None, None, True)]
    assert training_needs.count_unmanaged_loans(portfolios) == 7


def test_the_funnel_is_wide_for_few_loans_and_never_below_zero():
    limits = training_needs.compute_control_limits(4, 100, 3)
    hundred = limits.filter(pl.col("loans") == 100).row(0, named=True)
    assert (hundred["lower"], hundred["middle"], hundred["upper"]) == pytest.approx((0, 4, 10))  # 4 ± 3 × 2
    assert limits["upper"].is_sorted(descending=True)
    assert limits["lower"].min() == 0


def test_a_chart_shows_needs_first_then_what_chance_explains_least():
    rows = pl.DataFrame(
        {
            "officer_id": ["A", "B", "C", "D"],
            "loans": [100, 100, 400, 1],
            "rate": [10.0, 14.0, 13.0, 0.0],
            "needed": [["LEGAL"], [], [], []],
        }
    )
    assert training_needs.rank_by_surprise(rows, 10.0, 4)["officer_id"].to_list() == ["A", "C", "B", "D"]
    assert training_needs.rank_by_surprise(rows, 10.0, 2)["officer_id"].to_list() == ["A", "C"]


def test_the_shipped_thresholds():
    assert training_needs.load_thresholds(POLICY) == THRESHOLDS
