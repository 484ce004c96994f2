"""Overlaps and gaps are found exactly: against every record of small domains, and fast on large tables."""

import random
import time
from datetime import date, timedelta
from decimal import Decimal
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.linting import random_partition_boxes
from policy.decision_tables import gaps_and_overlaps, key_cells, regions, unary_tests
from policy.model.problem import SourceLocation
from policy.model.records import FOREVER, LimitColumn, LimitRow, LimitTable

START = date(2024, 1, 1)
DAYS = [START + timedelta(days=n) for n in range(5)]
NUMBERS = [Decimal(n) / 2 for n in range(-1, 10)]
CODES = ("a", "b", "c")
TYPES = {"n": "number", "i": "integer", "c": "code", "d": "date", "b": "boolean"}

bound_indexes = st.integers(0, 4)
numeric_cells = st.one_of(
    st.just("-"),
    st.builds("{} {}".format, st.sampled_from(["<", "<=", ">", ">="]), bound_indexes),
    st.builds(
        lambda a, n, o, c: f"{o}{a}..{a + n + 1}{c}",
        bound_indexes,
        bound_indexes,
        st.sampled_from("[(]"),
        st.sampled_from("])["),
    ),
    st.builds(lambda a, b: f"{a}, > {b}", bound_indexes, bound_indexes),
    st.builds("not({})".format, bound_indexes),
)
date_cells = st.one_of(
    st.just("-"),
    st.builds(lambda n: f"<= {DAYS[n]}", bound_indexes),
    st.builds(lambda n: f'> date("{DAYS[n]}")', bound_indexes),
    st.builds(lambda n: f"not({DAYS[n]})", bound_indexes),
)
code_cells = st.one_of(
    st.just("-"),
    st.sets(st.sampled_from(CODES), min_size=1).map(lambda s: ", ".join(sorted(s))),
    st.sets(st.sampled_from(CODES), min_size=1).map(lambda s: f"not({', '.join(sorted(s))})"),
)
CELLS = {
    "n": numeric_cells,
    "i": numeric_cells,
    "c": code_cells,
    "d": date_cells,
    "b": st.sampled_from(["-", "true", "false", "not(true)"]),
}
DOMAINS = {"n": NUMBERS, "i": [Decimal(n) for n in range(-1, 8)], "c": (*CODES, "z"), "d": DAYS, "b": ("true", "false")}


def _build_table(
    names: list[str], rows: list[tuple[dict[str, str], int, int]], hit_policy: str = "unique"
) -> LimitTable:
    columns = [LimitColumn("t", name, "key", TYPES[name], "", "", "") for name in names]
    found = []
    for n, (cells, first, length) in enumerate(rows):
        ends = FOREVER if length > 4 else START + timedelta(days=first + length)
        place = SourceLocation("limits/t.csv", n + 2)
        found.append(
            LimitRow(f"T-{n + 1}", cells, "C", "bank default", START + timedelta(days=first), ends, "", "", place)
        )
    return LimitTable("t", hit_policy, (*columns, LimitColumn("t", "x", "limit", "integer", "", "", "")), tuple(found))


@st.composite
def limit_tables(draw: st.DrawFn) -> LimitTable:
    names = draw(st.lists(st.sampled_from(sorted(TYPES)), min_size=1, max_size=3, unique=True))
    row = st.tuples(st.fixed_dictionaries({name: CELLS[name] for name in names}), st.integers(0, 2), st.integers(1, 6))
    return _build_table(names, draw(st.lists(row, min_size=1, max_size=6)))


def _cell_accepts(cell: key_cells.KeyCell, value: object) -> bool:
    if cell.accepts_all:
        return True
    if cell.kind in ("number", "date"):
        return any(
            (i.low is None or value > i.low or (value == i.low and not i.low_open))
            and (i.high is None or value < i.high or (value == i.high and not i.high_open))
            for i in cell.intervals
        )
    return (value in cell.values) != cell.negated


