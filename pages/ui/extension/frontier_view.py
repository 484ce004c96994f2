"""The frontier on the page: every new maturity and day of application, to be read by hovering and taken by a click."""

from bisect import bisect_right
from datetime import date, timedelta
from itertools import pairwise

import polars as pl
import streamlit as st

from pages.ui.app import queries, url_state
from pages.ui.app.page_frame import View
from pages.ui.charts import drawing, frontier_chart
from pages.ui.i18n import language, numbers
from pages.ui.i18n.language import pick, say
from policy.extensions import frontier
from policy.extensions.extension_decision import Decision, Request
from policy.extensions.frontier import Block
from policy.model.records import Policy

COLUMNS, ROWS = 48, 24  # cells across and down, besides those that begin at an edge
MARGIN = 0.25  # what is shown past the last edge, as a part of what lies before it
SHORTEST = timedelta(366)


def draw(view: View, decision: Decision, asked: Request) -> None:
    blocks = queries.ask(frontier.blocks, view.policy, view.as_of, asked.loan_id, asked.consent)
    if not blocks:
        st.info(say("whatif.no_frontier"))
        return
    found = cells(view.policy, blocks, asked)
    marks = _marks(("whatif.new_maturity", asked.requested_maturity), ("whatif.latest", decision.latest_permitted))
    key = f"frontier:{hash((asked, view.as_of))}"
    words = list(language.terms("decision_short").values())
    dates = (asked.requested_maturity, asked.application_date, decision.apply_by)
    chart = frontier_chart.plane(found, dates, words)
    drawing.put(chart, _spoken(view.policy, blocks), key=key, picked=lambda: _taken(key))
    st.caption(say("whatif.frontier_note", day=numbers.day(max(block.to_to for block in blocks))))
    st.markdown(f"**{say('whatif.which_rule', day=numbers.day(asked.application_date))}**")
    _rules(view, asked, marks, max(found["x2"]))


def _taken(key: str) -> None:
    """Both days of the cell that was clicked on."""
    found = drawing.points(key)
    if found:
        url_state.put("to", [str(found[0]["to"])])
        url_state.put("applied", [str(found[0]["applied"])])


def _marks(*days: tuple[str, date | None]) -> pl.DataFrame:
    rows = [(say(name), day, numbers.day(day)) for name, day in days if day]
    return pl.DataFrame(rows, schema={"name": pl.String, "day": pl.Date, "text": pl.String}, orient="row")


def _spoken(policy: Policy, blocks: list[Block]) -> str:
    """The frontier in words, for who cannot see it."""
    words, titles = language.terms("decision_short"), _titles(policy)
    return "; ".join(
        f"{numbers.day(b.applied_from)}–{numbers.day(b.applied_to)} → {numbers.day(b.to_from)}–{numbers.day(b.to_to)}: "
        f"{words[b.verdict]} {', '.join(titles.get(rule, rule) for rule in b.blocked_by)}"
        for b in blocks
    )


def cells(policy: Policy, blocks: list[Block], asked: Request) -> pl.DataFrame:
    """The blocks cut into cells to click on: [x, x2, y, y2, to, applied, verdict, to_text, applied_text, why].

    The last day of a cell is the day it stands for: just before an edge that is the last day that may be had.
    """
    first, last = min(b.to_from for b in blocks), _shown_until(blocks, asked)
    columns = _cut(first, last, [b.to_from for b in blocks], COLUMNS)
    begin, end = min(b.applied_from for b in blocks), max(b.applied_to for b in blocks)
    rows = _cut(begin, end, [b.applied_from for b in blocks], ROWS)
    words, titles = language.terms("decision_short"), _titles(policy)
    across = [(x, x2, (x2 - timedelta(1)), numbers.day(x2 - timedelta(1))) for x, x2 in columns]
    found = []
    for (y, y2), line in zip(rows, _lines(blocks, [y for y, _ in rows]), strict=True):
        starts = [block.to_from for block in line]
        applied = y2 - timedelta(1)
        said = numbers.day(applied)
        for x, x2, to, text in across:
            block = line[bisect_right(starts, x) - 1]
            why = pick("；", "; ").join(titles.get(rule, rule) for rule in block.blocked_by) or numbers.NOTHING
            found.append((x, x2, y, y2, to.isoformat(), applied.isoformat(), words[block.verdict], text, said, why))
    schema = ["x", "x2", "y", "y2", "to", "applied", "verdict", "to_text", "applied_text", "why"]
    return pl.DataFrame(found, schema=schema, orient="row")


