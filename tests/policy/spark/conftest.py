"""One standalone cluster for all tests of this folder: a master and two workers on loopback."""

import os
from collections.abc import Iterator
from typing import Any

import pytest

from data.errors import InputError
from policy.spark import session
from tests.policy.spark import cluster as clusters

REQUIRED_VARIABLE = "LOANLIGHT_SPARK_REQUIRED"


@pytest.fixture(scope="session")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[clusters.Cluster]:
    """Left out, and said so, on a machine without Java or PySpark, unless they are required."""
    try:
        session.require_spark()
    except InputError as error:
        if os.environ.get(REQUIRED_VARIABLE):
            raise
        pytest.skip(f"the proof on Spark is left out: {error}")
    with clusters.run_cluster(tmp_path_factory.mktemp("cluster")) as found:
        yield found


@pytest.fixture(scope="session")
def spark(cluster: clusters.Cluster) -> Iterator[Any]:
    found = session.start_session(cluster.url, clusters.SETTINGS)
    yield found
    found.stop()
