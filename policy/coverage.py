"""Overlaps and gaps of a limit table, over all key columns and the dates in force together, each with a witness."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from itertools import combinations, pairwise

from policy import unary_tests
from policy.expressions import KINDS
from policy.model import FOREVER, LimitColumn, LimitRow, LimitTable, Problem
from policy.unary_tests import Cell, Interval, UnaryTestError, Value

MOST_GAPS = 5
DATES = "in force"


def _discrete(column: LimitColumn) -> bool:
    return column.type in ("integer", "date")


def _cells(table: LimitTable) -> list[tuple[LimitRow, list[Cell]]]:
    """The readable rows; a cell that cannot be read is reported where rules are compiled."""
    found = []
    for row in table.rows:
        force = Interval(row.effective_from, None if row.effective_to == FOREVER else row.effective_to, high_open=True)
        try:
            keys = [unary_tests.parse(row.cells[key.name], KINDS.get(key.type, "text")) for key in table.keys]
        except UnaryTestError:
            continue
        found.append((row, [Cell("date", intervals=(force,)), *keys]))
    return found


def _names(table: LimitTable) -> list[str]:
    return [DATES, *(key.name for key in table.keys)]


def overlaps(table: LimitTable) -> Iterator[Problem]:
    """Two rows of a `unique` table that answer for one record."""
    if table.hit_policy != "unique":
        return
    discrete = [True, *(_discrete(key) for key in table.keys)]
    for (first, a), (second, b) in combinations(_cells(table), 2):
        shared = []
        for left, right, whole in zip(a, b, discrete, strict=True):
            witness = left.overlap(right, whole)
            if witness is None:
                break
            shared.append(witness)
        else:
            record = ", ".join(f"{name} = {value}" for name, value in zip(_names(table), shared, strict=True))
            message = f"answers for the same record as row {first.place.row} ({first.row_id}): {record}."
            yield Problem("error", second.place.table, second.place.row, "row_id", message, "Make the keys disjoint.")


@dataclass(frozen=True)
class Domain:
    """What values one column can take: ordered ones, whole or not, or names (`codes`: no others than these)."""

    kind: str
    discrete: bool
    codes: frozenset[str] = frozenset()


def gaps(table: LimitTable, codes: Mapping[str, frozenset[str]]) -> Iterator[Problem]:
    """Records that no row answers for, from the first day in force on; they are judged not_assessable.

    `codes` gives the closed code list of a key column, so that a list named in full has no gap.
    """
    rows = _cells(table)
    if not rows:
        return
    kinds = [Domain("date", True)]
    kinds += [Domain(KINDS.get(k.type, "text"), _discrete(k), codes.get(k.name, frozenset())) for k in table.keys]
    start = min(row.effective_from for row, _ in rows)
    found: list[list[str]] = []
    _search([cells for _, cells in rows], kinds, 0, [], found, Interval(low=start))
    for region in found[:MOST_GAPS]:
        record = ", ".join(f"{name} {part}" for name, part in zip(_names(table), region, strict=False))
        place = table.rows[0].place
        yield Problem("warning", place.table, 1, "-", f"no row answers for: {record}.", "Add a row, or widen one.")


def _search(
    rows: list[list[Cell]], kinds: list[Domain], depth: int, path: list[str], found: list[list[str]], domain: Interval
) -> None:
    """Splits the domain of one column where a row begins or ends, and goes on with the rows that hold in each part."""
    if len(found) >= MOST_GAPS:
        return
    if not rows:
        found.append(path)
        return
    if depth == len(kinds):
        return
    here = kinds[depth]
    discrete = here.discrete
    ordered = here.kind in ("number", "date")
    parts = _ordered_parts(rows, depth, domain, discrete) if ordered else _named_parts(rows, depth, here)
    seen: set[tuple[int, ...]] = set()
    for label, cell in parts:
        holding = [row for row in rows if row[depth].overlap(cell, discrete) is not None]
        key = tuple(map(id, holding))
        if key in seen and holding:
            continue
        seen.add(key)
        _search(holding, kinds, depth + 1, [*path, label], found, Interval())


def _ordered_parts(rows: list[list[Cell]], depth: int, domain: Interval, discrete: bool) -> list[tuple[str, Cell]]:
    bounds: set[Value] = {
        bound for row in rows for i in row[depth].intervals for bound in (i.low, i.high) if bound is not None
    }
    ordered = sorted(bounds)  # type: ignore[type-var]
    edges: list[Value | None] = [None, *ordered, None]
    parts = [Interval(low, high, True, True) for low, high in pairwise(edges)]
    parts += [Interval(bound, bound) for bound in ordered]
    kind = "date" if any(not isinstance(bound, Decimal) for bound in ordered) else "number"
    cut = [part.meets(domain) for part in parts]
    return [
        (_said(part), Cell(kind, any=part == Interval(), intervals=(part,)))
        for part in cut
        if part == Interval() or unary_tests.witness(part, discrete) is not None
    ]


def _said(part: Interval) -> str:
    if part.low is not None and part.low == part.high:
        return f"= {part.low}"
    low = "" if part.low is None else f"{'>' if part.low_open else '>='} {part.low}"
    high = "" if part.high is None else f"{'<' if part.high_open else '<='} {part.high}"
    return " and ".join(filter(None, (low, high))) or "any"


def _named_parts(rows: list[list[Cell]], depth: int, domain: Domain) -> list[tuple[str, Cell]]:
    named = frozenset(value for row in rows for value in row[depth].values) | domain.codes
    if domain.kind == "boolean":
        named = frozenset({"true", "false"})
    parts = [(f"= {value}", Cell(domain.kind, values=frozenset({value}))) for value in sorted(named)]
    closed = domain.kind == "boolean" or domain.codes
    return parts if closed else [*parts, ("= any other", Cell(domain.kind, values=named, negated=True))]
