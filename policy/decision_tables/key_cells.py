"""What a key cell of a limit table accepts, as a set of values and as a SQL condition."""

from dataclasses import dataclass
from functools import reduce

from sqlglot import exp

from data.language import functions
from policy.decision_tables.intervals import Interval

KEY_KINDS = ("number", "date", "boolean", "text")
ORDERED_KINDS = ("number", "date")


@dataclass(frozen=True)
class KeyCell:
    """The values a key cell accepts: all of them; intervals of ordered values; or named values, perhaps negated."""

    kind: str
    accepts_all: bool = False
    intervals: tuple[Interval, ...] = ()
    values: frozenset[str] = frozenset()
    negated: bool = False

    def sql_condition(self, column: exp.Expr) -> exp.Expr:
        """TRUE, FALSE, or NULL where the column is unknown and the cell tests it."""
        if self.accepts_all:
            return exp.true()
        if self.kind in ORDERED_KINDS:
            parts = [_interval_condition(interval, column, self.kind) for interval in self.intervals]
            return exp.Paren(this=reduce(lambda a, b: exp.Or(this=a, expression=b), parts))
        members = [functions.sql_literal(self.kind, value) for value in sorted(self.values)]
        test: exp.Expr = exp.In(this=column.copy(), expressions=members)
        return exp.Not(this=exp.paren(test)) if self.negated else test


def _interval_condition(interval: Interval, column: exp.Expr, kind: str) -> exp.Expr:
    parts: list[exp.Expr] = []
    if interval.low is not None:
        above: type[exp.Expr] = exp.GT if interval.low_open else exp.GTE
        parts.append(above(this=column.copy(), expression=functions.sql_literal(kind, str(interval.low))))
    if interval.high is not None:
        below: type[exp.Expr] = exp.LT if interval.high_open else exp.LTE
        parts.append(below(this=column.copy(), expression=functions.sql_literal(kind, str(interval.high))))
    return exp.Paren(this=reduce(lambda a, b: exp.And(this=a, expression=b), parts))
