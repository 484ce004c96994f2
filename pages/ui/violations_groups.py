"""The violations that the filters leave, added up by rule, branch, account manager or borrower."""

import polars as pl
import streamlit as st

from data import findings, violation_rows
from pages.ui import access, address, evidence, numbers, tables
from pages.ui.filters import Chosen
from pages.ui.frame import View
from pages.ui.language import pick, say

COLUMNS = {"name": "text", "violations": "count", "weight": "number", "loans": "count", "balance": "amount",
           "oldest": "date", "key": "text"}  # fmt: skip
SHOWN = 500


def draw(view: View, chosen: Chosen) -> None:
    labels = {by: say(f"filter.{by}") for by in violation_rows.GROUPS}
    by = address.switch("by", say("violations.by"), labels, next(iter(labels)))
    rows = grouped(view, chosen, by, SHOWN)
    st.caption(say("violations.by_note"))
    if rows.height == SHOWN:
        st.caption(say("violations.by_first", n=numbers.count(SHOWN)))
    row = tables.show(rows, COLUMNS, key=f"by:{hash((chosen, by))}", pick=True, height=tables.TALL)
    if row is not None and rows["key"][row]:
        _narrow(by, rows["key"][row])


def _narrow(by: str, key: str) -> None:
    """The group picked becomes a filter, and its list is shown."""
    address.put("q" if by == "borrower_id" else by, [key])
    address.put("show", [])
    st.rerun()


def grouped(view: View, chosen: Chosen, by: str, limit: int | None = None) -> pl.DataFrame:
    """[key, name, violations, weight, loans, balance, oldest], the heaviest first."""
    rows = access.ask(violation_rows.grouped, chosen.span, chosen.sieve, by, view.currency, limit)
    names = _names(view, by, tuple(rows["key"].drop_nulls()))
    named = [names.get(key or "", say("violations.no_key") if key is None else "") for key in rows["key"]]
    return rows.with_columns(pl.Series("name", named, dtype=pl.String))


def _names(view: View, by: str, keys: tuple[str, ...]) -> dict[str, str]:
    if by == "rule_id":
        return {r.rule_id: f"{evidence.severity(r.severity)} · {pick(r.title_zh, r.title_en)}"
                for r in view.policy.rules.values()}  # fmt: skip
    if by == "borrower_id":
        return access.ask(violation_rows.borrower_names, view.as_of, keys)
    known = access.ask(findings.branch_names if by == "branch_id" else findings.staff_names, view.as_of)
    return {key: label.removeprefix(key).strip() for key, label in known.items()}
