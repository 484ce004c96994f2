"""One Spark session for all tests of this folder. They take minutes, so they run only when asked for, and say so."""

import os
from collections.abc import Iterator
from typing import Any

import pytest

from data.errors import InputError
from policy.spark import session

REQUIRED = "LOANLIGHT_SPARK_REQUIRED"


@pytest.fixture(scope="session")
def spark() -> Iterator[Any]:
    if not os.environ.get(REQUIRED):
        try:
            session.need_spark()
            why = f"set {REQUIRED}=1 to judge on it, which takes minutes."
        except InputError as error:
            why = str(error)
        pytest.skip(f"Spark is left out: {why}")
    found = session.start("local[2]", {"spark.sql.shuffle.partitions": "2"})
    yield found
    found.stop()
