"""Every shipped example, judged on Spark: verdict, measured value and limit are those of the book's engine."""

from typing import Any

import pytest

from policy.authoring import examples
from policy.runs import snapshot_check
from tests.policy.spark.examples import judge_examples as run_on_spark

pytestmark = pytest.mark.spark


def test_every_example_says_the_same_on_both_engines(spark: Any, tmp_path) -> None:
    policy = snapshot_check.load_policy()
    ours = {o.example.example_id: (o.verdict, o.measured, o.limit) for o in examples.run(policy)}
    theirs = run_on_spark(spark, policy, tmp_path)
    assert theirs == ours
    assert len(theirs) == len(policy.examples)
