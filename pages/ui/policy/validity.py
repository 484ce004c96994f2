"""The validity of rules and limit rows as a timeline, the findings of the lint, and rules that no record reaches."""

from collections.abc import Sequence
from datetime import date, timedelta

import polars as pl
import streamlit as st

from pages.ui.app import url_state
from pages.ui.app.snapshot_view import SnapshotView
from pages.ui.charts import drawing, policy_charts
from pages.ui.format import limit_table_text
from pages.ui.i18n import language, numbers
from pages.ui.i18n.language import by_language, t
from pages.ui.policy import clauses
from pages.ui.widgets import evidence_panel, lint_findings, tables
from policy.authoring import lint
from policy.engine.rule_references import limit_tables_of_rule
from policy.model.policy_cache import cached_by_policy
from policy.model.problem import Problem
from policy.model.records import FOREVER, LimitRow, LimitTable, Policy, Rule

OPEN_END_MARGIN = timedelta(days=730)  # how far beyond the snapshot an open end is drawn
UNREACHED = {
    "title": "text",
    "severity": "text",
    "not_applicable": "count",
    "not_assessable": "count",
    "rule_id": "text",
}


def draw_timeline(view: SnapshotView) -> None:
    st.subheader(t("policy.timeline"), anchor=False)
    left, right = st.columns([1, 2])
    with left:
        shows = {name: t(f"policy.show_{name}") for name in ("changing", "all")}
        which = url_state.select_segment("dates", t("policy.show"), shows, "changing")
    with right:
        families = url_state.select_several(
            "family", t("filter.family"), language.labels_of_kind("family"), t("filter.all")
        )
    frame = _build_bars(view, families, changing=which == "changing")
    if frame.is_empty():
        st.info(t("policy.no_dates"))
        return
    st.caption(t("policy.timeline_note", n=numbers.format_count(frame.height), day=numbers.format_day(view.as_of)))
    with st.container(height=560 if frame["name"].n_unique() > 20 else "content", border=False):
        told = (f"{name}: {days}" for name, days in frame.select("name", "days").iter_rows())
        drawing.show_chart(
            policy_charts.build_validity_timeline(frame, view.as_of), "; ".join([t("policy.timeline_alt"), *told])
        )


def _build_bars(view: SnapshotView, families: list[str], *, changing: bool) -> pl.DataFrame:
    policy = view.policy
    rules = [rule for rule in policy.versions if not families or rule.family in families]
    asked = {table for rule in rules for table in limit_tables_of_rule(rule)}
    found = [
        _build_bar(view, (by_language(r.title_zh, r.title_en), r.rule_id), t("col.rule"), r)
        for r in rules
        if not changing or _is_changing(r, [v for v in policy.versions if v.rule_id == r.rule_id])
    ]
    for table in policy.limit_tables.values():
        if table.name in asked or not families:
            lists = limit_table_text.find_code_lists(policy, table) if _has_changing_rows(table) or not changing else {}
            found += [
                _build_bar(view, _describe_limit(table, row, lists), t("policy.limit"), row)
                for row in table.rows
                if not changing or _is_changing(row, list(table.rows))
            ]
    schema: dict[str, type[pl.DataType]] = dict.fromkeys(("name", "whole", "what"), pl.String)
    schema |= {"start": pl.Date, "end": pl.Date, "days": pl.String}
    return pl.DataFrame(found, schema=schema, orient="row").sort("start", "name", descending=[True, False])


def _has_changing_rows(table: LimitTable) -> bool:
    return any(_is_changing(row, list(table.rows)) for row in table.rows)


def _is_changing(row: Rule | LimitRow, kin: Sequence[Rule | LimitRow]) -> bool:
    """Whether a row ends, or came after others of its kind."""
    return row.effective_to != FOREVER or row.effective_from > min(other.effective_from for other in kin)


def _describe_limit(table: LimitTable, row: LimitRow, lists: dict[str, str]) -> tuple[str, str]:
    """What the row limits and for whom, in short; the whole of it, with its number."""
    limited = next((by_language(c.zh, c.en) for c in table.columns if c.role == "limit" and c.type != "boolean"), "")
    keys = [
        limit_table_text.format_cell(key, row.cells[key.name], lists.get(key.name, ""))
        for key in table.key_columns
        if row.cells[key.name] not in ("", "-")
    ]
    short = by_language("：", ": ").join(filter(None, [limited, " · ".join(keys)]))
    return short, f"{row.row_id} {' → '.join(limit_table_text.format_row(table, row, lists))}"


def _build_bar(
    view: SnapshotView, texts: tuple[str, str], what: str, row: Rule | LimitRow
) -> tuple[str, str, str, date, date, str]:
    """A bar; its name ends with its number, so that no two are one."""
    is_open = row.effective_to == FOREVER
    ends = t("evidence.open_end") if is_open else numbers.format_day(row.effective_to)
    last = max(view.as_of, row.effective_from) + OPEN_END_MARGIN if is_open else row.effective_to
    number = row.rule_id if isinstance(row, Rule) else row.row_id
    name = f"{texts[0]} · {number}"
    return name, texts[1], what, row.effective_from, last, f"{numbers.format_day(row.effective_from)} – {ends}"


@cached_by_policy
def _lint_policy(policy: Policy, as_of: date) -> list[Problem]:
    return lint.lint_tables(policy.texts, as_of)[1]


def draw_findings(view: SnapshotView) -> None:
    st.subheader(t("policy.findings"), anchor=False)
    with st.spinner(t("policy.proofing")):
        lint_findings.draw_findings(_lint_policy(view.policy, view.as_of), t("policy.tables_clean"))
    found = clauses.load_counts_by_rule(view)
    idle = [row for row in found.values() if not row["pass"] + row["violation"] and row["rule_id"] in view.policy.rules]
    if not idle:
        return
    st.markdown(f"**{t('policy.unreached', n=len(idle))}**")
    st.caption(t("policy.unreached_note"))
    rows = []
    for row in idle:
        rule = view.policy.rules[row["rule_id"]]
        rows.append(
            row
            | {
                "title": by_language(rule.title_zh, rule.title_en),
                "severity": evidence_panel.format_severity(rule.severity),
            }
        )
    tables.draw_table(pl.DataFrame(rows, infer_schema_length=None), UNREACHED, height=tables.SHORT_HEIGHT)
