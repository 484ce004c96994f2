"""How long the linter takes to prove a large decision table: 1,000 rows of 6 columns."""

import random
import time
from datetime import date

from policy.decision_tables import gaps_and_overlaps
from policy.model.problem import SourceLocation
from policy.model.records import FOREVER, LimitColumn, LimitRow, LimitTable

TARGET_SECONDS = 5.0  # seconds
COLUMN_WIDTH = 10_000


def random_partition_boxes(rows: int, columns: int, seed: int) -> list[list[tuple[int, int]]]:
    """Disjoint boxes that fill [0, WIDEST) in every column, cut at random."""
    rng = random.Random(seed)
    boxes = [[(0, COLUMN_WIDTH)] * columns]
    while len(boxes) < rows:
        box = boxes.pop(rng.randrange(len(boxes)))
        at = rng.randrange(columns)
        low, high = box[at]
        if high - low < 2:
            boxes.append(box)
            continue
        cut = rng.randrange(low + 1, high)
        boxes += [[*box[:at], (low, cut), *box[at + 1 :]], [*box[:at], (cut, high), *box[at + 1 :]]]
    return boxes


def build_partition_table(rows: int, columns: int, seed: int) -> LimitTable:
    """A table whose rows fill the space of all records without overlap: the hardest to prove."""
    boxes = random_partition_boxes(rows, columns, seed)
    types = ["integer" if n % 2 else "money" for n in range(columns)]
    keys = tuple(LimitColumn("large", f"k{n}", "key", kind, "", "", "") for n, kind in enumerate(types))
    return LimitTable("large", "unique", keys, tuple(_build_row(n, box) for n, box in enumerate(boxes)))


def _build_row(number: int, box: list[tuple[int, int]]) -> LimitRow:
    cells = {f"k{at}": _format_range(*side) for at, side in enumerate(box)}
    place = SourceLocation("limits/large.csv", number + 2)
    return LimitRow(f"L-{number}", cells, "", "", date(2024, 1, 1), FOREVER, "", "", place)


def _format_range(low: int, high: int) -> str:
    if low == 0:
        return "-" if high == COLUMN_WIDTH else f"< {high}"
    return f">= {low}" if high == COLUMN_WIDTH else f"[{low}..{high})"


def time_lint(table: LimitTable) -> tuple[float, int]:
    """(processor seconds of proof-reading one table, whatever else the machine does; findings)."""
    start = time.process_time()
    found = list(gaps_and_overlaps.lint_grid(gaps_and_overlaps.build_grid(table, {})))
    return time.process_time() - start, len(found)


def measure_lint() -> dict[str, float]:
    """Prints and returns the seconds: complete, with ten rows missing, and with one row twice."""
    whole = build_partition_table(1000, 6, seed=1)
    holed = LimitTable(whole.name, whole.hit_policy, whole.columns, whole.rows[10:])
    twice = LimitTable(whole.name, whole.hit_policy, whole.columns, (*whole.rows, whole.rows[3]))
    found = {}
    for name, table in {"complete": whole, "ten rows missing": holed, "one row twice": twice}.items():
        taken, findings = time_lint(table)
        found[name] = round(taken, 2)
        verdict = "met" if taken <= TARGET_SECONDS else "MISSED"
        said = f"{taken:.2f} s, {findings} findings (target {TARGET_SECONDS:.0f} s: {verdict})"
        print(f"lint, 1,000 rows x 6 columns, {name}: {said}")
    return found


if __name__ == "__main__":
    measure_lint()
