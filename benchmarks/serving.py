"""The dashboard as a server of its own, for what measures it from outside."""

import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).parents[1]
MEGABYTE = 1024


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def _is_up(port: int) -> bool:
    try:
        urllib.request.urlopen(f"http://127.0.0.1:{port}/_stcore/health", timeout=1).close()
    except OSError:
        return False
    return True


@contextmanager
def dashboard(book: Path, script: str = "dashboard.py") -> Iterator[tuple[int, int]]:
    """`streamlit run` on the book: (port, process id). Raises SystemExit when it does not come up."""
    port = _free_port()
    command = [sys.executable, "-m", "streamlit", "run", script, "--server.headless=true", f"--server.port={port}",
               "--server.address=127.0.0.1", "--server.fileWatcherType=none"]  # fmt: skip
    server = subprocess.Popen(  # noqa: S603
        command, cwd=ROOT, env=os.environ | {"LOANLIGHT_BOOK": str(book)}, stdout=subprocess.DEVNULL
    )
    try:
        deadline = time.monotonic() + 60
        while not _is_up(port):
            if server.poll() is not None or time.monotonic() > deadline:
                raise SystemExit("The dashboard did not start.")
            time.sleep(0.05)
        yield port, server.pid
    finally:
        server.terminate()
        server.wait(timeout=20)


def resident_mb(process: int) -> float:
    """Memory the process holds now, in MiB."""
    status = Path(f"/proc/{process}/status").read_text(encoding="ascii")
    return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmRSS")) / MEGABYTE
