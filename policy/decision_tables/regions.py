"""Regions of records, over all columns of a decision table together: where rows overlap, and where none answers.

Each column is cut wherever a row begins or ends; between two cuts all values are alike and make one atom. A region is
a box: a set of atoms in each column, held as the bits of an integer. Uncovered boxes are found by halving the space:
a part where the rows' volumes add up to its own is covered (they are disjoint), so only parts with a gap are entered.
"""

from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import reduce
from itertools import combinations
from math import ceil, floor, prod
from operator import or_

from policy.decision_tables.intervals import Interval, Value, format_bound
from policy.decision_tables.unary_tests import KeyCell, format_name

Box = tuple[int, ...]
Edge = tuple[int | Decimal, int]  # a value, and 0 just before it or 1 just after it
MOST_WORK = 2_000_000  # cells looked at before a search among overlapping rows gives up, and says so
MOST_PIECES = 3
MOST_CUTS = 100
OTHER_NAME = "any other"


@dataclass(frozen=True)
class Axis:
    """One column in atoms: ordered values between `edges`, or `names` (with all others as one more atom if `open`)."""

    name: str
    kind: str
    is_discrete: bool = False
    edges: tuple[Edge, ...] = ()
    names: tuple[str, ...] = ()
    has_other: bool = False

    @property
    def is_ordered(self) -> bool:
        return self.kind in ("number", "date")

    @property
    def full_mask(self) -> int:
        atoms = len(self.edges) + 1 if self.is_ordered else len(self.names) + self.has_other
        return (1 << atoms) - 1

    def mask_of_cell(self, cell: KeyCell) -> int:
        """The atoms that the cell accepts."""
        if cell.accepts_all:
            return self.full_mask
        if self.is_ordered:
            return reduce(or_, (self._mask_of_interval(interval) for interval in cell.intervals), 0)
        named = reduce(or_, (1 << self.names.index(value) for value in cell.values if value in self.names), 0)
        return self.full_mask & ~named if cell.negated else named

    def _mask_of_interval(self, interval: Interval) -> int:
        low, high = edges_of_interval(interval, whole=self.is_discrete)
        first = 0 if low is None else bisect_left(self.edges, low) + 1
        last = len(self.edges) + 1 if high is None else bisect_left(self.edges, high) + 1
        return ((1 << last) - 1) & ~((1 << first) - 1) if last > first else 0

    def intervals_of_mask(self, mask: int) -> list[Interval]:
        """The ordered values of a set of atoms, neighbours joined."""
        found, atom = [], 0
        while mask >> atom:
            if mask >> atom & 1:
                first = atom
                while mask >> atom & 1:
                    atom += 1
                found.append(self._interval_of_atoms(first, atom))
            atom += 1
        return found

    def _interval_of_atoms(self, first: int, last: int) -> Interval:
        low = self.edges[first - 1] if first else None
        high = self.edges[last - 1] if last <= len(self.edges) else None
        if self.is_discrete:
            return Interval(
                None if low is None else self._value_of_edge(low[0]),
                None if high is None else self._value_of_edge(high[0] - 1),
            )
        return Interval(
            None if low is None else self._value_of_edge(low[0]),
            None if high is None else self._value_of_edge(high[0]),
            low is not None and low[1] == 1,
            high is not None and high[1] == 0,
        )

    def _value_of_edge(self, number: int | Decimal) -> Value:
        return date.fromordinal(int(number)) if self.kind == "date" else Decimal(number)

    def to_unary_test(self, mask: int) -> str:
        """The unary test that accepts just these atoms."""
        if mask == self.full_mask:
            return "-"
        if self.is_ordered:
            return ", ".join(interval.to_unary_test() for interval in self.intervals_of_mask(mask))
        held = [format_name(name) for n, name in enumerate(self.names) if mask >> n & 1]
        if self.has_other and mask >> len(self.names):
            return f"not({', '.join(format_name(n) for at, n in enumerate(self.names) if not mask >> at & 1)})"
        return ", ".join(held)

    def sample_value(self, mask: int) -> str:
        """One value of these atoms, as a record would hold it."""
        if not self.is_ordered:
            held = [name for n, name in enumerate(self.names) if mask >> n & 1]
            return held[0] if held else OTHER_NAME
        interval = self.intervals_of_mask(mask)[0]
        if interval.low is not None and not interval.low_open:
            return format_bound(interval.low)
        if interval.high is not None and not interval.high_open:
            return format_bound(interval.high)
        if interval.low is None:
            return "0" if interval.high is None else format_bound(Decimal(str(interval.high)) - 1)
        low = Decimal(str(interval.low))
        return format_bound(low + 1 if interval.high is None else (low + Decimal(str(interval.high))) / 2)


