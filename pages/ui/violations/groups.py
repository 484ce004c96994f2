"""The filtered violations, added up by rule, branch, account manager or borrower."""

import polars as pl
import streamlit as st

from pages.ui.app import queries, url_state
from pages.ui.app.snapshot_view import SnapshotView
from pages.ui.i18n import numbers
from pages.ui.i18n.language import by_language, t
from pages.ui.widgets import evidence_panel, tables
from policy.violations import results, violation_list
from policy.violations.facets import FilterResult
from policy.violations.violation_query import RunComparison, ViolationFilter

COLUMNS = {
    "name": "text",
    "violations": "count",
    "weight": "number",
    "loans": "count",
    "balance": "amount",
    "oldest": "date",
    "key": "text",
}
MAX_ROWS = 500


def draw_groups(view: SnapshotView, chosen: FilterResult) -> None:
    labels = {by: t(f"filter.{by}") for by in violation_list.GROUP_COLUMNS}
    by = url_state.select_segment("by", t("violations.by"), labels, next(iter(labels)))
    rows = sum_by_group(view, chosen.comparison, chosen.criteria, by, MAX_ROWS)
    st.caption(t("violations.by_note"))
    if rows.height == MAX_ROWS:
        st.caption(t("violations.by_first", n=numbers.format_count(MAX_ROWS)))
    row = tables.draw_table(rows, COLUMNS, key=f"by:{hash((chosen, by))}", selectable=True, height=tables.TALL_HEIGHT)
    if row is not None and rows["key"][row]:
        _filter_by_group(by, rows["key"][row])


def _filter_by_group(by: str, key: str) -> None:
    """The selected group becomes a filter of the list, which is shown."""
    url_state.set_param("q" if by == "borrower_id" else by, [key])
    url_state.set_param("show", [])
    st.rerun()


def sum_by_group(
    view: SnapshotView, compared: RunComparison, criteria: ViolationFilter, by: str, limit: int | None = None
) -> pl.DataFrame:
    """[key, name, violations, weight, loans, balance, oldest], the heaviest first."""
    rows = queries.cached_query(violation_list.group_violations, compared, criteria, by, view.currency, limit)
    names = _load_group_names(view, by, tuple(rows["key"].drop_nulls()))
    named = [names.get(key or "", t("violations.no_key") if key is None else "") for key in rows["key"]]
    return rows.with_columns(pl.Series("name", named, dtype=pl.String))


def _load_group_names(view: SnapshotView, by: str, keys: tuple[str, ...]) -> dict[str, str]:
    if by == "rule_id":
        return {
            r.rule_id: f"{evidence_panel.format_severity(r.severity)} · {by_language(r.title_zh, r.title_en)}"
            for r in view.policy.rules.values()
        }
    if by == "borrower_id":
        return queries.cached_query(violation_list.load_borrower_names, view.as_of, keys)
    known = queries.cached_query(
        results.load_branch_names if by == "branch_id" else results.load_officer_names, view.as_of
    )
    return {key: label.removeprefix(key).strip() for key, label in known.items()}
