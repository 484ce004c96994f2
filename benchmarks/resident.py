"""The memory that a tree of processes holds, watched while something runs."""

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Self

POLL_SECONDS = 0.5  # seconds between two looks
KB_PER_GB = 1024**2


class ResidentMemory:
    """`peak_gb`: the most that the processes and all they started held together, in GiB."""

    def __init__(self, roots: list[int]) -> None:
        self.roots, self.peak_gb = roots, 0.0
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._poll_memory, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._done.set()
        self._thread.join()

    def _poll_memory(self) -> None:
        while not self._done.wait(POLL_SECONDS):
            self.peak_gb = max(self.peak_gb, sum(map(_resident_kb, set(self._process_tree()))) / KB_PER_GB)

    def _process_tree(self) -> Iterator[int]:
        todo = list(self.roots)
        while todo:
            process = todo.pop()
            yield process
            todo += _child_processes(process)


def _child_processes(process: int) -> list[int]:
    found = []
    for file in Path(f"/proc/{process}/task").glob("*/children"):
        try:
            found += [int(child) for child in file.read_text(encoding="ascii").split()]
        except OSError:  # it has just ended
            continue
    return found


def _resident_kb(process: int) -> int:
    try:
        status = Path(f"/proc/{process}/status").read_text(encoding="ascii")
    except OSError:  # it has just ended
        return 0
    return next((int(line.split()[1]) for line in status.splitlines() if line.startswith("VmRSS")), 0)
