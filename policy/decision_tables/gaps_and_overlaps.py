"""Overlaps and gaps of a limit table as regions: exact bounds in each key column and the dates in force, a witness."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import cached_property
from itertools import islice

from data.language.expressions import KINDS
from data.messages.catalogue import BilingualText, bilingual
from policy.decision_tables import lookups, regions
from policy.decision_tables.axes import Axis, build_named_axis, build_ordered_axis
from policy.decision_tables.intervals import Interval
from policy.decision_tables.key_cells import KeyCell
from policy.decision_tables.regions import Box
from policy.decision_tables.unary_tests import UnaryTestError
from policy.model.problem import Problem
from policy.model.records import FOREVER, LimitRow, LimitTable

MOST_REGIONS = 20
DATES_COLUMN = "in force"
DISCRETE_TYPES = ("integer", "date")
COPIED_COLUMNS = ("clause_id", "evidence")  # what the row that closes a gap takes from its neighbour


@dataclass(frozen=True)
class Region:
    """Records of a decision table: some of the atoms of each column, the dates in force first."""

    axes: tuple[Axis, ...]
    box: Box

    def tests_by_column(self) -> dict[str, str]:
        """The unary test of each column."""
        return {axis.name: axis.to_unary_test(part) for axis, part in zip(self.axes, self.box, strict=True)}

    def cells_by_column(self) -> dict[str, KeyCell]:
        """The values of each column, as what SQL is made of."""
        return {axis.name: _cell_of_atoms(axis, part) for axis, part in zip(self.axes, self.box, strict=True)}

    def sample_record(self) -> dict[str, str]:
        """One record of the region."""
        day = self.axes[0].sample_value(self.box[0])
        parts = [(axis, part) for axis, part in zip(self.axes, self.box, strict=True)]
        return {a.name: day if a.kind == "date" and part == a.full_mask else a.sample_value(part) for a, part in parts}

    @property
    def description(self) -> BilingualText:
        tests = [f"{name} {_describe_test(test)}" for name, test in self.tests_by_column().items() if test != "-"]
        record = ", ".join(f"{name} = {value}" for name, value in self.sample_record().items())
        return bilingual(
            "decision_tables.region_with_example",
            tests=", ".join(tests) or bilingual("decision_tables.any_record"),
            record=record,
        )

    def __str__(self) -> str:
        return str(self.description)


def _describe_test(test: str) -> str:
    return test if test[0] in "<>[(]" or test.startswith("not(") else f"in ({test})" if ", " in test else f"= {test}"


def _cell_of_atoms(axis: Axis, part: int) -> KeyCell:
    if part == axis.full_mask:
        return KeyCell(axis.kind, accepts_all=True)
    if axis.is_ordered:
        return KeyCell(axis.kind, intervals=tuple(axis.intervals_of_mask(part)))
    beyond = axis.has_other and bool(part >> len(axis.names) & 1)
    named = frozenset(name for n, name in enumerate(axis.names) if bool(part >> n & 1) != beyond)
    return KeyCell(axis.kind, values=named, negated=beyond)


@dataclass(frozen=True)
class Grid:
    """The readable rows of a table as boxes over its columns; a cell that cannot be read is reported elsewhere."""

    table: LimitTable
    axes: tuple[Axis, ...]
    rows: tuple[LimitRow, ...]
    boxes: tuple[Box, ...]

    @cached_property
    def full_box(self) -> Box:
        """All records from the first day in force on."""
        return (self.axes[0].full_mask & ~1, *(axis.full_mask for axis in self.axes[1:]))

    @cached_property
    def overlapping_pairs(self) -> list[tuple[int, int, Box]]:
        """The first MOST_REGIONS pairs of rows that match the same record, and one more if there is one."""
        return list(islice(regions.find_overlaps(list(self.boxes)), MOST_REGIONS + 1))

    def find_overlaps(self) -> Iterator[tuple[LimitRow, LimitRow, Region]]:
        """These pairs as rows, and where they overlap."""
        for first, second, box in self.overlapping_pairs:
            yield self.rows[first], self.rows[second], Region(self.axes, box)

    def find_gaps(self, most: int = MOST_REGIONS) -> "Gaps":
        """The records that no row matches."""
        known = len(self.overlapping_pairs) <= MOST_REGIONS
        pairs = [(first, second) for first, second, _ in self.overlapping_pairs] if known else None
        runs = [axis.is_ordered for axis in self.axes]
        boxes, more, complete = regions.find_uncovered(
            self.full_box, list(self.boxes), pairs=pairs, runs=runs, most=most
        )
        found = [Region(self.axes, box) for box in boxes]
        return Gaps(tuple(sorted(found, key=lambda gap: gap.box, reverse=True)), more, complete)


@dataclass(frozen=True)
class Gaps:
    """Disjoint regions; `more`: there are others; not `complete`: the search gave up before it had seen all."""

    regions: tuple[Region, ...]
    has_more: bool
    is_complete: bool


def build_grid(table: LimitTable, codes: Mapping[str, frozenset[str]]) -> Grid:
    """`codes` gives the closed code list of a key column, so that a list named in full has no gap."""
    rows, cells = [], []
    for row in table.rows:
        try:
            keys = [lookups.parse_key_cell(key, row.cells[key.name]) for key in table.key_columns]
        except UnaryTestError:
            continue
        force = Interval(row.effective_from, None if row.effective_to == FOREVER else row.effective_to, high_open=True)
        rows.append(row)
        cells.append([KeyCell("date", intervals=(force,)), *keys])
    axes = [build_ordered_axis(DATES_COLUMN, "date", [row[0] for row in cells], whole=True)]
    for at, key in enumerate(table.key_columns, start=1):
        column, kind = [row[at] for row in cells], KINDS.get(key.type, "text")
        if kind in ("number", "date"):
            axes.append(build_ordered_axis(key.name, kind, column, whole=key.type in DISCRETE_TYPES))
        else:
            axes.append(build_named_axis(key.name, kind, column, codes.get(key.name, frozenset())))
    boxes = [tuple(axis.mask_of_cell(cell) for axis, cell in zip(axes, row, strict=True)) for row in cells]
    return Grid(table, tuple(axes), tuple(rows), tuple(boxes))


def lint_grid(grid: Grid) -> Iterator[Problem]:
    """The findings about one table: rows of a `unique` table that match the same record, and what no row matches."""
    if not grid.rows:
        return
    if grid.table.hit_policy == "unique":
        yield from _lint_overlaps(grid)
    yield from _lint_gaps(grid)


def _table_problem(grid: Grid, level: str, column: str, message: BilingualText, fix: BilingualText) -> Problem:
    """A finding about the table as a whole, shown at its header."""
    return Problem(level, grid.rows[0].place.table, 1, column, message, fix)


def _lint_overlaps(grid: Grid) -> Iterator[Problem]:
    for first, second, region in islice(grid.find_overlaps(), MOST_REGIONS):
        message = bilingual(
            "decision_tables.rows_overlap",
            row=first.place.row,
            row_id=first.row_id,
            region=region.description,
        )
        place, fix = second.place, bilingual("decision_tables.make_keys_disjoint")
        yield Problem("error", place.table, place.row, "row_id", message, fix)
    if len(grid.overlapping_pairs) > MOST_REGIONS:
        yield _table_problem(
            grid,
            "error",
            "row_id",
            bilingual("decision_tables.more_rows_overlap"),
            bilingual("decision_tables.correct_these_first"),
        )


def _lint_gaps(grid: Grid) -> Iterator[Problem]:
    def warning(message: BilingualText, fix: BilingualText) -> Problem:
        return _table_problem(grid, "warning", "-", message, fix)

    gaps = grid.find_gaps()
    for gap in gaps.regions:
        yield warning(bilingual("decision_tables.gap", gap=gap.description), bilingual("decision_tables.add_row_widen"))
    if gaps.has_more:
        yield warning(
            bilingual("decision_tables.more_gaps", MOST_REGIONS=MOST_REGIONS),
            bilingual("decision_tables.close_these_first"),
        )
    if not gaps.is_complete:
        yield warning(bilingual("decision_tables.too_many_overlapping_rows"), bilingual("decision_tables.split_table"))


def draft_closing_rows(found: Grid, gap: Region, taken: set[str]) -> list[dict[str, str]]:
    """The rows that would close a gap, one for each stretch of days, limits blank: they are the bank's to decide.

    Clause and evidence are those of the row nearest to the gap. The ids are added to `taken`.
    """
    meets = [sum(bool(a & b) for a, b in zip(box, gap.box, strict=True)) for box in found.boxes]
    near = found.rows[meets.index(max(meets))]
    tests = gap.tests_by_column()
    tests.pop(DATES_COLUMN)
    rows = []
    for days in gap.axes[0].intervals_of_mask(gap.box[0]):
        row_id = _next_free_id(near.row_id, taken)
        taken.add(row_id)
        ends = "" if days.high is None else str(days.high + timedelta(days=1))  # type: ignore[operator]
        limits = {column.name: "" for column in found.table.columns if column.role == "limit"}
        own = {name: getattr(near, name) for name in COPIED_COLUMNS}
        rows.append(
            {"row_id": row_id}
            | tests
            | limits
            | own
            | {
                "effective_from": str(days.low),
                "effective_to": ends,
                "reading_zh": "",
                "reading_en": "",
            }
        )
    return rows


def _next_free_id(near: str, taken: set[str]) -> str:
    """The first free id that goes on counting as the table does: TC-4 after TC-3."""
    stem = re.sub(r"-?[0-9]+\Z", "", near)
    number = 1
    while f"{stem}-{number}" in taken:
        number += 1
    return f"{stem}-{number}"
