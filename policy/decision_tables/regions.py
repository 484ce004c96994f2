"""Regions of records, over all columns of a decision table together: where rows overlap, and where none matches.

A region is a box: the mask of a set of atoms in each column (see axes). Uncovered boxes are found by halving the space:
a part where the rows' volumes add up to its own is covered (they are disjoint), so only parts with a gap are entered.
"""

from collections.abc import Iterator
from functools import reduce
from itertools import combinations
from math import prod
from operator import or_

Box = tuple[int, ...]
MOST_WORK = 2_000_000  # cells looked at before a search among overlapping rows gives up
MOST_PIECES = 3
MOST_CUTS = 100


def intersect_boxes(a: Box, b: Box) -> Box | None:
    """What two boxes have in common, or None."""
    both = tuple(x & y for x, y in zip(a, b, strict=True))
    return both if all(both) else None


def find_overlaps(rows: list[Box]) -> Iterator[tuple[int, int, Box]]:
    """Every pair of rows that match the same record, and the region in which they do."""
    if not rows:
        return
    # The column that separates rows best comes first, so that it settles most pairs.
    order = sorted(
        range(len(rows[0])), key=lambda at: sum(row[at].bit_count() for row in rows) / _count_used_atoms(rows, at)
    )
    ordered = [tuple(row[at] for at in order) for row in rows]
    for (first, a), (second, b) in combinations(enumerate(ordered), 2):
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
