"""What follows from an extension, before and after, as the what-if page shows it."""

from typing import Any

import polars as pl
import streamlit as st

from pages.ui.app import queries
from pages.ui.app.page_frame import View
from pages.ui.format import citations
from pages.ui.format.values import unit_word
from pages.ui.i18n import language, numbers
from pages.ui.i18n.language import pick, say
from pages.ui.widgets import tables
from policy.extensions import extension_decision
from policy.extensions.consequences import Change, RatioChange
from policy.extensions.extension_decision import Request

COLUMNS = {"outcome": "text", "before": "text", "after": "text", "change": "text", "clause": "text"}


def rows(view: View, asked: Request) -> list[tuple[str, ...]]:
    """What follows from the request, in the columns of COLUMNS."""
    found = queries.ask(extension_decision.consequences, view.policy, view.as_of, asked)
    return [_changed(view, change) for change in found.changes] + [_moved(view, ratio) for ratio in found.ratios]


def section(view: View, asked: Request) -> None:
    found = rows(view, asked)
    if not found:
        st.info(say("outcomes.none"))
        return
    st.caption(say("outcomes.note"))
    tables.show(pl.DataFrame(found, schema=list(COLUMNS), orient="row"), COLUMNS, height="content")


def _changed(view: View, change: Change) -> tuple[str, ...]:
    row = change.row
    before = _written(change, change.before) if row.state == "both" else numbers.NOTHING
    moved = _written(change, change.difference) if row.type == "money" and change.difference else ""
    crossed = say("outcomes.changed") if row.type == "code" and change.before != change.after else ""
    clause = citations.of(view.policy, row.clause_id)
    return pick(row.zh, row.en), before, _written(change, change.after), _signed(moved) or crossed, clause


def _written(change: Change, value: Any) -> str:
    row = change.row
    if value is None:
        return numbers.NOTHING
    if row.type == "date":
        return numbers.day(value)
    if row.type == "money":
        return numbers.amount(value)
    if row.type == "rate":
        return numbers.share(value)
    if row.codes:
        return language.code_labels(row.codes).get(value, value)
    return f"{value} {unit_word(row.unit, value)}".strip()


def _signed(text: str) -> str:
    return text if not text or text.startswith(("-", "−")) else f"+{text}"


def _moved(view: View, ratio: RatioChange) -> tuple[str, ...]:
    title = say("outcomes.at_level", ratio=pick(ratio.row.zh, ratio.row.en), level=say(f"level.{ratio.level}"))
    both = ratio.before is not None and ratio.after is not None
    points = numbers.points(float(ratio.after - ratio.before)) if both and ratio.after != ratio.before else ""
    clause = citations.of(view.policy, ratio.row.clause_id)
    return title, numbers.share(ratio.before), numbers.share(ratio.after), points or "", clause
