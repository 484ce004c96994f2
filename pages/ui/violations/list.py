"""The list of the violations page, and the texts of its rows on screen and in the workbook."""

import polars as pl
import streamlit as st

from pages.ui.app import queries, record_names, url_state
from pages.ui.app.snapshot_view import SnapshotView
from pages.ui.format import values, verdict_text
from pages.ui.i18n import language, numbers
from pages.ui.i18n.language import by_language, t
from pages.ui.widgets import evidence_panel, tables
from policy.violations import violation_list
from policy.violations.facets import FilterResult

COLUMNS = {
    "severity": "text",
    "title": "text",
    "borrower_name": "text",
    "measured": "text",
    "limit_value": "text",
    "days_open": "count",
    "state": "text",
    "balance": "amount",
    "branch": "text",
    "manager": "text",
    "subject": "text",
    "subject_id": "text",
    "rule_id": "text",
}
WORKBOOK_COLUMNS = (
    "severity",
    "rule_id",
    "title",
    "subject",
    "subject_id",
    "loan_id",
    "borrower_id",
    "borrower_name",
    "branch_id",
    "branch_name",
    "officer_id",
    "balance",
    "measured",
    "limit_value",
    "unit",
    "state",
    "first_seen",
    "opened_on",
    "days_open",
    "times_reopened",
    "clause",
    "remedy",
)


def add_rule_texts(view: SnapshotView, rows: pl.DataFrame) -> pl.DataFrame:
    """Add what the policy says of each row's rule: severity, title, clause, unit, remedy, all in words."""
    about = [
        (
            r.rule_id,
            evidence_panel.format_severity(r.severity),
            by_language(r.title_zh, r.title_en),
            r.clause_id.replace("|", ", "),
            values.format_unit(r.unit),
            by_language(r.remedy_zh, r.remedy_en),
        )
        for r in view.policy.rules.values()
    ]
    schema = dict.fromkeys(["rule_id", "severity", "title", "clause", "unit", "remedy"], pl.String)
    terms = {name: language.labels_of_kind(kind) for name, kind in (("subject", "subject"), ("state", "life"))}
    return rows.join(
        pl.DataFrame(about, schema=schema, orient="row"), on="rule_id", how="left", maintain_order="left"
    ).with_columns(pl.col(name).replace(words) for name, words in terms.items() if name in rows.columns)


def load_page(view: SnapshotView, chosen: FilterResult, order: str, number: int) -> pl.DataFrame:
    """One page of the list, from 1."""
    offset = (number - 1) * tables.PAGE_SIZE
    criteria = chosen.criteria
    if order == violation_list.GRAVEST_FIRST:
        criteria, offset = violation_list.narrow_to_page(criteria, chosen.by_rule, tables.PAGE_SIZE, offset)
    rows = queries.cached_query(
        violation_list.page_of_violations, chosen.comparison, criteria, order, tables.PAGE_SIZE, offset
    )
    labelled = record_names.add_branch_and_manager(view, add_rule_texts(view, rows))
    return labelled.with_columns(_format_values(view, labelled, name) for name in ("measured", "limit_value"))


def _format_values(view: SnapshotView, rows: pl.DataFrame, column: str) -> pl.Series:
    """The values of the column, each in the unit of its row's rule."""
    pairs = rows.select(pl.struct("rule_id", column)).to_series()
    return numbers.format_series(
        pairs, lambda row: verdict_text.format_rule_value(view.policy, row["rule_id"], row[column])
    ).alias(column)


def load_all_rows(view: SnapshotView, chosen: FilterResult) -> pl.DataFrame:
    """All rows the filters leave, for the workbook."""
    rows = queries.cached_query(violation_list.page_of_violations, chosen.comparison, chosen.criteria)
    for name in ("measured", "limit_value"):
        rows = verdict_text.label_codes(view.policy, rows, name)
    return add_rule_texts(view, rows).select(WORKBOOK_COLUMNS)


def count_pages(chosen: FilterResult) -> int:
    return max(1, -(-chosen.violations // tables.PAGE_SIZE))


def format_severity_counts(chosen: FilterResult) -> str:
    return " · ".join(
        f"{evidence_panel.format_severity(code)} {numbers.format_count(n)}" for code, n in chosen.by_severity
    )


def draw_list(view: SnapshotView, chosen: FilterResult) -> None:
    """A page of the list; the selected row goes into the address."""
    orders = {order: t(f"order.{order}") for order in violation_list.ORDERS}
    with st.container(horizontal=True, vertical_alignment="bottom", horizontal_alignment="distribute"):
        order = url_state.select_segment("order", t("violations.order"), orders, next(iter(orders)))
        number = (
            st.pagination(count_pages(chosen), key=f"page:{hash((chosen, order))}") if count_pages(chosen) > 1 else 1
        )
    rows = load_page(view, chosen, order, number)
    key = f"list:{hash((chosen, order, number, view.as_of))}"
    row = tables.draw_table(rows, COLUMNS, key=key, selectable=True, height=tables.TALL_HEIGHT)
    if row is not None:
        url_state.set_param("violation", [rows["violation_id"][row]])
