"""Exposures as shares of the bank's capital, and against a limit."""

from decimal import Decimal

import polars as pl
import pytest

from data.queries import capital, connected_parties
from data.queries.capital import Capital

CIRCLES = pl.DataFrame({"kind": ["group", "group", "chain"], "balance": [Decimal(200), Decimal(50), None]})


def test_shares_are_fractions_of_tier_1_and_net_capital():
    rows = capital.add_capital_shares(CIRCLES, Capital(Decimal(2000), Decimal(1000), None))
    assert rows.select("to_tier1", "to_net").rows() == [(0.2, 0.1), (0.05, 0.025), (None, None)]


@pytest.mark.parametrize("unknown", [None, Decimal(0)])
def test_unknown_capital_gives_no_share(unknown):
    rows = capital.add_capital_shares(CIRCLES, Capital(unknown, unknown, None))
    assert rows["to_tier1"].null_count() == rows["to_net"].null_count() == 3


@pytest.mark.parametrize(
    ("limit", "above"), [(0.1, [True, False, None]), (0.2, [False, False, None]), (None, [None, None, None])]
)
def test_an_exposure_above_the_limit(limit, above):
    shares = capital.add_capital_shares(CIRCLES, Capital(None, Decimal(1000), None))
    assert connected_parties.add_limit_comparison(shares, limit)["is_above_limit"].to_list() == above


def test_kinds_have_their_largest():
    shares = capital.add_capital_shares(CIRCLES, Capital(None, Decimal(1000), None))
    assert connected_parties.count_by_kind(shares).sort("kind").rows() == [
        ("chain", 1, None, None),
        ("group", 2, 200, 0.2),
    ]
