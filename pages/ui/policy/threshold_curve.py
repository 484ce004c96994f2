"""A threshold curve: what each possible limit of one rule would catch in the snapshot."""

import re
from decimal import Decimal, InvalidOperation

import polars as pl
import streamlit as st

from data.errors import LoanlightError
from pages.ui.app import background_jobs, queries
from pages.ui.app.snapshot_view import SnapshotView
from pages.ui.charts import drawing, policy_charts
from pages.ui.format import expression_text, values
from pages.ui.i18n import error_message, language, numbers
from pages.ui.i18n.language import by_language, t
from pages.ui.policy import impact_view
from pages.ui.widgets import tables
from policy.authoring import sandbox, threshold_curve
from policy.authoring.threshold_curve import CURRENT_LIMIT, CurvePoint
from policy.engine.rule_references import limit_tables_of_rule
from policy.model.records import LimitTable, Policy, Rule

DEFAULT_STEPS = 20
COLUMN_REFERENCE = re.compile(
    r"(\w+)\.(\w+)(?: \* (\d+))?"
)  # a limit that is one column of a table, or a multiple of it
POINTS = {"tried": "text", "violations": "count", "loans": "count", "balance": "amount", "not_assessable": "count"}


def _list_limits(policy: Policy, rule: Rule) -> list[Decimal]:
    """The numbers a rule's limit takes: its own, or those of the one column it reads; none where it is computed."""
    read = COLUMN_REFERENCE.fullmatch(rule.limit)
    table, column, times = read.groups() if read else ("", "", None)
    found = policy.limit_tables.get(table)
    own = found.find_column(column) if found else None
    texts = [row.cells[column] for row in found.rows] if found and own else [rule.limit]
    try:
        return sorted({Decimal(text) * Decimal(times or 1) for text in texts if text})
    except InvalidOperation:
        return []


def draw_threshold_curve(view: SnapshotView, table: LimitTable) -> None:
    """Rules with a number for a limit; those that read the table come first."""
    numeric = [
        rule for rule in view.policy.rules.values() if rule.unit not in ("", "date") and _list_limits(view.policy, rule)
    ]
    numeric.sort(key=lambda rule: table.name not in limit_tables_of_rule(rule))
    st.subheader(t("policy.curve"), anchor=False)
    st.caption(t("policy.curve_intro"))
    names = {rule.rule_id: f"{by_language(rule.title_zh, rule.title_en)} · {rule.rule_id}" for rule in numeric}
    key = f"policy_curve_rule:{table.name}:{language.current_language()}"  # labels of another language: another widget
    rule_id = st.selectbox(t("filter.rule_id"), list(names), format_func=names.__getitem__, key=key)
    rule = view.policy.rules[rule_id]
    over = _choose_range(view.policy, rule)
    if st.button(t("policy.curve_draw"), key="policy_curve_draw") and over:
        _start_job(view, rule_id, over)
    _draw_curve(view, rule)


def _choose_range(policy: Policy, rule: Rule) -> str:
    """From, to and step in the rule's own unit: half to one and a half times the limits in force, to begin with."""
    known = _list_limits(policy, rule)
    low, high = known[0] / 2, known[-1] * Decimal("1.5") or Decimal(1)
    step = (high - low) / DEFAULT_STEPS
    step = (
        step.quantize(Decimal("0.0001")) if rule.unit in ("ratio", "percent") else max(step.to_integral(), Decimal(1))
    )
    found = []
    starts = (("from", low), ("to", high), ("step", step))
    for column, (name, value) in zip(st.columns(3), starts, strict=True):
        number = column.text_input(
            t(f"policy.curve_{name}"), value=f"{value.normalize():f}", key=f"curve:{rule.rule_id}:{name}"
        )
        found.append(number.strip())
    st.caption(
        t(
            "policy.curve_unit",
            unit=values.format_unit(rule.unit) or t("policy.as_fraction")
            if rule.unit == "ratio"
            else values.format_unit(rule.unit) or rule.unit,
        )
    )
    return f"{found[0]}..{found[1]}/{found[2]}"


def _start_job(view: SnapshotView, rule_id: str, over: str) -> None:
    try:
        steps = threshold_curve.parse_values(over)
    except LoanlightError as error:
        error_message.show_error(t("policy.curve_refused"), error)
        return
    reader, policy, as_of = queries.require_reader(), view.policy, view.as_of
    job = background_jobs.start_job(
        lambda on_step: sandbox.compute_curve(reader.cursor(), policy, rule_id, steps, as_of, on_step)
    )
    st.session_state["policy_curve"] = ((rule_id, policy.version, as_of), job)


def _draw_curve(view: SnapshotView, rule: Rule) -> None:
    key, job = st.session_state.get("policy_curve", (None, None))
    if key != (rule.rule_id, view.policy.version, view.as_of):
        return
    impact_view.draw_progress(job)
    if job.error is not None:
        error_message.show_error(t("error.cannot_show"), job.error)
        return
    now, *points = job.result
    frame = pl.DataFrame([_build_row(rule, point) for point in (now, *points)], infer_schema_length=None)
    demand = expression_text.format_requirement(view.policy, rule)
    figures = {"n": numbers.format_count(now.counts["violation"]), "loans": numbers.format_count(now.loans)}
    st.text(t("policy.curve_now", demand=demand, yuan=numbers.format_compact_amount(now.yuan), **figures))
    tried = frame.filter(pl.col("value").is_not_null())
    told = (f"{limit}: {n}" for limit, n in tried.select("tried", "violations").iter_rows())
    drawing.show_chart(
        policy_charts.build_threshold_curve(tried, now.counts["violation"]), "; ".join([t("policy.curve_alt"), *told])
    )
    with st.expander(t("policy.curve_table")):
        tables.draw_table(frame, POINTS, height="content")


def _build_row(rule: Rule, point: CurvePoint) -> dict[str, object]:
    is_now = point.limit == CURRENT_LIMIT
    return {
        "value": None if is_now else float(point.limit),
        "tried": t("policy.current") if is_now else values.format_value(point.limit, rule.unit),
        "violations": point.counts["violation"],
        "loans": point.loans,
        "balance": point.yuan,
        "not_assessable": point.counts["not_assessable"],
        "label": numbers.format_compact_amount(point.yuan),
    }
