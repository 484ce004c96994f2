"""Time and memory of one piece of work."""

import time
from collections.abc import Callable
from pathlib import Path
from statistics import median, quantiles


def peak_memory_gb() -> float:
    """The largest resident memory of this process so far, in GiB.

    Not ru_maxrss: that of a child begins with what its parent held when it was started.
    """
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM")) / 1024**2


def time_median(label: str, work: Callable[[], object], times: int = 1) -> float:
    """Seconds of the median of `times` runs, printed with the peak memory so far."""
    spent = []
    for _ in range(times):
        start = time.perf_counter()
        work()
        spent.append(time.perf_counter() - start)
    print(f"{label:66}{median(spent):10.3f} s   peak {peak_memory_gb():5.2f} GB", flush=True)
    return median(spent)


def print_ratio(label: str, value: float, target: str) -> None:
    print(f"  {label}: {value:.2f} (target {target})", flush=True)


def percentile(seconds: list[float], share: int) -> float:
    return quantiles(seconds, n=100, method="inclusive")[share - 1] if len(seconds) > 1 else seconds[0]
