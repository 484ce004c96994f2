"""The wall of key figures: each metric of the policy with its status, changes and course over the snapshots."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Literal

import polars as pl
import streamlit as st

from pages.ui.app import queries
from pages.ui.format import citations, expression_text
from pages.ui.health.page_scope import HealthScope
from pages.ui.i18n import numbers
from pages.ui.i18n.language import by_language, escape_markdown, t
from pages.ui.widgets import evidence_panel
from policy.model.records import Policy
from policy.monitoring import metric_definitions, metric_groups, metric_store
from policy.monitoring.metric_definitions import Metric
from policy.monitoring.metric_groups import MetricGroup
from policy.monitoring.metrics import MetricValue

DELTA_COLORS: dict[str, Literal["inverse", "normal", "off"]] = {"lower": "inverse", "higher": "normal", "": "off"}
BADGE_COLORS = {"red": "red", "amber": "orange"}
RATIO_DIGITS = 4  # of which a change that is shown has at least one


@dataclass(frozen=True)
class MetricCard:
    metric: Metric
    value: MetricValue
    previous: MetricValue | None
    year_ago: MetricValue | None
    history: tuple[float, ...]

    def draw(self, policy: Policy) -> None:
        since, over_year = (
            format_change(self.metric, self.value, self.previous),
            format_change(self.metric, self.value, self.year_ago),
        )
        since_year = t("health.over_year", change=over_year) if over_year not in (None, 0) else None
        st.metric(
            f"{status_badge(self.value)}{escape_markdown(by_language(self.metric.title_zh, self.metric.title_en))}",
            format_value(self.metric, self.value),
            since,
            delta_color=DELTA_COLORS[self.metric.direction],
            delta_description=since_year if since is not None else None,
            help=format_metric_help(policy, self.metric, self.value),
            border=True,
            height="stretch",
            chart_data=self.history if len(self.history) > 1 else None,
        )


def status_badge(value: MetricValue) -> str:
    """The status as a word on a colour; what is in order has none."""
    if value.status not in BADGE_COLORS:
        return ""
    return f":{BADGE_COLORS[value.status]}-badge[{t(f'health.status_{value.status}')}] "


def format_metric(metric: Metric, value: Decimal | None) -> str:
    if value is None:
        return numbers.NOTHING
    if metric.unit == "ratio":
        return numbers.format_share(float(value))
    if metric.unit == "count":
        return numbers.format_count(int(value))
    return (
        numbers.format_compact_amount(value)
        if metric.unit == "yuan"
        else numbers.format_number(round(value, _decimal_places(value)))
    )


def _decimal_places(value: Decimal) -> int:
    return 2 if abs(value) >= 1 else 4


def format_value(metric: Metric, value: MetricValue) -> str:
    return t(f"health.{value.reason}") if value.reason else format_metric(metric, value.value)


def format_change(metric: Metric, now: MetricValue, before: MetricValue | None) -> str | int | None:
    """A change with its sign; plain 0 where nothing moved, which has no arrow; None where there is nothing to say."""
    if now.value is None or before is None or before.value is None:
        return None
    moved = now.value - before.value
    digits = RATIO_DIGITS if metric.unit == "ratio" else _decimal_places(now.value)
    if not round(moved, digits):
        return 0
    if metric.unit == "ratio":
        return numbers.format_point_change(float(moved))
    size = (
        numbers.format_number(round(abs(moved), digits))
        if metric.unit == "index"
        else format_metric(metric, abs(moved))
    )
    return f"{'+' if moved > 0 else '-'}{size}"


def format_metric_help(policy: Policy, metric: Metric, value: MetricValue) -> str:
    """The formula in words, the limits, the clause, and what is missing."""
    lines = [escape_markdown(expression_text.format_expression(policy, "portfolio", metric.formula))]
    if value.amber is not None or value.red is not None:
        lines.append(t("health.limits", amber=format_metric(metric, value.amber), red=format_metric(metric, value.red)))
    lines.append(
        t(
            "health.clause",
            clause=escape_markdown(citations.cite_clauses(policy, metric.clause_id)),
            evidence=escape_markdown(evidence_panel.format_grade(metric.evidence)),
        )
    )
    if value.reason == "not_set":
        lines.append(t("health.needs", needs=escape_markdown(by_language(metric.needs_zh, metric.needs_en))))
    if value.lacking:
        lines.append(format_missing_data(metric, value))
    lines += format_uncertainty(metric, value)
    return "  \n".join(lines)


def format_uncertainty(metric: Metric, value: MetricValue) -> list[str]:
    """The range that unknown values leave open, and how many were concluded from other fields."""
    found = []
    if value.low is not None and value.high is not None:
        low, high = format_metric(metric, value.low), format_metric(metric, value.high)
        found.append(t("health.range", low=low, high=high))
    if value.derived:
        found.append(t("health.derived", n=numbers.format_count(value.derived)))
    return found


def format_missing_data(metric: Metric, value: MetricValue) -> str:
    needs = escape_markdown(by_language(metric.needs_zh, metric.needs_en))
    return t("health.missing", n=numbers.format_count(value.lacking), m=numbers.format_count(value.total), needs=needs)


def _load_values_by_day(scope: HealthScope) -> dict[date, dict[str, MetricValue]]:
    days = tuple(day for day in (scope.year_ago, scope.previous, scope.view.as_of) if day in scope.view.snapshots)
    kept = queries.cached_query(
        metric_store.load_values_by_day, scope.view.policy, scope.branch, scope.view.as_of, days
    )
    return {day: {value.metric_id: value for value in values} for day, values in kept.items()}


def build_cards(scope: HealthScope) -> list[tuple[MetricGroup, list[MetricCard]]]:
    """Each group with its cards; metrics that are not computed for a branch are left out there."""
    dated = _load_values_by_day(scope)
    known = {
        metric.metric_id: metric for metric in metric_definitions.select_in_force(scope.view.policy, scope.view.as_of)
    }
    now = dated.get(scope.view.as_of, {})
    found = []
    for group in metric_groups.load_groups(scope.view.policy):
        wall = [_build_card(scope, known[name], dated) for name in group.members if name in known and name in now]
        if wall:
            found.append((group, wall))
    return found


def explain_no_metrics(scope: HealthScope) -> str:
    """Why there is no wall: the day lies before the metrics, and when they begin."""
    known = metric_definitions.load_metrics(scope.view.policy)
    if not known:
        return t("health.no_metrics_table")
    first = min(metric.effective_from for metric in known)
    return t("health.no_metrics", day=numbers.format_day(scope.view.as_of), first=numbers.format_day(first))


def _build_card(scope: HealthScope, metric: Metric, dated: dict[date, dict[str, MetricValue]]) -> MetricCard:
    name = metric.metric_id
    course = [values[name].value for values in dated.values() if name in values]
    previous, year_ago = (dated.get(day, {}).get(name) if day else None for day in (scope.previous, scope.year_ago))
    history = tuple(float(value) for value in course if value is not None)
    return MetricCard(metric, dated[scope.view.as_of][name], previous, year_ago, history)


def list_data_gaps(wall: list[MetricCard]) -> list[str]:
    """What loans or the bank lack, once for the metrics that lack the same."""
    gaps: dict[str, list[str]] = {}
    for card in wall:
        for text in filter(None, [_format_data_gap(card.metric, card.value), *_list_conclusions(card.value)]):
            gaps.setdefault(text, []).append(escape_markdown(by_language(card.metric.title_zh, card.metric.title_en)))
    return [f"{by_language('、', ', ').join(names)}{by_language('：', ': ')}{text}" for text, names in gaps.items()]


def _format_data_gap(metric: Metric, value: MetricValue) -> str:
    if value.lacking and value.reason in (None, "too_many_unknown"):
        return format_missing_data(metric, value)
    needs = by_language(metric.needs_zh, metric.needs_en)
    return t("health.metric_not_set", needs=escape_markdown(needs)) if value.reason == "not_set" and needs else ""


def _list_conclusions(value: MetricValue) -> list[str]:
    return [t("health.derived", n=numbers.format_count(value.derived))] if value.derived else []


def build_ratio_trend(
    scope: HealthScope, walls: list[tuple[MetricGroup, list[MetricCard]]], max_ratios: int
) -> tuple[pl.DataFrame, list[str]]:
    """[as_of, name, value, label] of the first few ratios of which less is better, and their names in order."""
    shown = [card.metric for _, wall in walls for card in wall]
    shown = [metric for metric in shown if metric.unit == "ratio" and metric.direction == "lower"][:max_ratios]
    names = [by_language(metric.title_zh, metric.title_en) for metric in shown]
    rows = [
        (day, name, float(value), format_metric(metric, value))
        for day, values in _load_values_by_day(scope).items()
        for metric, name in zip(shown, names, strict=True)
        if metric.metric_id in values and (value := values[metric.metric_id].value) is not None
    ]
    schema = {"as_of": pl.Date, "name": pl.String, "value": pl.Float64, "label": pl.String}
    return pl.DataFrame(rows, schema=schema, orient="row"), names
