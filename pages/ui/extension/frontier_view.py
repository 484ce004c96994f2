"""The frontier on the page: every new maturity and day of application, to be read by hovering and taken by a click."""

from bisect import bisect_right
from datetime import date, timedelta
from itertools import pairwise

import polars as pl
import streamlit as st

from pages.ui.app import queries, url_state
from pages.ui.app.snapshot_view import SnapshotView
from pages.ui.charts import drawing, frontier_chart
from pages.ui.i18n import language, numbers
from pages.ui.i18n.language import by_language, t
from policy.extensions import frontier
from policy.extensions.extension_decision import Decision, Request
from policy.extensions.frontier import FrontierBlock
from policy.model.records import Policy

GRID_COLUMNS, GRID_ROWS = 48, 24  # cells across and down, besides those that begin at an edge
MARGIN = 0.25  # what is shown past the last edge, as a part of what lies before it
MIN_SPAN = timedelta(366)


def draw_frontier(view: SnapshotView, decision: Decision, request: Request) -> None:
    blocks = queries.cached_query(frontier.compute_blocks, view.policy, view.as_of, request.loan_id, request.consent)
    if not blocks:
        st.info(t("whatif.no_frontier"))
        return
    found = build_cells(view.policy, blocks, request)
    marks = _build_day_marks(
        ("whatif.new_maturity", request.requested_maturity), ("whatif.latest", decision.latest_permitted)
    )
    key = f"frontier:{hash((request, view.as_of))}"
    words = list(language.labels_of_kind("decision_short").values())
    dates = (request.requested_maturity, request.application_date, decision.apply_by)
    chart = frontier_chart.build_plane(found, dates, words)
    drawing.show_chart(chart, _build_alt_text(view.policy, blocks), key=key, on_click=lambda: _apply_clicked_cell(key))
    st.caption(t("whatif.frontier_note", day=numbers.format_day(max(block.to_to for block in blocks))))
    st.markdown(f"**{t('whatif.which_rule', day=numbers.format_day(request.application_date))}**")
    _draw_rule_strip(view, request, marks, max(found["x2"]))


def _apply_clicked_cell(key: str) -> None:
    """Both days of the cell that was clicked on."""
    found = drawing.read_clicked_marks(key)
    if found:
        url_state.set_param("to", [str(found[0]["to"])])
        url_state.set_param("applied", [str(found[0]["applied"])])


def _build_day_marks(*days: tuple[str, date | None]) -> pl.DataFrame:
    rows = [(t(name), day, numbers.format_day(day)) for name, day in days if day]
    return pl.DataFrame(rows, schema={"name": pl.String, "day": pl.Date, "text": pl.String}, orient="row")


def _build_alt_text(policy: Policy, blocks: list[FrontierBlock]) -> str:
    """The frontier in words, for who cannot see it."""
    words, titles = language.labels_of_kind("decision_short"), _list_rule_titles(policy)
    return "; ".join(
        f"{numbers.format_day(b.applied_from)}–{numbers.format_day(b.applied_to)} → "
        f"{numbers.format_day(b.to_from)}–{numbers.format_day(b.to_to)}: "
        f"{words[b.verdict]} {', '.join(titles.get(rule, rule) for rule in b.blocked_by)}"
        for b in blocks
    )


def build_cells(policy: Policy, blocks: list[FrontierBlock], request: Request) -> pl.DataFrame:
    """The blocks cut into cells to click on: [x, x2, y, y2, to, applied, verdict, to_text, applied_text, why].

    The last day of a cell is the day it stands for: just before an edge that is the last day that may be had.
    """
    first, last = min(b.to_from for b in blocks), _compute_last_shown_day(blocks, request)
    columns = _split_days(first, last, [b.to_from for b in blocks], GRID_COLUMNS)
    begin, end = min(b.applied_from for b in blocks), max(b.applied_to for b in blocks)
    rows = _split_days(begin, end, [b.applied_from for b in blocks], GRID_ROWS)
    words, titles = language.labels_of_kind("decision_short"), _list_rule_titles(policy)
    across = [(x, x2, (x2 - timedelta(1)), numbers.format_day(x2 - timedelta(1))) for x, x2 in columns]
    found = []
    for (y, y2), line in zip(rows, _list_blocks_by_day(blocks, [y for y, _ in rows]), strict=True):
        starts = [block.to_from for block in line]
        applied = y2 - timedelta(1)
        said = numbers.format_day(applied)
        for x, x2, to, text in across:
            block = line[bisect_right(starts, x) - 1]
            why = by_language("；", "; ").join(titles.get(rule, rule) for rule in block.blocked_by) or numbers.NOTHING
            found.append((x, x2, y, y2, to.isoformat(), applied.isoformat(), words[block.verdict], text, said, why))
    schema = ["x", "x2", "y", "y2", "to", "applied", "verdict", "to_text", "applied_text", "why"]
    return pl.DataFrame(found, schema=schema, orient="row")


