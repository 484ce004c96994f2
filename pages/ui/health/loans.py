"""The loans behind the choices, the largest first, a page at a time, with a link to each loan."""

import polars as pl
import streamlit as st

from data.queries import composition
from pages.ui.app import queries, record_names, snapshot_view, url_state
from pages.ui.health.page_scope import HealthScope
from pages.ui.i18n import language, numbers
from pages.ui.i18n.language import t
from pages.ui.widgets import tables

PAGE_SIZE = 20
COLUMNS = {
    "loan_id": "text",
    "borrower_name": "text",
    "balance": "amount",
    "classification": "text",
    "days_past_due": "count",
    "guarantee_type": "text",
    "current_maturity": "date",
    "branch": "text",
    "manager": "text",
}


def draw_loans(scope: HealthScope) -> None:
    """The list, its pages, and a link to the selected loan."""
    number = max(1, int(url_state.get_param("part") or 1)) if (url_state.get_param("part") or "1").isdecimal() else 1
    rows = _load_rows(scope, number)
    if rows.is_empty() and number > 1:
        number, rows = 1, _load_rows(scope, 1)
    if rows.is_empty():
        st.info(t("health.no_loans"))
        return
    of = rows["of"][0]
    st.caption(
        t(
            "health.rank_range",
            first=numbers.format_count((number - 1) * PAGE_SIZE + 1),
            last=numbers.format_count((number - 1) * PAGE_SIZE + rows.height),
            of=numbers.format_count(of),
        )
    )
    selected = tables.draw_table(
        _label_rows(scope, rows), COLUMNS, key=f"health_loans:{number}", selectable=True, height=tables.TALL_HEIGHT
    )
    with st.container(horizontal=True, vertical_alignment="center"):
        _draw_page_button("‹", number - 1, number > 1, "back")
        st.text(t("health.page", n=numbers.format_count(number), of=numbers.format_count(-(-of // PAGE_SIZE))))
        _draw_page_button("›", number + 1, number * PAGE_SIZE < of, "on")
        if selected is not None and selected < rows.height:
            snapshot_view.draw_page_link("loan", loan=rows["loan_id"][selected], as_of=scope.view.as_of.isoformat())
        else:
            st.caption(t("health.pick_loan"))


def _draw_page_button(sign: str, number: int, possible: bool, key: str) -> None:
    st.button(
        sign,
        key=f"turn_{key}",
        disabled=not possible,
        help=t(f"health.turn_{key}"),
        on_click=url_state.set_param,
        args=("part", [str(number)]),
    )


def _load_rows(scope: HealthScope, number: int) -> pl.DataFrame:
    return queries.cached_query(
        composition.list_loans,
        *scope.query_key,
        scope.chosen_parts,
        scope.loan_filters,
        PAGE_SIZE,
        (number - 1) * PAGE_SIZE,
    )


def _label_rows(scope: HealthScope, rows: pl.DataFrame) -> pl.DataFrame:
    return record_names.add_branch_and_manager(scope.view, rows).with_columns(
        pl.col(name).replace(language.code_labels(name)) for name in ("classification", "guarantee_type")
    )


def format_total(scope: HealthScope) -> str:
    """How many loans are chosen, and their balance, in words."""
    if scope.loan_filters:
        return t("health.selection_at_closing")
    sums = queries.cached_query(composition.sum_selection, *scope.query_key, scope.chosen_parts)
    return t(
        "health.selection",
        n=numbers.format_count(sums["loans"]),
        amount=numbers.format_compact_amount(sums["balance"] if sums["valued"] else None),
    )
