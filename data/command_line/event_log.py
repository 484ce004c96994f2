"""The event log of commands that run unattended: one line an event, as key=value.

A line holds times, counts, ids of batches and runs, and outcomes. It never holds names of borrowers, values of cells,
names of files or texts of errors, which may quote them; an error is named by its class.
"""

import json
import logging
import re
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from data.errors import InputError
from data.messages.catalogue import bilingual

STANDARD_ERROR = "-"
LOGGER = logging.getLogger("loanlight.events")
LOGGER.propagate = False
LOGGER.addHandler(logging.NullHandler())
_PLAIN_VALUE = re.compile(r"[\w.:+-]+")


class _EventFormatter(logging.Formatter):
    """time=… (UTC, to the millisecond) pid=… and the fields of the event."""

    def __init__(self) -> None:
        super().__init__("time=%(asctime)s.%(msecs)03dZ pid=%(process)d %(message)s", "%Y-%m-%dT%H:%M:%S")
        self.converter = time.gmtime


@contextmanager
def open_event_log(target: str | None, used_files: tuple[Path, ...] = ()) -> Iterator[None]:
    """Events go to the file (appended) or, for "-", to standard error; without a target nowhere.

    Raises InputError when the file cannot be written, or is one of the files that the command reads or writes.
    """
    if target is None:
        yield
        return
    handler = _open_handler(target, used_files)
    handler.setFormatter(_EventFormatter())
    LOGGER.addHandler(handler)
    LOGGER.setLevel(logging.INFO)
    try:
        yield
    finally:
        LOGGER.removeHandler(handler)
        handler.close()


def _open_handler(target: str, used_files: tuple[Path, ...]) -> logging.Handler:
    if target == STANDARD_ERROR:
        return logging.StreamHandler(sys.stderr)
    path = Path(target)
    if path.resolve() in {used.resolve() for used in used_files}:
        raise InputError(bilingual("command_line.log_is_used", path=path))
    try:
        return logging.FileHandler(path, encoding="utf-8")
    except OSError as error:
        raise InputError(bilingual("command_line.log_not_writable", path=path, why=error.strerror or error)) from error


def record_event(event: str, **fields: object) -> None:
    """Writes one line: the event and its fields, without those that are None."""
    given = {"event": event} | {name: value for name, value in fields.items() if value is not None}
    LOGGER.info("%s", " ".join(f"{name}={_format_value(value)}" for name, value in given.items()))


def _format_value(value: object) -> str:
    """A plain word as it is, seconds to the millisecond, anything else as a JSON string, so that a line stays one."""
    text = f"{value:.3f}" if isinstance(value, float) else str(value)
    return text if _PLAIN_VALUE.fullmatch(text) else json.dumps(text, ensure_ascii=False)


class Stopwatch:
    """Seconds since it was made."""

    def __init__(self) -> None:
        self._start = time.perf_counter()

    @property
    def seconds(self) -> float:
        return time.perf_counter() - self._start


def run_logged(command: str, run: Callable[[], int]) -> int:
    """Runs a command and returns its exit status, with an event at its start and one at its end, however it ends."""
    watch = Stopwatch()
    record_event("command_started", command=command)
    try:
        status = run()
    except Exception as error:
        _record_end(command, watch, "failed", type(error).__name__)
        raise
    except KeyboardInterrupt:
        _record_end(command, watch, "interrupted")
        raise
    _record_end(command, watch, "failed" if status else "done")
    return status


def _record_end(command: str, watch: Stopwatch, outcome: str, error: str | None = None) -> None:
    record_event("command_ended", command=command, seconds=watch.seconds, outcome=outcome, error=error)
