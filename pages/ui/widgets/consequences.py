"""What follows from an extension, before and after, as the what-if page shows it."""

from typing import Any

import polars as pl
import streamlit as st

from pages.ui.app import queries
from pages.ui.app.snapshot_view import SnapshotView
from pages.ui.format import citations
from pages.ui.format.values import format_unit
from pages.ui.i18n import language, numbers
from pages.ui.i18n.language import by_language, t
from pages.ui.widgets import tables
from policy.extensions import extension_decision
from policy.extensions.consequences import OutcomeChange, RatioChange
from policy.extensions.extension_decision import Request

COLUMNS = {"outcome": "text", "before": "text", "after": "text", "change": "text", "clause": "text"}


def build_rows(view: SnapshotView, request: Request) -> list[tuple[str, ...]]:
    """What follows from the request, in the columns of COLUMNS."""
    found = queries.cached_query(extension_decision.compute_consequences, view.policy, view.as_of, request)
    return [_build_change_row(view, change) for change in found.changes] + [
        _build_ratio_row(view, ratio) for ratio in found.ratios
    ]


def draw_table(view: SnapshotView, request: Request) -> None:
    found = build_rows(view, request)
    if not found:
        st.info(t("consequences.none"))
        return
    st.caption(t("consequences.note"))
    tables.draw_table(pl.DataFrame(found, schema=list(COLUMNS), orient="row"), COLUMNS, height="content")


def _build_change_row(view: SnapshotView, change: OutcomeChange) -> tuple[str, ...]:
    row = change.consequence
    before = _format_value(change, change.before) if row.state == "both" else numbers.NOTHING
    moved = _format_value(change, change.difference) if row.type == "money" and change.difference else ""
    crossed = t("consequences.changed") if row.type == "code" and change.before != change.after else ""
    clause = citations.cite_clauses(view.policy, row.clause_id)
    return by_language(row.zh, row.en), before, _format_value(change, change.after), _add_sign(moved) or crossed, clause


def _format_value(change: OutcomeChange, value: Any) -> str:
    row = change.consequence
    if value is None:
        return numbers.NOTHING
    if row.type == "date":
        return numbers.format_day(value)
    if row.type == "money":
        return numbers.format_amount(value)
    if row.type == "rate":
        return numbers.format_share(value)
    if row.codes:
        return language.code_labels(row.codes).get(value, str(value))
    return f"{value} {format_unit(row.unit, value)}".strip()


def _add_sign(text: str) -> str:
    return text if not text or text.startswith(("-", "−")) else f"+{text}"


def _build_ratio_row(view: SnapshotView, ratio: RatioChange) -> tuple[str, ...]:
    title = t(
        "consequences.at_level",
        ratio=by_language(ratio.exposure_ratio.zh, ratio.exposure_ratio.en),
        level=t(f"level.{ratio.level}"),
    )
    clause = citations.cite_clauses(view.policy, ratio.exposure_ratio.clause_id)
    return (
        title,
        numbers.format_share(ratio.before),
        numbers.format_share(ratio.after),
        _format_ratio_change(ratio),
        clause,
    )


def _format_ratio_change(ratio: RatioChange) -> str:
    """The change in percentage points; empty where there is none or one side is unknown."""
    if ratio.before is None or ratio.after is None or ratio.after == ratio.before:
        return ""
    return numbers.format_point_change(float(ratio.after - ratio.before)) or ""
