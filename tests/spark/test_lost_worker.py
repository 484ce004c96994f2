"""Every shipped rule on a demo book: a cluster that loses a worker in the midst writes what the book's engine stores.

The book then takes it in as a run like any other.
"""

import json
import threading
import time
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from data.demo import generator
from data.history import time_travel
from data.ingest import adoption
from data.storage import book
from policy.runs import snapshot_check, store
from policy.violations import lifecycle
from tests.spark.cluster import Cluster
from tests.spark.differential import both

pytestmark = pytest.mark.spark
LOST = "worker0"


@dataclass
class Judged:
    """What both engines wrote, and how far the check was when the worker was lost."""

    book: Path
    folder: Path
    as_of: date
    compared: dict[str, int]
    differ: list[str]
    done_when_lost: set[str]


def _lose_a_worker(cluster: Cluster, out: Path, done: set[str]) -> None:
    """As soon as the first counts of loans are written."""
    while not list(out.glob("counts/loan/*.parquet")):
        time.sleep(0.05)
    cluster.kill(LOST)
    done |= {path.name for path in (out / "counts").iterdir()}


@pytest.fixture(scope="module")
def judged(spark: Any, cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Judged:
    folder = tmp_path_factory.mktemp("spark")
    generator.build(folder / "book.duckdb", 300, 1)
    with book.reading(folder / "book.duckdb") as con:
        as_of = snapshot_check.pick_as_of(con, None)
    done: set[str] = set()
    killer = threading.Thread(target=_lose_a_worker, args=(cluster, folder / "out", done), daemon=True)
    killer.start()
    compared, differ = both(spark, folder / "book.duckdb", snapshot_check.load(), as_of, folder)
    killer.join()
    cluster.start_worker(LOST)
    return Judged(folder / "book.duckdb", folder, as_of, compared, differ, done)


def test_a_worker_was_lost_in_the_midst(judged: Judged, cluster: Cluster) -> None:
    subjects = set(snapshot_check.load().subjects)
    assert "loan" in judged.done_when_lost
    assert len(judged.done_when_lost) < len(subjects)
    assert {path.name for path in (judged.folder / "out/counts").iterdir() if not path.name.startswith("_")} == subjects
    assert "Removing worker" in cluster.log("master")


def test_the_cluster_says_what_the_book_s_engine_says(judged: Judged) -> None:
    assert judged.differ == []
    assert judged.compared["counts"] > len(snapshot_check.load().rules)
    assert judged.compared["violations"] > 300


def test_the_book_takes_the_verdicts_in_as_a_run_like_any_other(judged: Judged) -> None:
    with book.writing(judged.book) as con:
        own = store.latest(con, judged.as_of)
        found = adoption.adopt(con, judged.folder / "out")
        lifecycle.record(con, found.run_id)
        assert found.run_id == own.run_id
        assert found.violations == judged.compared["violations"]
        assert "spark" in store.latest(con, judged.as_of).engine_version
        assert sum(store.totals(con)[found.run_id].values()) > 0


def test_the_manifest_names_policy_data_and_engine(judged: Judged) -> None:
    says = json.loads((judged.folder / "out/manifest.json").read_text(encoding="utf-8"))
    assert says["as_of"] == judged.as_of.isoformat()
    assert says["policy_version"] == snapshot_check.load().version
    with book.reading(judged.book) as con:
        assert says["data_version"] == time_travel.version(con, time_travel.current_rows(con, judged.as_of))