def _row_answers(table: LimitTable, row: LimitRow, record: tuple) -> bool:
    day, *keys = record
    cells = [
        unary_tests.parse(row.cells[k.name], "text" if k.type == "code" else k.type.replace("integer", "number"))
        for k in table.key_columns
    ]
    return row.effective_from <= day < row.effective_to and all(map(_cell_accepts, cells, keys))


def _all_records(table: LimitTable) -> list[tuple]:
    return list(product(DAYS, *(DOMAINS[key.name] for key in table.key_columns)))


@settings(max_examples=100, deadline=None)
@given(limit_tables(), st.booleans())
def test_overlaps_and_gaps_are_those_of_every_single_record(table: LimitTable, closed: bool) -> None:
    found = gaps_and_overlaps.build_grid(table, {"c": frozenset(CODES)} if closed else {})
    first_day = min(row.effective_from for row in table.rows)
    records = [r for r in _all_records(table) if r[0] >= first_day]
    if closed and "c" in TYPES and any(key.name == "c" for key in table.key_columns):
        at = 1 + [key.name for key in table.key_columns].index("c")
        records = [r for r in records if r[at] != "z"]
    answers = {r: [row.row_id for row in table.rows if _row_answers(table, row, r)] for r in records}

    overlapping = {(a.row_id, b.row_id) for a, b, _ in found.find_overlaps()}
    seen = {(a, b) for rows in answers.values() for n, a in enumerate(rows) for b in rows[n + 1 :]}
    assert seen <= overlapping
    for first, second, region in found.find_overlaps():
        cells = list(region.cells_by_column().values())
        inside = [r for r in records if all(map(_cell_accepts, cells, r))]
        assert all({first.row_id, second.row_id} <= set(answers[r]) for r in inside)

    gaps = found.find_gaps(most=10_000)
    assert gaps.is_complete and not gaps.has_more
    cells = [list(gap.cells_by_column().values()) for gap in gaps.regions]
    for record, rows in answers.items():
        held = [all(map(_cell_accepts, gap, record)) for gap in cells]
        assert sum(held) == (0 if rows else 1), (record, rows)


@settings(max_examples=100, deadline=None)
@given(limit_tables())
def test_witnesses_stand_in_their_regions_and_texts_read_back(table: LimitTable) -> None:
    found = gaps_and_overlaps.build_grid(table, {})
    for gap in found.find_gaps(most=50).regions:
        witness = gap.sample_record()
        for axis, part in zip(found.axes, gap.box, strict=True):
            cell = unary_tests.parse(axis.to_unary_test(part), axis.kind)
            assert axis.mask_of_cell(cell) == part
            point = witness[axis.name]
            value = point if not axis.is_ordered else unary_tests.parse(point, axis.kind).intervals[0].low
            assert _cell_accepts(gap.cells_by_column()[axis.name], value)


@settings(max_examples=60, deadline=None)
@given(limit_tables())
def test_the_rows_that_close_the_gaps_close_them_all(table: LimitTable) -> None:
    found = gaps_and_overlaps.build_grid(table, {})
    gaps = found.find_gaps(most=10_000)
    taken = {row.row_id for row in table.rows}
    rows = [row for gap in gaps.regions for row in gaps_and_overlaps.draft_closing_rows(found, gap, taken)]
    assert len(taken) == len(table.rows) + len(rows)
    added = [
        LimitRow(
            r["row_id"],
            {k: r[k] for k in (*[key.name for key in table.key_columns], "x")},
            r["clause_id"],
            r["evidence"],
            date.fromisoformat(r["effective_from"]),
            date.fromisoformat(r["effective_to"]) if r["effective_to"] else FOREVER,
            "",
            "",
            SourceLocation("t", 9),
        )
        for r in rows
    ]
    closed = gaps_and_overlaps.build_grid(LimitTable("t", table.hit_policy, table.columns, (*table.rows, *added)), {})
    assert closed.find_gaps().regions == ()
    mine = {row.row_id for row in table.rows}
    assert all(a.row_id in mine and b.row_id in mine for a, b, _ in closed.find_overlaps()), "new rows overlap nothing"