def _compute_last_shown_day(blocks: list[FrontierBlock], request: Request) -> date:
    """A little past the last day on which anything changes; what is beyond is like it."""
    first, end = min(b.to_from for b in blocks), max(b.to_to for b in blocks)
    edge = max([b.to_from for b in blocks] + [min(request.requested_maturity, end)])
    return min(end, first + max(MIN_SPAN, (edge - first) * (1 + MARGIN)))


def _split_days(first: date, last: date, edges: list[date], most: int) -> list[tuple[date, date]]:
    """The days from first to last as spans that begin at every edge and are else about even: (from, the day after)."""
    step = -(-((last - first).days + 1) // most)
    starts = {first + timedelta(n) for n in range(0, (last - first).days + 1, step)} | {
        edge for edge in edges if first <= edge <= last
    }
    ordered = [*sorted(starts), last + timedelta(1)]
    return list(pairwise(ordered))


def _list_blocks_by_day(blocks: list[FrontierBlock], days: list[date]) -> list[list[FrontierBlock]]:
    """For each day of application the blocks it lies in, by their first new maturity."""
    return [
        sorted((b for b in blocks if b.applied_from <= day <= b.applied_to), key=lambda block: block.to_from)
        for day in days
    ]


def _list_rule_titles(policy: Policy) -> dict[str, str]:
    return {rule_id: by_language(r.title_zh, r.title_en) for rule_id, r in policy.rules.items()}


def build_strip_rows(view: SnapshotView, request: Request) -> pl.DataFrame:
    """One line for the verdict, one for each rule that blocks somewhere: [line, start, end, verdict, days, why]."""
    blocks = queries.cached_query(
        frontier.compute_blocks, view.policy, view.as_of, request.loan_id, request.consent, request.application_date
    )
    words, titles = language.labels_of_kind("decision_short"), _list_rule_titles(view.policy)
    rows = [
        (t("whatif.overall"), b.to_from, b.to_to, words[b.verdict], [titles.get(r, r) for r in b.blocked_by])
        for b in blocks
    ]
    for rule in dict.fromkeys(rule for block in blocks for rule in block.blocked_by):
        rows += [
            (titles.get(rule, rule), start, end, words["blocked"], [titles.get(rule, rule)])
            for start, end in _merge_adjacent_blocks([b for b in blocks if rule in b.blocked_by])
        ]
    return pl.DataFrame(
        [
            (
                line,
                start,
                end + timedelta(1),
                verdict,
                f"{numbers.format_day(start)} – {numbers.format_day(end)}",
                "; ".join(why),
            )
            for line, start, end, verdict, why in rows
        ],
        schema=["line", "start", "end", "verdict", "days", "why"],
        orient="row",
    )


def _merge_adjacent_blocks(blocks: list[FrontierBlock]) -> list[tuple[date, date]]:
    """Spans of days without a hole."""
    found: list[tuple[date, date]] = []
    for block in blocks:
        if found and found[-1][1] + timedelta(1) == block.to_from:
            found[-1] = (found[-1][0], block.to_to)
        else:
            found.append((block.to_from, block.to_to))
    return found


def _draw_rule_strip(view: SnapshotView, request: Request, marks: pl.DataFrame, until: date) -> None:
    """Which rule blocks where, asked on the day of the request."""
    rows = build_strip_rows(view, request).filter(pl.col("start") < until)
    shown = rows.with_columns(end=pl.min_horizontal("end", pl.lit(until)))
    chart = frontier_chart.build_frontier_strip(
        shown, marks.filter(pl.col("day") < until), list(language.labels_of_kind("decision_short").values())
    )
    told = shown.select("line", "verdict", "days").iter_rows()
    drawing.show_chart(chart, "; ".join(f"{line}: {verdict} {days}" for line, verdict, days in told))
