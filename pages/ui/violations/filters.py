"""Filters of the violations page: each option with the number it would show, given the other filters."""

from dataclasses import dataclass, field

import polars as pl
import streamlit as st

from data.reference import buckets
from pages.ui.app import queries, url_state
from pages.ui.app.page_frame import View
from pages.ui.i18n import language, numbers
from pages.ui.i18n.language import pick, say
from policy.model import supervision
from policy.violations import comparison, facets, lifecycle, results, violation_counts
from policy.violations.facets import FACETS, MAIN, MORE, OFFICER, Counts, Tally, Wish
from policy.violations.violation_list import Sieve, Span

ROW = 4
Names = dict[str, dict[str, str]]  # filter → code → its words


@dataclass(frozen=True)
class Chosen:
    """What the filters leave, and the words for them: (label, values)."""

    span: Span
    sieve: Sieve
    violations: int
    said: tuple[tuple[str, str], ...]
    by_rule: dict[str, int] = field(default_factory=dict, hash=False)
    by_severity: tuple[tuple[str, int], ...] = ()
    moved: tuple[tuple[str, int], ...] = ()  # since the earlier run, whichever movements are chosen

    @property
    def rules(self) -> tuple[str, ...]:
        return tuple(rule for rule, _ in self.sieve.rules)


def rules(view: View) -> pl.DataFrame:
    """As violation_tally.rules, with the title of each."""
    known = queries.ask(facets.rules, view.policy, view.run and view.run.run_id)
    titles = {rule.rule_id: pick(rule.title_zh, rule.title_en) for rule in view.policy.rules.values()}
    return known.with_columns(title=pl.Series([titles.get(rule, "") for rule in known["rule_id"]], dtype=pl.String))


def _names(view: View, name: str, known: pl.DataFrame) -> dict[str, str]:
    """The words for the codes of a filter, in the order to show them; codes without words come as they are."""
    if name == "rule_id":
        return {
            rule_id: f"{title} · {rule_id}" if title else rule_id
            for rule_id, title in known.select("rule_id", "title").iter_rows()
        }
    if name == "branch_id":
        return queries.ask(results.branch_names, view.as_of)
    if name == "officer_id":
        return queries.ask(results.staff_names, view.as_of)
    if name == "clause_group":
        return {group.clause_group: pick(group.zh, group.en) for group in supervision.groups(view.policy)}
    if name == "guarantee_type":
        return language.code_labels(name)
    if name == "age":
        return {edge.code: pick(edge.zh, edge.en) for edge in buckets.buckets(violation_counts.AGES)}
    if name in ("state", "movement"):
        return {code: say(f"life.{code}") for code in (lifecycle.STATES if name == "state" else lifecycle.MOVEMENTS)}
    return language.terms(name)


def span(view: View) -> Span:
    """The run beside the earlier snapshot that the address names, else the last one judged before it."""
    wanted = url_state.get("since")
    days = {day.isoformat(): day for day in view.snapshots}
    return queries.ask(comparison.span, view.run.run_id, days.get(wanted or ""))


def _draw_since(view: View) -> None:
    """Every earlier snapshot, those never judged too: chosen, they are answered by what to run."""
    judged = {run.as_of for run in queries.ask(comparison.history, view.run.run_id)}
    earlier = [day for day in view.snapshots if day < view.as_of]
    if not judged - {view.as_of}:
        st.selectbox(say("violations.since"), [], disabled=True, placeholder=say("violations.no_since"))
        return
    order = sorted(earlier, key=lambda day: (day not in judged, -day.toordinal()))
    labels = {
        day.isoformat(): numbers.day(day) if day in judged else say("violations.unjudged_day", day=numbers.day(day))
        for day in order
    }
    url_state.first("since", say("violations.since"), labels)


def draw(view: View) -> Chosen:
    """The filters, drawn; what they leave."""
    top = st.columns([2, 1], vertical_alignment="bottom")
    with top[0]:
        search = url_state.text("q", say("filter.search"), say("filter.search_hint"))
    with top[1]:
        _draw_since(view)
    known, compared = rules(view), span(view)
    names = {name: _names(view, name, known) for name in FACETS}
    wishes = tuple(_wish(name, names[name]) for name in FACETS)
    tally = queries.ask(facets.tally, view.policy, compared, wishes, search)
    _draw_row(tally.counts, names, MAIN)
    _draw_more(compared, tally, names)
    return Chosen(
        compared, tally.sieve, tally.violations, _said(names, search), tally.by_rule, tally.by_severity, tally.moved
    )


def _wish(name: str, names: dict[str, str]) -> Wish:
    codes = url_state.all_of(name)
    return Wish(name, tuple(c for c in codes if c in names), tuple(c for c in codes if c not in names))


def _draw_more(compared: Span, tally: Tally, names: Names) -> None:
    """Closed until somebody opens it or the address names one of them: the account managers of a bank are thousands."""
    used = sum(
        any(code in names[name] or code in tally.counts.get(name, ()) for code in url_state.all_of(name))
        for name in MORE
    )
    label = say("filter.more_used", n=used) if used else say("filter.more")
    more = st.expander(label, expanded=used > 0, key="filter.more", on_change="rerun")
    if not more.open:
        return
    managers = queries.ask(violation_counts.by_officer, compared, tally.sieve)
    with more:
        for start in range(0, len(MORE), ROW):
            _draw_row(tally.counts | {OFFICER: managers}, names, MORE[start : start + ROW])


def _draw_row(counts: dict[str, Counts], names: Names, shown: tuple[str, ...]) -> None:
    for column, name in zip(st.columns(ROW), shown, strict=True):
        with column:
            labels = url_state.counted(counts[name], names[name], url_state.all_of(name))
            url_state.several(name, say(f"filter.{name}"), labels, say("filter.all"))


def _said(names: Names, search: str) -> tuple[tuple[str, str], ...]:
    """The filters that are set, in words: (label, values)."""
    said = [(say("filter.search"), search)] if search else []
    for name in FACETS:
        wanted = url_state.all_of(name)
        if wanted:
            said.append((say(f"filter.{name}"), ", ".join(names[name].get(code, code) for code in wanted)))
    return tuple(said)
