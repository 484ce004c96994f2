"""The loans behind what is chosen: the largest first, a page at a time, each leading to what is known of it."""

import polars as pl
import streamlit as st

from data.queries import composition
from pages.ui.app import page_frame, queries, record_names, url_state
from pages.ui.health.page_scope import Scope
from pages.ui.i18n import language, numbers
from pages.ui.i18n.language import say
from pages.ui.widgets import tables

PAGE = 20
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


def show(scope: Scope) -> None:
    """The list, its pages, and the way to the loan that is picked."""
    number = max(1, int(url_state.get("part") or 1)) if (url_state.get("part") or "1").isdecimal() else 1
    rows = _rows(scope, number)
    if rows.is_empty() and number > 1:
        number, rows = 1, _rows(scope, 1)
    if rows.is_empty():
        st.info(say("health.no_loans"))
        return
    of = rows["of"][0]
    st.caption(
        say(
            "health.listed",
            first=numbers.count((number - 1) * PAGE + 1),
            last=numbers.count((number - 1) * PAGE + rows.height),
            of=numbers.count(of),
        )
    )
    picked = tables.show(_worded(scope, rows), COLUMNS, key=f"health_loans:{number}", pick=True, height=tables.TALL)
    with st.container(horizontal=True, vertical_alignment="center"):
        _turn("‹", number - 1, number > 1, "back")
        st.text(say("health.page", n=numbers.count(number), of=numbers.count(-(-of // PAGE))))
        _turn("›", number + 1, number * PAGE < of, "on")
        if picked is not None and picked < rows.height:
            page_frame.link("loan", loan=rows["loan_id"][picked], as_of=scope.view.as_of.isoformat())
        else:
            st.caption(say("health.pick_loan"))


def _turn(sign: str, number: int, possible: bool, key: str) -> None:
    st.button(
        sign,
        key=f"turn_{key}",
        disabled=not possible,
        help=say(f"health.turn_{key}"),
        on_click=url_state.put,
        args=("part", [str(number)]),
    )


def _rows(scope: Scope, number: int) -> pl.DataFrame:
    return queries.ask(composition.loans, *scope.key, scope.chosen, scope.origin, PAGE, (number - 1) * PAGE)


def _worded(scope: Scope, rows: pl.DataFrame) -> pl.DataFrame:
    return record_names.places(scope.view, rows).with_columns(
        pl.col(name).replace(language.code_labels(name)) for name in ("classification", "guarantee_type")
    )


def total(scope: Scope) -> str:
    """How many loans are chosen, and their balance, in words."""
    if scope.origin:
        return say("health.chosen_moved")
    sums = queries.ask(composition.total, *scope.key, scope.chosen)
    return say(
        "health.chosen",
        n=numbers.count(sums["loans"]),
        amount=numbers.compact(sums["balance"] if sums["valued"] else None),
    )