def _shown_until(blocks: list[Block], asked: Request) -> date:
    """A little past the last day on which anything changes; what is beyond is like it."""
    first, end = min(b.to_from for b in blocks), max(b.to_to for b in blocks)
    edge = max([b.to_from for b in blocks] + [min(asked.requested_maturity, end)])
    return min(end, first + max(SHORTEST, (edge - first) * (1 + MARGIN)))


def _cut(first: date, last: date, edges: list[date], most: int) -> list[tuple[date, date]]:
    """The days from first to last as spans that begin at every edge and are else about even: (from, the day after)."""
    step = -(-((last - first).days + 1) // most)
    starts = {first + timedelta(n) for n in range(0, (last - first).days + 1, step)} | {
        edge for edge in edges if first <= edge <= last
    }
    ordered = [*sorted(starts), last + timedelta(1)]
    return list(pairwise(ordered))


def _lines(blocks: list[Block], days: list[date]) -> list[list[Block]]:
    """For each day of application the blocks it lies in, by their first new maturity."""
    return [
        sorted((b for b in blocks if b.applied_from <= day <= b.applied_to), key=lambda block: block.to_from)
        for day in days
    ]


def _titles(policy: Policy) -> dict[str, str]:
    return {rule_id: pick(r.title_zh, r.title_en) for rule_id, r in policy.rules.items()}


def stretches(view: View, asked: Request) -> pl.DataFrame:
    """One line for the verdict, one for each rule that blocks somewhere: [line, start, end, verdict, days, why]."""
    blocks = queries.ask(frontier.blocks, view.policy, view.as_of, asked.loan_id, asked.consent, asked.application_date)
    words, titles = language.terms("decision_short"), _titles(view.policy)
    rows = [
        (say("whatif.overall"), b.to_from, b.to_to, words[b.verdict], [titles.get(r, r) for r in b.blocked_by])
        for b in blocks
    ]
    for rule in dict.fromkeys(rule for block in blocks for rule in block.blocked_by):
        rows += [
            (titles.get(rule, rule), start, end, words["blocked"], [titles.get(rule, rule)])
            for start, end in _runs([b for b in blocks if rule in b.blocked_by])
        ]
    return pl.DataFrame(
        [
            (line, start, end + timedelta(1), verdict, f"{numbers.day(start)} – {numbers.day(end)}", "; ".join(why))
            for line, start, end, verdict, why in rows
        ],
        schema=["line", "start", "end", "verdict", "days", "why"],
        orient="row",
    )


def _runs(blocks: list[Block]) -> list[tuple[date, date]]:
    """Spans of days without a hole."""
    found: list[tuple[date, date]] = []
    for block in blocks:
        if found and found[-1][1] + timedelta(1) == block.to_from:
            found[-1] = (found[-1][0], block.to_to)
        else:
            found.append((block.to_from, block.to_to))
    return found


def _rules(view: View, asked: Request, marks: pl.DataFrame, until: date) -> None:
    """Which rule blocks where, asked on the day of the request."""
    rows = stretches(view, asked).filter(pl.col("start") < until)
    shown = rows.with_columns(end=pl.min_horizontal("end", pl.lit(until)))
    chart = drawing.strip(shown, marks.filter(pl.col("day") < until), list(language.terms("decision_short").values()))
    told = shown.select("line", "verdict", "days").iter_rows()
    drawing.put(chart, "; ".join(f"{line}: {verdict} {days}" for line, verdict, days in told))
