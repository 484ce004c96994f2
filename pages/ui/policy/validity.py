"""Which rule and which limit row holds when, as a timeline; what the proof-reading finds; what the book never meets."""

from datetime import date, timedelta

import polars as pl
import streamlit as st

from pages.ui.app import url_state
from pages.ui.app.page_frame import View
from pages.ui.charts import drawing, policy_charts
from pages.ui.format import limit_table_text
from pages.ui.i18n import language, numbers
from pages.ui.i18n.language import pick, say
from pages.ui.policy import clauses
from pages.ui.widgets import evidence_panel, lint_findings, tables
from policy.authoring import lint
from policy.engine.compiler import asked_tables
from policy.model.records import FOREVER, LimitRow, LimitTable, Policy, Problem, Rule

AHEAD = timedelta(days=730)  # how far beyond the snapshot an open end is drawn
UNREACHED = {
    "title": "text",
    "severity": "text",
    "not_applicable": "count",
    "not_assessable": "count",
    "rule_id": "text",
}


def timeline(view: View) -> None:
    st.subheader(say("policy.timeline"), anchor=False)
    left, right = st.columns([1, 2])
    with left:
        shows = {name: say(f"policy.show_{name}") for name in ("changing", "all")}
        which = url_state.switch("dates", say("policy.show"), shows, "changing")
    with right:
        families = url_state.several("family", say("filter.family"), language.terms("family"), say("filter.all"))
    frame = _bars(view, families, changing=which == "changing")
    if frame.is_empty():
        st.info(say("policy.no_dates"))
        return
    st.caption(say("policy.timeline_note", n=numbers.count(frame.height), day=numbers.day(view.as_of)))
    with st.container(height=560 if frame["name"].n_unique() > 20 else "content", border=False):
        told = (f"{name}: {days}" for name, days in frame.select("name", "days").iter_rows())
        drawing.put(policy_charts.timeline(frame, view.as_of), "; ".join([say("policy.timeline_alt"), *told]))


def _bars(view: View, families: list[str], *, changing: bool) -> pl.DataFrame:
    policy = view.policy
    rules = [rule for rule in policy.versions if not families or rule.family in families]
    asked = {table for rule in rules for table in asked_tables(rule)}
    found = [
        _bar(view, (pick(r.title_zh, r.title_en), r.rule_id), say("col.rule"), r)
        for r in rules
        if not changing or _moves(r, [v for v in policy.versions if v.rule_id == r.rule_id])
    ]
    for table in policy.limit_tables.values():
        if table.name in asked or not families:
            lists = limit_table_text.code_lists(policy, table) if _any_moves(table) or not changing else {}
            found += [
                _bar(view, _limit(table, row, lists), say("policy.limit"), row)
                for row in table.rows
                if not changing or _moves(row, list(table.rows))
            ]
    schema = dict.fromkeys(("name", "whole", "what"), pl.String)
    schema |= {"start": pl.Date, "end": pl.Date, "days": pl.String}
    return pl.DataFrame(found, schema=schema, orient="row").sort("start", "name", descending=[True, False])


def _any_moves(table: LimitTable) -> bool:
    return any(_moves(row, list(table.rows)) for row in table.rows)


def _moves(row: Rule | LimitRow, kin: list) -> bool:
    """Whether a row ends, or came after others of its kind."""
    return row.effective_to != FOREVER or row.effective_from > min(other.effective_from for other in kin)


def _limit(table: LimitTable, row: LimitRow, lists: dict[str, str]) -> tuple[str, str]:
    """What the row limits and for whom, in short; the whole of it, with its number."""
    limited = next((pick(c.zh, c.en) for c in table.columns if c.role == "limit" and c.type != "boolean"), "")
    keys = [
        limit_table_text.cell(key, row.cells[key.name], lists.get(key.name, ""))
        for key in table.keys
        if row.cells[key.name] not in ("", "-")
    ]
    short = pick("：", ": ").join(filter(None, [limited, " · ".join(keys)]))
    return short, f"{row.row_id} {' → '.join(limit_table_text.row(table, row, lists))}"


def _bar(view: View, said: tuple[str, str], what: str, row: Rule | LimitRow) -> tuple[str, str, str, date, date, str]:
    """A bar; its name ends with its number, so that no two are one."""
    is_open = row.effective_to == FOREVER
    ends = say("evidence.open_end") if is_open else numbers.day(row.effective_to)
    last = max(view.as_of, row.effective_from) + AHEAD if is_open else row.effective_to
    number = row.rule_id if isinstance(row, Rule) else row.row_id
    name = f"{said[0]} · {number}"
    return name, said[1], what, row.effective_from, last, f"{numbers.day(row.effective_from)} – {ends}"


@st.cache_resource(max_entries=8, show_spinner=False, hash_funcs={Policy: lambda policy: policy.version})
def _lint(policy: Policy, as_of: date) -> list[Problem]:
    return lint.lint(policy.texts, as_of)[1]


def findings(view: View) -> None:
    st.subheader(say("policy.findings"), anchor=False)
    with st.spinner(say("policy.proofing")):
        lint_findings.show(_lint(view.policy, view.as_of), say("policy.tables_clean"))
    found = clauses.found_by(view)
    idle = [row for row in found.values() if not row["pass"] + row["violation"] and row["rule_id"] in view.policy.rules]
    if not idle:
        return
    st.markdown(f"**{say('policy.unreached', n=len(idle))}**")
    st.caption(say("policy.unreached_note"))
    rows = []
    for row in idle:
        rule = view.policy.rules[row["rule_id"]]
        rows.append(
            row | {"title": pick(rule.title_zh, rule.title_en), "severity": evidence_panel.severity(rule.severity)}
        )
    tables.show(pl.DataFrame(rows, infer_schema_length=None), UNREACHED, height=tables.LOW)
