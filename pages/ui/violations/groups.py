"""The violations that the filters leave, added up by rule, branch, account manager or borrower."""

import polars as pl
import streamlit as st

from pages.ui.app import queries, url_state
from pages.ui.app.page_frame import View
from pages.ui.i18n import numbers
from pages.ui.i18n.language import pick, say
from pages.ui.violations.filters import Chosen
from pages.ui.widgets import evidence_panel, tables
from policy.violations import results, violation_list

COLUMNS = {
    "name": "text",
    "violations": "count",
    "weight": "number",
    "loans": "count",
    "balance": "amount",
    "oldest": "date",
    "key": "text",
}
SHOWN = 500


def draw(view: View, chosen: Chosen) -> None:
    labels = {by: say(f"filter.{by}") for by in violation_list.GROUPS}
    by = url_state.switch("by", say("violations.by"), labels, next(iter(labels)))
    rows = grouped(view, chosen, by, SHOWN)
    st.caption(say("violations.by_note"))
    if rows.height == SHOWN:
        st.caption(say("violations.by_first", n=numbers.count(SHOWN)))
    row = tables.show(rows, COLUMNS, key=f"by:{hash((chosen, by))}", pick=True, height=tables.TALL)
    if row is not None and rows["key"][row]:
        _narrow(by, rows["key"][row])


def _narrow(by: str, key: str) -> None:
    """The group picked becomes a filter, and its list is shown."""
    url_state.put("q" if by == "borrower_id" else by, [key])
    url_state.put("show", [])
    st.rerun()


def grouped(view: View, chosen: Chosen, by: str, limit: int | None = None) -> pl.DataFrame:
    """[key, name, violations, weight, loans, balance, oldest], the heaviest first."""
    rows = queries.ask(violation_list.grouped, chosen.span, chosen.sieve, by, view.currency, limit)
    names = _names(view, by, tuple(rows["key"].drop_nulls()))
    named = [names.get(key or "", say("violations.no_key") if key is None else "") for key in rows["key"]]
    return rows.with_columns(pl.Series("name", named, dtype=pl.String))


def _names(view: View, by: str, keys: tuple[str, ...]) -> dict[str, str]:
    if by == "rule_id":
        return {
            r.rule_id: f"{evidence_panel.severity(r.severity)} · {pick(r.title_zh, r.title_en)}"
            for r in view.policy.rules.values()
        }
    if by == "borrower_id":
        return queries.ask(violation_list.borrower_names, view.as_of, keys)
    known = queries.ask(results.branch_names if by == "branch_id" else results.staff_names, view.as_of)
    return {key: label.removeprefix(key).strip() for key, label in known.items()}
