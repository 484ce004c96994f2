"""The snapshots of the book with the batches that made and corrected them, and the choice of one."""

from datetime import date
from typing import Any

import polars as pl
import streamlit as st

from data.facts import derivation
from data.queries import snapshots
from pages.ui.app import queries, url_state
from pages.ui.i18n import numbers
from pages.ui.i18n.language import t
from pages.ui.imports import withdrawal
from pages.ui.widgets import tables

SNAPSHOTS = {
    "as_of": "date",
    "loans": "count",
    "balance": "amount",
    "loaded_at": "text",
    "files": "text",
    "state": "text",
}


def draw_snapshots() -> date | None:
    """The table, a row for each batch; the day chosen."""
    if queries.find_reader() is None:
        return None
    listed = queries.cached_query(snapshots.list_snapshots)
    if not listed:
        return None
    st.subheader(t("import.snapshots"))
    rows = [
        {
            "as_of": entry["as_of"],
            "loans": entry["loans"],
            "balance": entry["balance"],
            "loaded_at": numbers.format_timestamp(batch["loaded_at"]),
            "files": ", ".join(batch["files"] or []),
            "state": _format_state(batch),
        }
        for entry in reversed(listed)
        for batch in entry["batches"]
    ]
    tables.draw_table(pl.DataFrame(rows, infer_schema_length=None), SNAPSHOTS, height=tables.SHORT_HEIGHT)
    withdrawal.draw_withdrawal(listed)
    return _choose_snapshot()


def _format_state(batch: dict[str, Any]) -> str:
    if batch["withdrawn_at"] is not None:
        return t("import.withdrawn_at", at=numbers.format_timestamp(batch["withdrawn_at"]))
    return t("import.superseded") if batch["corrected"] else t("import.active")


def _choose_snapshot() -> date | None:
    """The day chosen in the address; None where no snapshot has facts."""
    days = queries.cached_query(derivation.list_dates_with_facts)[::-1]
    if not days:
        return None
    with st.columns([1, 3])[0]:
        chosen = url_state.select_persisted(
            "as_of", t("frame.as_of"), {day.isoformat(): numbers.format_day(day) for day in days}
        )
    return date.fromisoformat(chosen)
