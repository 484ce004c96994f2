"""The columns of a decision table cut into atoms: between two cuts all values are alike.

A set of atoms of one column is held as the bits of an integer, a mask.
"""

from bisect import bisect_left
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import reduce
from math import ceil, floor
from operator import or_

from policy.decision_tables.intervals import Interval, Value, format_bound
from policy.decision_tables.key_cells import KeyCell
from policy.decision_tables.unary_tests import format_name

Edge = tuple[int | Decimal, int]  # a value, and 0 just before it or 1 just after it
OTHER_NAME = "any other"


@dataclass(frozen=True)
class Axis:
    """One column in atoms: ordered values between `edges`, or `names`, and all others as one more if `has_other`."""

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
        shown = [format_name(name) for n, name in enumerate(self.names) if mask >> n & 1]
        if self.has_other and mask >> len(self.names):
            return f"not({', '.join(format_name(n) for at, n in enumerate(self.names) if not mask >> at & 1)})"
        return ", ".join(shown)

    def sample_value(self, mask: int) -> str:
        """One value of these atoms, as a record would have it."""
        if not self.is_ordered:
            named = [name for n, name in enumerate(self.names) if mask >> n & 1]
            return named[0] if named else OTHER_NAME
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
