"""Long work beside the page: it runs on in its own thread while the page redraws, and says which step it is at."""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any


@dataclass
class Job:
    """`steps`: those begun, in order; `result` or `error` once it is done."""

    steps: list[str] = field(default_factory=list)
    result: Any = None
    error: BaseException | None = None
    done: threading.Event = field(default_factory=threading.Event)


def start_job(work: Callable[[Callable[[str], None]], Any]) -> Job:
    """Begin `work(on_step)`; whatever it raises is kept as the job's error, for the page to say."""
    job = Job()

    def run() -> None:
        try:
            job.result = work(job.steps.append)
        except BaseException as error:  # noqa: BLE001  # a panic of Polars too: the page says it or raises it again
            job.error = error
        finally:
            job.done.set()

    threading.Thread(target=run, daemon=False).start()
    return job
