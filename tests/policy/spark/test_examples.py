"""Every shipped example, judged on Spark: verdict, measured value and limit are those of the book's engine."""

from typing import Any

import pytest

from policy.authoring import examples
from tests.policy.spark.examples import judge_examples as run_on_spark
from tests.shipped_policy import POLICY

pytestmark = pytest.mark.spark


def test_every_example_says_the_same_on_both_engines(spark: Any, tmp_path) -> None:
    ours = {o.example.example_id: (o.verdict, o.measured, o.limit) for o in examples.run(POLICY)}
    theirs = run_on_spark(spark, POLICY, tmp_path)
    assert theirs == ours
    assert len(theirs) == len(POLICY.examples)
