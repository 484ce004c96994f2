"""DMN unary tests: what may stand in a key cell of a limit table, as a set of values that SQL and the linter share."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal, InvalidOperation
from functools import reduce

from sqlglot import exp

from policy import functions

Value = Decimal | date
RANGE = re.compile(r"^([\[(\]])\s*(.+?)\s*\.\.\s*(.+?)\s*([\])\[])$")
COMPARISON = re.compile(r"^(<=|>=|<|>)\s*(.+)$")
NEGATION = re.compile(r"^not\s*\((.*)\)$", re.DOTALL)


class UnaryTestError(Exception):
    """The cell is no unary test of its column's type."""


@dataclass(frozen=True)
class Interval:
    """Ordered values between two bounds; None is unbounded."""

    low: Value | None = None
    high: Value | None = None
    low_open: bool = False
    high_open: bool = False

    def meets(self, other: "Interval") -> "Interval":
        low, low_open = _tighter(self.low, self.low_open, other.low, other.low_open, largest=True)
        high, high_open = _tighter(self.high, self.high_open, other.high, other.high_open, largest=False)
        return Interval(low, high, low_open, high_open)


@dataclass(frozen=True)
class Cell:
    """The values a key cell accepts: all of them; intervals of ordered values; or named values, perhaps negated."""

    kind: str
    any: bool = False
    intervals: tuple[Interval, ...] = ()
    values: frozenset[str] = frozenset()
    negated: bool = False

    def overlap(self, other: "Cell", discrete: bool) -> object | None:
        """A value that both accept, or None; `discrete` values are whole numbers (or days)."""
        if self.any or other.any:
            return (other if self.any else self).sample(discrete)
        if self.kind in ("number", "date"):
            meets = [a.meets(b) for a in self.intervals for b in other.intervals]
            return next((w for m in meets if (w := witness(m, discrete)) is not None), None)
        return _shared_value(self, other)

    def sample(self, discrete: bool) -> object:
        """Any value this cell accepts."""
        if self.any:
            return "anything"
        if self.kind in ("number", "date"):
            return next((w for i in self.intervals if (w := witness(i, discrete)) is not None), "anything")
        return "any other" if self.negated else min(self.values)

    def sql(self, column: exp.Expression) -> exp.Expression:
        """TRUE, FALSE, or NULL where the column is unknown and the cell asks for it."""
        if self.any:
            return exp.true()
        if self.kind in ("number", "date"):
            parts = [_interval_sql(interval, column, self.kind) for interval in self.intervals]
            return exp.paren(reduce(lambda a, b: exp.Or(this=a, expression=b), parts))
        members = [functions.literal(self.kind, value) for value in sorted(self.values)]
        test: exp.Expression = exp.In(this=column.copy(), expressions=members)
        return exp.Not(this=exp.paren(test)) if self.negated else test


def _tighter(
    a: Value | None, a_open: bool, b: Value | None, b_open: bool, *, largest: bool
) -> tuple[Value | None, bool]:
    if a is None or b is None:
        return (b, b_open) if a is None else (a, a_open)
    if a == b:
        return a, a_open or b_open
    first = a > b if largest else a < b  # type: ignore[operator]
    return (a, a_open) if first else (b, b_open)


