"""A few random policies on both engines; python -m tests.policy.spark.random_policies judges as many as one likes."""

from typing import Any

import pytest

from data.storage import book
from tests.policy.engine import differential
from tests.policy.spark.random_policies import run_seed

pytestmark = pytest.mark.spark


def test_random_policies_over_random_loans(spark: Any, tmp_path) -> None:
    differential.make_empty_book(tmp_path / "book.duckdb")
    with book.open_for_writing(tmp_path / "book.duckdb") as con:
        for seed in (0, 3):
            (tmp_path / str(seed)).mkdir()
            compared = run_seed(spark, con, seed, 60, tmp_path / str(seed))
            assert compared.differences == []
            assert compared.verdicts > 600
