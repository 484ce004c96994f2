"""The wall of key figures: each metric of the policy with its status, changes and course over the snapshots."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

import polars as pl
import streamlit as st

from pages.ui.app import queries
from pages.ui.format import citations, expression_text
from pages.ui.health.page_scope import Scope
from pages.ui.i18n import numbers
from pages.ui.i18n.language import inert, pick, say
from pages.ui.widgets import evidence_panel
from policy.model.records import Policy
from policy.monitoring import metric_groups, metric_store, metrics
from policy.monitoring.metric_groups import Group
from policy.monitoring.metrics import Metric, Value

BETTER = {"lower": "inverse", "higher": "normal", "": "off"}
BADGES = {"red": "red", "amber": "orange"}
RATIO_DIGITS = 4  # of which a change that is shown has at least one


@dataclass(frozen=True)
class Card:
    metric: Metric
    value: Value
    before: Value | None
    year_ago: Value | None
    course: tuple[float, ...]

    def show(self, policy: Policy) -> None:
        since, over_year = change(self.metric, self.value, self.before), change(self.metric, self.value, self.year_ago)
        since_year = say("health.over_year", change=over_year) if over_year not in (None, 0) else None
        st.metric(
            f"{badge(self.value)}{inert(pick(self.metric.title_zh, self.metric.title_en))}",
            written(self.metric, self.value),
            since,
            delta_color=BETTER[self.metric.direction],
            delta_description=since_year if since is not None else None,
            help=explained(policy, self.metric, self.value),
            border=True,
            height="stretch",
            chart_data=self.course if len(self.course) > 1 else None,
        )


def badge(value: Value) -> str:
    """The status as a word on a colour; what is in order has none."""
    if value.status not in BADGES or blank(value):
        return ""
    return f":{BADGES[value.status]}-badge[{say(f'health.status_{value.status}')}] "


def figure(metric: Metric, value: Decimal | None) -> str:
    if value is None:
        return numbers.NOTHING
    if metric.unit == "ratio":
        return numbers.share(float(value))
    if metric.unit == "count":
        return numbers.count(int(value))
    return numbers.compact(value) if metric.unit == "yuan" else numbers.plain(round(value, _digits(value)))


def _digits(value: Decimal) -> int:
    return 2 if abs(value) >= 1 else 4


def blank(value: Value) -> bool:
    """Where every record lacks what is needed, a sum of nothing is not 0 but unknown."""
    return bool(value.total) and value.lacking == value.total


def written(metric: Metric, value: Value) -> str:
    if blank(value):
        return numbers.NOTHING
    return say(f"health.{value.reason}") if value.reason else figure(metric, value.value)


def change(metric: Metric, now: Value, before: Value | None) -> str | int | None:
    """A change with its sign; plain 0 where nothing moved, which has no arrow; None where there is nothing to say."""
    if now.value is None or before is None or before.value is None or blank(now) or blank(before):
        return None
    moved = now.value - before.value
    digits = RATIO_DIGITS if metric.unit == "ratio" else _digits(now.value)
    if not round(moved, digits):
        return 0
    if metric.unit == "ratio":
        return numbers.points(float(moved))
    size = numbers.plain(round(abs(moved), digits)) if metric.unit == "index" else figure(metric, abs(moved))
    return f"{'+' if moved > 0 else '-'}{size}"


def explained(policy: Policy, metric: Metric, value: Value) -> str:
    """The formula in words, the limits, the clause, and what is missing."""
    lines = [inert(expression_text.expression(policy, "portfolio", metric.formula))]
    if value.amber is not None or value.red is not None:
        lines.append(say("health.limits", amber=figure(metric, value.amber), red=figure(metric, value.red)))
    lines.append(
        say(
            "health.clause",
            clause=inert(citations.of(policy, metric.clause_id)),
            evidence=inert(evidence_panel.grade(metric.evidence)),
        )
    )
    if value.reason == "not_set":
        lines.append(say("health.needs", needs=inert(pick(metric.needs_zh, metric.needs_en))))
    if value.lacking:
        lines.append(lack(metric, value))
    return "  \n".join(lines)


def lack(metric: Metric, value: Value) -> str:
    needs = inert(pick(metric.needs_zh, metric.needs_en))
    return say("health.lack", n=numbers.count(value.lacking), m=numbers.count(value.total), needs=needs)


def _dated(scope: Scope) -> dict[date, dict[str, Value]]:
    days = tuple(day for day in (scope.year_ago, scope.previous, scope.view.as_of) if day in scope.view.snapshots)
    kept = queries.ask(metric_store.of, scope.view.policy, scope.branch, scope.view.as_of, days)
    return {day: {value.metric_id: value for value in values} for day, values in kept.items()}


def cards(scope: Scope) -> list[tuple[Group, list[Card]]]:
    """Each group with its cards; metrics that are not computed for a branch are left out there."""
    dated = _dated(scope)
    known = {metric.metric_id: metric for metric in metrics.in_force(scope.view.policy, scope.view.as_of)}
    now = dated.get(scope.view.as_of, {})
    found = []
    for group in metric_groups.groups(scope.view.policy):
        wall = [_card(scope, known[name], dated) for name in group.members if name in known and name in now]
        if wall:
            found.append((group, wall))
    return found


def none_in_force(scope: Scope) -> str:
    """Why there is no wall: the day lies before the metrics, and when they begin."""
    first = min(metric.effective_from for metric in metrics.metrics(scope.view.policy))
    return say("health.no_metrics", day=numbers.day(scope.view.as_of), first=numbers.day(first))


def _card(scope: Scope, metric: Metric, dated: dict[date, dict[str, Value]]) -> Card:
    name = metric.metric_id
    course = [values[name].value for values in dated.values() if name in values]
    at = [dated.get(day, {}).get(name) if day else None for day in (scope.previous, scope.year_ago)]
    return Card(
        metric, dated[scope.view.as_of][name], *at, tuple(float(value) for value in course if value is not None)
    )


def gaps(wall: list[Card]) -> list[str]:
    """What loans or the bank lack, once for the metrics that lack the same."""
    said: dict[str, list[str]] = {}
    for card in wall:
        text = _gap(card.metric, card.value)
        if text:
            said.setdefault(text, []).append(inert(pick(card.metric.title_zh, card.metric.title_en)))
    return [f"{pick('、', ', ').join(names)}{pick('：', ': ')}{text}" for text, names in said.items()]


def _gap(metric: Metric, value: Value) -> str:
    if value.lacking and (blank(value) or not value.reason):
        return lack(metric, value)
    needs = pick(metric.needs_zh, metric.needs_en)
    return say("health.unset", needs=inert(needs)) if value.reason == "not_set" and needs else ""


def trend(scope: Scope, walls: list[tuple[Group, list[Card]]], most: int) -> tuple[pl.DataFrame, list[str]]:
    """[as_of, name, value, label] of the first few ratios of which less is better, and their names in order."""
    shown = [card.metric for _, wall in walls for card in wall]
    shown = [metric for metric in shown if metric.unit == "ratio" and metric.direction == "lower"][:most]
    names = [pick(metric.title_zh, metric.title_en) for metric in shown]
    rows = [
        (day, name, float(values[metric.metric_id].value), figure(metric, values[metric.metric_id].value))
        for day, values in _dated(scope).items()
        for metric, name in zip(shown, names, strict=True)
        if metric.metric_id in values and values[metric.metric_id].value is not None
    ]
    schema = {"as_of": pl.Date, "name": pl.String, "value": pl.Float64, "label": pl.String}
    return pl.DataFrame(rows, schema=schema, orient="row"), names
