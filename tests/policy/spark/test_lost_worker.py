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

from data.history import time_travel
from data.ingest import adoption
from data.queries import snapshots
from data.storage import book
from policy.runs import store
from policy.violations import lifecycle
from tests import shared_books
from tests.policy.spark.cluster import Cluster
from tests.policy.spark.differential import judge_on_both
from tests.shipped_policy import POLICY

pytestmark = pytest.mark.spark
LOST_WORKER = "worker0"


@dataclass
class LostWorkerRun:
    """What both engines wrote, and how far the check was when the worker was lost."""

    book: Path
    folder: Path
    as_of: date
    compared: dict[str, int]
    differences: list[str]
    done_when_lost: set[str]


def _kill_worker_midway(cluster: Cluster, out: Path, done: set[str]) -> None:
    """As soon as the first counts of loans are written."""
    while not list(out.glob("counts/loan/*.parquet")):
        time.sleep(0.05)
    cluster.kill_process(LOST_WORKER)
    done |= {path.name for path in (out / "counts").iterdir()}


@pytest.fixture(scope="module")
def lost_worker_run(spark: Any, cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> LostWorkerRun:
    path = shared_books.copy_demo_book(tmp_path_factory, 300)
    folder = path.parent
    with book.open_for_reading(path) as con:
        as_of = snapshots.resolve_snapshot(con, None)
    done: set[str] = set()
    killer = threading.Thread(target=_kill_worker_midway, args=(cluster, folder / "out", done), daemon=True)
    killer.start()
    compared, differ = judge_on_both(spark, path, POLICY, as_of, folder)
    killer.join()
    cluster.start_worker(LOST_WORKER)
    return LostWorkerRun(path, folder, as_of, compared, differ, done)


def test_a_worker_was_lost_in_the_midst(lost_worker_run: LostWorkerRun, cluster: Cluster) -> None:
    subjects = set(POLICY.subjects)
    assert "loan" in lost_worker_run.done_when_lost
    assert len(lost_worker_run.done_when_lost) < len(subjects)
    assert {
        path.name for path in (lost_worker_run.folder / "out/counts").iterdir() if not path.name.startswith("_")
    } == subjects
    assert "Removing worker" in cluster.read_log("master")


def test_the_cluster_says_what_the_book_s_engine_says(lost_worker_run: LostWorkerRun) -> None:
    assert lost_worker_run.differences == []
    assert lost_worker_run.compared["counts"] > len(POLICY.rules)
    assert lost_worker_run.compared["violations"] > 300


def test_the_book_takes_the_verdicts_in_as_a_run_like_any_other(lost_worker_run: LostWorkerRun) -> None:
    with book.open_for_writing(lost_worker_run.book) as con:
        own = store.require_latest_run(con, lost_worker_run.as_of)
        found = adoption.adopt_run(con, lost_worker_run.folder / "out")
        lifecycle.record_lifecycle(con, found.run_id)
        assert found.run_id == own.run_id
        assert found.violations == lost_worker_run.compared["violations"]
        assert "spark" in store.require_latest_run(con, lost_worker_run.as_of).engine_version
        assert sum(store.count_verdicts_by_run(con)[found.run_id].values()) > 0


def test_the_manifest_names_policy_data_and_engine(lost_worker_run: LostWorkerRun) -> None:
    says = json.loads((lost_worker_run.folder / "out/manifest.json").read_text(encoding="utf-8"))
    assert says["as_of"] == lost_worker_run.as_of.isoformat()
    assert says["policy_version"] == POLICY.version
    with book.open_for_reading(lost_worker_run.book) as con:
        assert says["data_version"] == time_travel.hash_data_version(
            con, time_travel.count_current_rows(con, lost_worker_run.as_of)
        )