def _build_large_table(boxes: list[list[tuple[int, int]]], hit_policy: str = "unique") -> LimitTable:
    columns = [
        LimitColumn("t", f"k{n}", "key", "integer" if n % 2 else "money", "", "", "") for n in range(len(boxes[0]))
    ]
    said = lambda low, high: f"< {high}" if low == 0 else f">= {low}" if high == 10_000 else f"[{low}..{high})"  # noqa: E731
    rows = tuple(
        LimitRow(
            f"T-{n}",
            {f"k{c}": "-" if side == (0, 10_000) else said(*side) for c, side in enumerate(box)},
            "C",
            "e",
            START,
            FOREVER,
            "",
            "",
            SourceLocation("limits/t.csv", n + 2),
        )
        for n, box in enumerate(boxes)
    )
    return LimitTable("t", hit_policy, tuple(columns), rows)


def _time_check(table: LimitTable) -> tuple[float, list]:
    start = time.process_time()
    found = list(gaps_and_overlaps.lint_grid(gaps_and_overlaps.build_grid(table, {})))
    return time.process_time() - start, found


def test_a_thousand_rows_of_six_columns_are_proved_complete_in_seconds() -> None:
    seconds, found = _time_check(_build_large_table(random_partition_boxes(1000, 6, seed=1)))
    assert found == [] and seconds < 15


def test_holes_and_overlaps_in_a_large_table_are_found_exactly() -> None:
    boxes = random_partition_boxes(1000, 6, seed=2)
    table = _build_large_table([box for n, box in enumerate(boxes) if n not in (10, 500)])
    gaps = gaps_and_overlaps.build_grid(table, {}).find_gaps()
    assert not gaps.has_more and gaps.is_complete
    assert sum(regions.box_volume(gap.box) for gap in gaps.regions) > 0
    lost = [boxes[n] for n in (10, 500)]
    assert len(gaps.regions) == 2
    for gap in gaps.regions:
        point = [Decimal(value) for value in list(gap.sample_record().values())[1:]]
        inside = [
            all((a == 0 or p >= a) and (b == 10_000 or p < b) for (a, b), p in zip(box, point, strict=True))
            for box in lost
        ]
        assert sum(inside) == 1
    seconds, found = _time_check(_build_large_table([*boxes, boxes[3]]))
    assert [p.level for p in found] == ["error"] and "matches the same record as row 5" in found[0].message
    assert seconds < 15


@settings(max_examples=100, deadline=None)
@given(limit_tables())
def test_rows_that_overlap_too_much_to_be_cut_apart_are_searched_just_as_exactly(table: LimitTable) -> None:
    """The search by containment, which only tables with very many overlaps need, finds the same records."""
    found = gaps_and_overlaps.build_grid(table, {})
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(regions, "MOST_PIECES", 0)
        boxes, more, complete = regions.find_uncovered(
            found.full_box, list(found.boxes), pairs=None, runs=[axis.is_ordered for axis in found.axes], most=10_000
        )
    assert complete and not more
    gaps = found.find_gaps(most=10_000).regions
    assert sum(map(regions.box_volume, boxes)) == sum(regions.box_volume(gap.box) for gap in gaps)
    assert not any(regions.intersect_boxes(box, row) for box in boxes for row in found.boxes)


def test_random_rows_that_overlap_everywhere_stay_fast_and_say_that_more_exist() -> None:
    rng = random.Random(3)
    boxes = [[tuple(sorted(rng.sample(range(10_000), 2))) for _ in range(6)] for _ in range(1000)]
    for hit_policy in ("unique", "collect"):
        seconds, found = _time_check(_build_large_table(boxes, hit_policy))
        assert any("more than" in p.message or "to see all gaps" in p.message for p in found)
        assert seconds < 15
