"""Intervals of ordered values, numbers or dates, as a key cell or a region states them."""

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

Value = Decimal | date


@dataclass(frozen=True)
class Interval:
    """Ordered values between two bounds; None is unbounded."""

    low: Value | None = None
    high: Value | None = None
    low_open: bool = False
    high_open: bool = False

    def intersect(self, other: "Interval") -> "Interval":
        low, low_open = _tighter_bound(self.low, self.low_open, other.low, other.low_open, largest=True)
        high, high_open = _tighter_bound(self.high, self.high_open, other.high, other.high_open, largest=False)
        return Interval(low, high, low_open, high_open)

    def to_unary_test(self) -> str:
        """The unary test that accepts just these values."""
        if self.low is None and self.high is None:
            return "-"
        if self.low == self.high:
            return format_bound(self.low)
        if self.low is None:
            return f"{'<' if self.high_open else '<='} {format_bound(self.high)}"
        if self.high is None:
            return f"{'>' if self.low_open else '>='} {format_bound(self.low)}"
        ends = "(" if self.low_open else "[", ")" if self.high_open else "]"
        return f"{ends[0]}{format_bound(self.low)}..{format_bound(self.high)}{ends[1]}"


def format_bound(value: Value | None) -> str:
    """A bound as a cell writes it: 2024-07-01, 500000, 0.7."""
    return f"{value:f}" if isinstance(value, Decimal) else str(value)


def _tighter_bound(
    a: Value | None, a_open: bool, b: Value | None, b_open: bool, *, largest: bool
) -> tuple[Value | None, bool]:
    if a is None or b is None:
        return (b, b_open) if a is None else (a, a_open)
    if a == b:
        return a, a_open or b_open
    first = a > b if largest else a < b  # type: ignore[operator]
    return (a, a_open) if first else (b, b_open)


def sample_value(interval: Interval, discrete: bool) -> Value | None:
    """A value inside the interval, or None when it is empty; `discrete` values are whole numbers (or days)."""
    if interval.low is None and interval.high is None:
        return Decimal(0)
    if interval.low is None or interval.high is None:
        return _value_past_bound(interval)
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


def _value_past_bound(interval: Interval) -> Value | None:
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


def complement(intervals: list[Interval]) -> list[Interval]:
    """All values in none of the intervals."""
    rest = [Interval()]
    for taken in intervals:
        below = Interval(high=taken.low, high_open=not taken.low_open) if taken.low is not None else None
        above = Interval(low=taken.high, low_open=not taken.high_open) if taken.high is not None else None
        parts = [part.intersect(side) for part in rest for side in (below, above) if side]
        rest = [part for part in parts if sample_value(part, discrete=False) is not None]
    return rest