def edges_of_interval(interval: Interval, *, whole: bool) -> tuple[Edge | None, Edge | None]:
    """The interval as [edge, edge); None is unbounded, or past the calendar's end."""
    low, high = _to_number(interval.low), _to_number(interval.high)
    if not whole:
        return (
            None if low is None else (low, int(interval.low_open)),
            None if high is None else (high, int(not interval.high_open)),
        )
    first = None if low is None else floor(low) + 1 if interval.low_open else ceil(low)
    last = None if high is None else ceil(high) if interval.high_open else floor(high) + 1
    unbounded = isinstance(interval.high, date) and last is not None and last > date.max.toordinal()
    return None if first is None else (first, 0), None if last is None or unbounded else (last, 0)


def _to_number(value: Value | None) -> int | Decimal | None:
    return value.toordinal() if isinstance(value, date) else value


def build_ordered_axis(name: str, kind: str, cells: list[KeyCell], *, whole: bool) -> Axis:
    """A column of numbers or dates, cut where the cells' intervals begin and end."""
    spans = [edges_of_interval(interval, whole=whole) for cell in cells for interval in cell.intervals]
    edges = {edge for pair in spans for edge in pair if edge is not None}
    return Axis(name, kind, whole, tuple(sorted(edges)))


def build_named_axis(name: str, kind: str, cells: list[KeyCell], codes: frozenset[str]) -> Axis:
    """A column of names: the closed list `codes`, or else those of the cells and any other."""
    if kind == "boolean":
        return Axis(name, kind, names=("false", "true"))
    named = codes or frozenset(value for cell in cells for value in cell.values)
    return Axis(name, kind, names=tuple(sorted(named)), has_other=not codes)


def intersect_boxes(a: Box, b: Box) -> Box | None:
    """What two boxes have in common, or None."""
    both = tuple(x & y for x, y in zip(a, b, strict=True))
    return both if all(both) else None


def find_overlaps(rows: list[Box]) -> Iterator[tuple[int, int, Box]]:
    """Every pair of rows that answer for one record, and the region in which they do."""
    if not rows:
        return
    # The column that tells rows apart best is asked first, so that most pairs are settled by it.
    order = sorted(
        range(len(rows[0])), key=lambda at: sum(row[at].bit_count() for row in rows) / _count_used_atoms(rows, at)
    )
    asked = [tuple(row[at] for at in order) for row in rows]
    for (first, a), (second, b) in combinations(enumerate(asked), 2):
        for x, y in zip(a, b, strict=True):
            if not x & y:
                break
        else:
            box = intersect_boxes(rows[first], rows[second])
            if box:
                yield first, second, box


def _count_used_atoms(rows: list[Box], at: int) -> int:
    return reduce(or_, (row[at] for row in rows)).bit_count() or 1


def box_volume(box: Box) -> int:
    return prod(part.bit_count() for part in box)


def find_uncovered(
    whole: Box, rows: list[Box], *, pairs: list[tuple[int, int]] | None, runs: list[bool], most: int
) -> tuple[list[Box], bool, bool]:
    """(disjoint boxes that no row covers, each as large as it can be; whether there are more; whether all was seen).

    `pairs`: the rows that overlap, all of them, or None if they are too many to know. Disjoint rows are decided by
    volume, without a limit; overlapping ones are cut into disjoint pieces first, or, where these become too many,
    decided by containment up to MOST_WORK. `runs` says of each column that a gap is to be one run of neighbours.
    """
    pieces = _split_disjoint(rows) if pairs is None else _cut_overlaps(rows, pairs)
    disjoint = pieces is not None
    rows = rows if pieces is None else pieces
    found: list[Box] = []
    todo, work = [(whole, rows)], 0
    while todo:
        box, near = todo.pop()
        inside = _clip_to_box(near, box)
        known = _clip_to_box(found, box)
        work += len(near) * len(box)
        if _is_covered(box, [*inside, *known], disjoint=disjoint):
            continue
        if not inside and not known:
            if len(found) == most:
                return found, True, True
            found.append(_grow_box(box, whole, [*rows, *found], runs))
            todo.append((box, near))  # what the run left out
            continue
        if work > MOST_WORK and not disjoint:
            return found, False, False
        inside = inside if disjoint else list(dict.fromkeys(inside))
        at, cut = _choose_split(box, [*inside, *known])
        for half in (cut, box[at] & ~cut):
            todo.append(((*box[:at], half, *box[at + 1 :]), inside))
    return found, False, True


