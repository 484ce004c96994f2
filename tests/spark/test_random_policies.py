"""A few random policies on both engines; python -m tests.spark.random_policies judges as many as one likes."""

from typing import Any

import pytest

from data.storage import book
from tests.policy import differential
from tests.spark.random_policies import run

pytestmark = pytest.mark.spark


def test_random_policies_over_random_loans(spark: Any, tmp_path) -> None:
    differential.empty_facts(tmp_path / "book.duckdb")
    with book.writing(tmp_path / "book.duckdb") as con:
        for seed in (0, 3):
            (tmp_path / str(seed)).mkdir()
            compared = run(spark, con, seed, 60, tmp_path / str(seed))
            assert compared.differ == []
            assert compared.verdicts > 600
