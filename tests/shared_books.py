"""Books that several test modules start from, built once for all workers of a run."""

import fcntl
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from data.demo import generator
from data.queries import snapshots
from data.storage import book
from policy.runs import snapshot_check
from tests.shipped_policy import POLICY

DEMO_SEED = 1


@contextmanager
def _lock(file: Path) -> Iterator[None]:
    """Waits until no other worker holds the lock."""
    with file.open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def _run_folder(factory: pytest.TempPathFactory) -> Path:
    """The temporary folder of the whole run; a worker's own folder is one level below it."""
    own = factory.getbasetemp()
    return own.parent if "PYTEST_XDIST_WORKER" in os.environ else own


def copy_shared_book(factory: pytest.TempPathFactory, name: str, build: Callable[[Path], object]) -> Path:
    """Copy the book that `build` writes to the path it is given; the first worker that needs `name` builds it.

    The copy is in a new folder, so that a test may write to it while other workers read theirs.
    """
    shared = _run_folder(factory) / f"shared-{name}.duckdb"
    with _lock(shared.with_suffix(".lock")):
        if not shared.exists():
            unfinished = shared.with_suffix(".unfinished")
            unfinished.unlink(missing_ok=True)
            build(unfinished)
            unfinished.rename(shared)
    return Path(shutil.copyfile(shared, factory.mktemp(name) / "book.duckdb"))


def copy_demo_book(factory: pytest.TempPathFactory, loans: int) -> Path:
    """Copy a demo book of so many loans, its newest snapshot not checked."""
    return copy_shared_book(factory, f"demo-{loans}", lambda path: generator.build_book(path, loans, DEMO_SEED))


def copy_checked_demo_book(factory: pytest.TempPathFactory, loans: int) -> Path:
    """Copy a demo book of so many loans, its newest snapshot checked against the shipped policy."""

    def build(path: Path) -> None:
        shutil.copyfile(copy_demo_book(factory, loans), path)
        with book.open_for_writing(path) as con:
            newest = snapshots.resolve_snapshot(con, None)
            snapshot_check.judge_snapshot(con, POLICY, newest)

    return copy_shared_book(factory, f"checked-demo-{loans}", build)