def _cut_overlaps(rows: list[Box], pairs: list[tuple[int, int]]) -> list[Box]:
    """The rows, the later of two that overlap without what the earlier takes."""
    parts = [[row] for row in rows]
    for first, second in pairs:
        parts[second] = [piece for part in parts[second] for piece in _subtract_box(part, rows[first])]
    return [piece for part in parts for piece in part]


def _split_disjoint(rows: list[Box]) -> list[Box] | None:
    """Disjoint boxes that cover the same; None when they would be more than MOST_PIECES for each row."""
    found: list[Box] = []
    for row in sorted(rows, key=box_volume, reverse=True):
        left = [row]
        for taken in found:
            if intersect_boxes(row, taken):
                left = [piece for part in left for piece in _subtract_box(part, taken)]
            if len(left) > MOST_PIECES * len(rows):
                return None
        found += left
        if len(found) > MOST_PIECES * len(rows):
            return None
    return found


def _subtract_box(box: Box, taken: Box) -> Iterator[Box]:
    """The box without what another takes, in disjoint parts."""
    if not intersect_boxes(box, taken):
        yield box
        return
    for at, part in enumerate(box):
        if part & ~taken[at]:
            yield (*box[:at], part & ~taken[at], *box[at + 1 :])
        box = (*box[:at], part & taken[at], *box[at + 1 :])


def _is_covered(box: Box, inside: list[Box], *, disjoint: bool) -> bool:
    if disjoint:
        return sum(map(box_volume, inside)) == box_volume(box)
    return box in inside


def _clip_to_box(rows: list[Box], box: Box) -> list[Box]:
    """The parts of the rows inside a box, for those that have any."""
    for at, part in enumerate(box):
        rows = [row for row in rows if row[at] & part]
    return [tuple(x & y for x, y in zip(row, box, strict=True)) for row in rows]


def _choose_split(box: Box, inside: list[Box]) -> tuple[int, int]:
    """The column and the set of its atoms that halve the box best along the edge of a row."""
    best, found = 2.0, (0, 0)
    some = inside[:: len(inside) // MOST_CUTS + 1]
    for at, part in enumerate(box):
        size = part.bit_count()
        for cut in {row[at] for row in some}:
            if cut != part:
                off = abs(cut.bit_count() / size - 0.5)
                if off < best:
                    best, found = off, (at, cut)
    return found


def _grow_box(box: Box, whole: Box, taken: list[Box], runs: list[bool]) -> Box:
    """The largest uncovered box around a corner of an uncovered one, by the order in which its columns are widened."""
    seed = tuple(part & -part if run else part for part, run in zip(box, runs, strict=True))
    orders = [(*range(first, len(box)), *range(first)) for first in range(len(box))]
    return max((_widen_along(seed, whole, taken, runs, order) for order in orders), key=box_volume)


def _widen_along(box: Box, whole: Box, taken: list[Box], runs: list[bool], order: tuple[int, ...]) -> Box:
    grown = list(box)
    for at in order:
        blocked = 0
        others = [n for n in range(len(grown)) if n != at]
        for row in taken:
            for n in others:
                if not row[n] & grown[n]:
                    break
            else:
                blocked |= row[at]
        free = whole[at] & ~blocked
        grown[at] = _free_run(free, grown[at]) if runs[at] else free
    return tuple(grown)


def _free_run(free: int, atom: int) -> int:
    """The neighbours around one atom that are all free."""
    at = atom.bit_length() - 1
    taken = ~free
    low = (taken & ((1 << at) - 1)).bit_length()
    above = taken >> at
    high = at + (above & -above).bit_length() - 1
    return ((1 << high) - 1) & ~((1 << low) - 1)
