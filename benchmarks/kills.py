"""python -m benchmarks.kills [--kills N] [--rows N] [--seed S]: SIGKILL at random moments of an import.

After each kill the book is opened and read whole: it must hold every row of the batch or none, never less than what
was acknowledged, and the next writer must find nothing left behind.
"""

import argparse
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import duckdb

from data import dictionary
from data.storage import backup, book

ROOT = Path(__file__).parents[1]
SNAPSHOT_DATE, EARLIER_DATE = "2024-03-31", "2024-02-29"
HEAD = "借据号,客户号,机构号,贷款余额,贷款金额,发放日期,到期日,五级分类,逾期天数,状态\n"
BALANCE = 1000
PROGRESS = 20
MOMENTS = ("any", "draft", "published")


@dataclass(frozen=True)
class KillSetup:
    """A book that holds a small snapshot, the file to import, and how long its import takes unharmed."""

    folder: Path
    file: Path
    rows: int
    seconds: float

    @property
    def base_book(self) -> Path:
        return self.folder / "base.duckdb"


def _write_export(path: Path, rows: int) -> Path:
    lines = (f"L{n:07},C{n % 997},B{n % 20},{BALANCE},2000,2023-01-15,2025-01-15,正常,0,正常\n" for n in range(rows))
    path.write_text(HEAD + "".join(lines), encoding="utf-8")
    return path


def _start_import(path: Path, file: Path, as_of: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "data", "import", str(file), "--as-of", as_of, "--book", str(path), "--json"]
    return subprocess.Popen(  # noqa: S603 - our own command
        command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
    )


def prepare_setup(folder: Path, rows: int, workers: int) -> KillSetup:
    """The base book, and an unharmed import beside as many as will run at once, timed."""
    file = _write_export(folder / "loans.csv", rows)
    base = folder / "base.duckdb"
    _start_import(base, _write_export(folder / "base.csv", max(rows // 20, 1)), EARLIER_DATE).communicate()
    start = time.monotonic()
    copies = [shutil.copyfile(base, folder / f"timing-{n}.duckdb") for n in range(workers)]
    for trial in [_start_import(copy, file, SNAPSHOT_DATE) for copy in copies]:
        err = trial.communicate()[1]
        if trial.returncode:
            raise SystemExit(f"The import itself fails: {err}")
    return KillSetup(folder, file, rows, time.monotonic() - start)


def _wait_for_moment(
    work: KillSetup, path: Path, writer: subprocess.Popen[str], chance: random.Random, moment: str
) -> None:
    """Until a moment of the import: any, while the draft is written, or around the publishing of the book."""
    if moment == "any":
        time.sleep(chance.uniform(0, work.seconds))
        return
    draft, before = path.with_name(path.name + ".draft"), path.stat().st_ino
    while writer.poll() is None and not (draft.exists() if moment == "draft" else path.stat().st_ino != before):
        time.sleep(0.001)
    time.sleep(chance.uniform(0, work.seconds / 3 if moment == "draft" else 0.05))


def _count_of_day(con: duckdb.DuckDBPyConnection, table: str, what: str) -> int:
    day = "row_valid_from" if table in dictionary.load_tables() else "as_of"
    return con.execute(
        f"SELECT {what} FROM {table} WHERE {day} = CAST($day AS DATE)", {"day": SNAPSHOT_DATE}
    ).fetchall()[0][0]


def kill_import(work: KillSetup, number: int, seed: int) -> tuple[str, list[str]]:
    """Kill one import; returns what the book holds (`before`, `batch`, `acknowledged`) and everything that is wrong."""
    path = work.folder / f"{number}.duckdb"
    shutil.copyfile(work.base_book, path)
    marks = backup.verify_book(path)
    writer = _start_import(path, work.file, SNAPSHOT_DATE)
    _wait_for_moment(work, path, writer, random.Random(seed * 1_000_003 + number), MOMENTS[number % len(MOMENTS)])
    with suppress(ProcessLookupError):  # it may have ended just before
        os.killpg(writer.pid, signal.SIGKILL)
    said, complaint = writer.communicate()
    acknowledged = bool(said.strip())
    wrong = [] if writer.returncode in (0, -signal.SIGKILL) else [f"the import itself failed: {complaint}"]
    with book.open_for_reading(path) as con:
        found = {table: _count_of_day(con, table, "count(*)") for table in ("loans", "snapshots", "facts_loan")}
        held, total = _count_of_day(con, "batches", "count(*)"), _count_of_day(con, "snapshots", "sum(balance)")
    if held:
        wrong += [f"{name}: {count} of {work.rows} rows" for name, count in found.items() if count != work.rows]
        wrong += [f"balance {total}"] if total != work.rows * BALANCE else []
        backup.verify_book(path)
    elif backup.verify_book(path) != marks:
        wrong.append("the book is neither as it was nor whole")
    if acknowledged and not held:
        wrong.append("an acknowledged batch is lost")
    with book.open_for_writing(path):
        pass
    left = [rest.name for rest in work.folder.glob(f"{number}.duckdb?*") if not rest.name.endswith(".lock")]
    wrong += [f"left behind: {', '.join(left)}"] if left else []
    for rest in [path, *work.folder.glob(f"{number}.duckdb*"), *work.folder.glob(f".{number}.duckdb*")]:
        rest.unlink(missing_ok=True)
    return "acknowledged" if acknowledged else "batch" if held else "before", wrong


def kill_imports(kills: int, rows: int, seed: int, workers: int) -> tuple[Counter[str], list[str]]:
    """So many kills; how often the book held what, and everything that was wrong."""
    with tempfile.TemporaryDirectory() as folder:
        work = prepare_setup(Path(folder), rows, workers)
        with ThreadPoolExecutor(workers) as pool:
            outcomes = []
            for outcome in pool.map(lambda number: kill_import(work, number, seed), range(kills)):
                outcomes.append(outcome)
                if len(outcomes) % PROGRESS == 0:
                    held = Counter(state for state, _ in outcomes)
                    wrong = sum(len(found) for _, found in outcomes)
                    print(f"  {len(outcomes)} of {kills} kills: {dict(held)}, wrong {wrong}", flush=True)
    wrong = [f"kill {number}: {text}" for number, (_, found) in enumerate(outcomes) for text in found]
    return Counter(state for state, _ in outcomes), wrong


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.kills", description="Kill imports at random moments.")
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--rows", type=int, default=200_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    options = parser.parse_args()
    start = time.monotonic()
    held, wrong = kill_imports(options.kills, options.rows, options.seed, options.workers)
    print(
        f"kills of an import of {options.rows:,} rows: {options.kills} in {time.monotonic() - start:.0f} s, seed "
        f"{options.seed}; the book as it was {held['before']}, the whole batch {held['batch'] + held['acknowledged']} "
        f"(acknowledged {held['acknowledged']}), wrong {len(wrong)}"
    )
    for text in wrong:
        print(f"  {text}")
    raise SystemExit(1 if wrong else 0)


if __name__ == "__main__":
    main()