def witness(interval: Interval, discrete: bool) -> Value | None:
    """A value inside the interval, or None when it is empty."""
    if interval.low is None and interval.high is None:
        return Decimal(0)
    if interval.low is None or interval.high is None:
        return _beyond(interval)
    low, high = interval.low, interval.high
    if low == high:
        return low if not (interval.low_open or interval.high_open) else None
    if low > high:  # type: ignore[operator]
        return None
    if not interval.low_open:
        return low
    if discrete or isinstance(low, date):
        first = low + timedelta(days=1) if isinstance(low, date) else Decimal(int(low // 1) + 1)
        inside = first < high or (first == high and not interval.high_open)  # type: ignore[operator]
        return first if inside else None
    return (low + high) / 2  # type: ignore[operator]


def _beyond(interval: Interval) -> Value | None:
    """The first value inside an interval that is unbounded on one side; None past the calendar's end."""
    bound = interval.low if interval.low is not None else interval.high
    is_open = interval.low_open if interval.low is not None else interval.high_open
    if not is_open:
        return bound
    step = timedelta(days=1) if isinstance(bound, date) else Decimal(1)
    try:
        return bound + step if interval.low is not None else bound - step  # type: ignore[operator, return-value]
    except OverflowError:
        return None


def _shared_value(a: Cell, b: Cell) -> str | None:
    if a.negated and b.negated:
        return "any other"
    shared = b.values - a.values if a.negated else a.values - b.values if b.negated else a.values & b.values
    return min(shared) if shared else None


def _interval_sql(interval: Interval, column: exp.Expression, kind: str) -> exp.Expression:
    parts: list[exp.Expression] = []
    if interval.low is not None:
        node = exp.GT if interval.low_open else exp.GTE
        parts.append(node(this=column.copy(), expression=functions.literal(kind, str(interval.low))))
    if interval.high is not None:
        node = exp.LT if interval.high_open else exp.LTE
        parts.append(node(this=column.copy(), expression=functions.literal(kind, str(interval.high))))
    if not parts:
        return exp.true()
    return exp.paren(reduce(lambda a, b: exp.And(this=a, expression=b), parts))


def _number(text: str) -> Decimal:
    try:
        number = Decimal(text)
    except InvalidOperation as error:
        raise UnaryTestError(f"'{text}' is no number.") from error
    if not number.is_finite():
        raise UnaryTestError(f"'{text}' is no number.")
    return number


def _date(text: str) -> date:
    try:
        return date.fromisoformat(text.removeprefix('date("').removesuffix('")'))
    except ValueError as error:
        raise UnaryTestError(f"'{text}' is no date; write 2024-07-01.") from error


_ORDERED: dict[str, Callable[[str], Value]] = {"number": _number, "date": _date}


def _interval(text: str, value: Callable[[str], Value]) -> Interval:
    if match := RANGE.match(text):
        left, low, high, right = match.groups()
        interval = Interval(value(low), value(high), left != "[", right != "]")
        if witness(interval, discrete=False) is None:
            raise UnaryTestError(f"'{text}' holds no value.")
        return interval
    if match := COMPARISON.match(text):
        sign, bound = match.group(1), value(match.group(2))
        if sign.startswith("<"):
            return Interval(high=bound, high_open=sign == "<")
        return Interval(low=bound, low_open=sign == ">")
    return Interval(value(text), value(text))


def complement(intervals: list[Interval]) -> list[Interval]:
    """All values in none of the intervals."""
    rest = [Interval()]
    for taken in intervals:
        below = Interval(high=taken.low, high_open=not taken.low_open) if taken.low is not None else None
        above = Interval(low=taken.high, low_open=not taken.high_open) if taken.high is not None else None
        parts = [part.meets(side) for part in rest for side in (below, above) if side]
        rest = [part for part in parts if witness(part, discrete=False) is not None]
    return rest


def parse(text: str, kind: str) -> Cell:
    """One key cell; `kind` is number, date, boolean or text. Raises UnaryTestError."""
    if text in ("-", ""):
        return Cell(kind, any=True)
    negation = NEGATION.match(text)
    parts = [part.strip() for part in (negation.group(1) if negation else text).split(",")]
    if not all(parts):
        raise UnaryTestError(f"'{text}' has an empty part.")
    if kind in _ORDERED:
        intervals = [_interval(part, _ORDERED[kind]) for part in parts]
        return Cell(kind, intervals=tuple(complement(intervals) if negation else intervals))
    values = frozenset(part.strip('"') for part in parts)
    if kind == "boolean" and not values <= {"true", "false"}:
        raise UnaryTestError(f"'{text}' is no boolean; write true or false.")
    return Cell(kind, values=values, negated=bool(negation))
