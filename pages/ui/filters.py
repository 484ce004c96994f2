"""Filters of the violations page: each option with the number it would show, given the other filters."""

from dataclasses import dataclass
from datetime import date
from functools import reduce
from operator import and_

import polars as pl
import streamlit as st

from data import findings, portfolio, violation_rows
from data.violation_rows import CAME, Sieve, Span
from pages.ui import access, address, language, numbers
from pages.ui.frame import View
from pages.ui.language import pick, say
from policy import life, severity_weights, spans, supervision

MAIN = ("severity", "family", "rule_id", "branch_id")
MORE = ("officer_id", "clause_group", "subject", "guarantee_type", "state", "age", "movement", "stage")
FACETS = (*MAIN, *MORE)
OFFICER = "officer_id"  # as many as a bank has: asked of the book by themselves, not cubed
CUBED = tuple(name for name in FACETS if name != OFFICER)
OF_RULES = ("severity", "family", "rule_id", "clause_group", "subject", "stage")
AGES = "violation_age"
ROW = 4
Names = dict[str, dict[str, str]]  # filter → code → its words


@dataclass(frozen=True)
class Chosen:
    """What the filters leave, and the words for them: (label, values)."""

    span: Span
    sieve: Sieve
    violations: int
    said: tuple[tuple[str, str], ...]
    by_severity: tuple[tuple[str, int], ...] = ()
    moved: tuple[tuple[str, int], ...] = ()  # since the earlier run, whichever movements are chosen

    @property
    def rules(self) -> tuple[str, ...]:
        return tuple(rule for rule, _ in self.sieve.rules)


def rules(view: View) -> pl.DataFrame:
    """[rule_id, family, severity, stage, subject, clause_group, rank, weight, title], the gravest first.

    A rule that the run judged by and the policy has no longer stands last: its violations are counted all the same.
    """
    grave, weights = list(language.terms("severity")), severity_weights.weights(view.policy)
    groups = supervision.of_rules(view.policy)
    rows = [
        (r.rule_id, r.family, r.severity, r.stage, r.subject, groups.get(r.rule_id), grave.index(r.severity),
         float(weights[r.severity]), pick(r.title_zh, r.title_en))
        for r in view.policy.rules.values()
    ]  # fmt: skip
    known = {row[0] for row in rows}
    judged = access.ask(findings.judged_rules, view.run.run_id) if view.run else []
    rows += [(rule, None, None, None, None, None, len(grave), 0.0, "") for rule in judged if rule not in known]
    schema = dict.fromkeys(("rule_id", "family", "severity", "stage", "subject", "clause_group"), pl.String)
    schema |= {"rank": pl.Int64, "weight": pl.Float64, "title": pl.String}
    return pl.DataFrame(rows, schema=schema, orient="row").sort("rank", maintain_order=True)


def _weighed(known: pl.DataFrame) -> tuple[tuple[str, float], ...]:
    return tuple(known.select("rule_id", "weight").iter_rows())


def _aged(cube: pl.DataFrame, as_of: date) -> pl.DataFrame:
    """Add the bucket of days since it stands; without a bucket where the book does not say since when."""
    days = (pl.lit(as_of) - pl.col("opened_on")).dt.total_days()
    aged = pl.lit(None, pl.String)
    for edge in portfolio.buckets(AGES):
        aged = pl.when(portfolio.between(days, edge)).then(pl.lit(edge.code)).otherwise(aged)
    return cube.with_columns(age=aged)


def _cube(view: View, span: Span, known: pl.DataFrame, search: str, officers: tuple[str, ...]) -> pl.DataFrame:
    counted = access.ask(violation_rows.cube, span, Sieve(_weighed(known), officers=officers, search=search))
    return _aged(counted.join(known, on="rule_id", how="left", maintain_order="left"), view.as_of)


def _masks(cube: pl.DataFrame, names: Names) -> dict[str, pl.Series]:
    """What each filter of the address lets through; without a movement chosen, what stands.

    A code that is known lets nothing through where nothing has it; one that nobody knows is no filter.
    """
    masks = {}
    for name in CUBED:
        present = set(cube[name].unique())
        wanted = [code for code in address.all_of(name) if code in present or code in names[name]]
        if wanted:
            masks[name] = cube[name].is_in(wanted).fill_null(value=False)
        elif name == "movement":
            masks[name] = cube[name].is_null() | cube[name].is_in(CAME)
    return masks


def _left(cube: pl.DataFrame, masks: dict[str, pl.Series], besides: str | None = None) -> pl.DataFrame:
    kept = [mask for name, mask in masks.items() if name != besides]
    return cube.filter(reduce(and_, kept)) if kept else cube


def _all_names(view: View, known: pl.DataFrame) -> Names:
    return {name: _names(view, name, known) for name in FACETS}


def _names(view: View, name: str, known: pl.DataFrame) -> dict[str, str]:
    """The words for the codes of a filter, in the order to show them; codes without words come as they are."""
    if name == "rule_id":
        return {
            rule_id: f"{title} · {rule_id}" if title else rule_id
            for rule_id, title in known.select("rule_id", "title").iter_rows()
        }
    if name == "branch_id":
        return access.ask(findings.branch_names, view.as_of)
    if name == "officer_id":
        return access.ask(findings.staff_names, view.as_of)
    if name == "clause_group":
        return {group.clause_group: pick(group.zh, group.en) for group in supervision.groups(view.policy)}
    if name == "guarantee_type":
        return language.code_labels(name)
    if name == "age":
        return {edge.code: pick(edge.zh, edge.en) for edge in portfolio.buckets(AGES)}
    if name in ("state", "movement"):
        return {code: say(f"life.{code}") for code in (life.STATES if name == "state" else life.MOVEMENTS)}
    return language.terms(name)


def _counts(cube: pl.DataFrame, masks: dict[str, pl.Series], name: str) -> dict[str, int]:
    """What each value in the run would show, given the other filters."""
    counted = _left(cube, masks, besides=name).group_by(name).agg(pl.col("violations").sum())
    return dict.fromkeys(cube[name].drop_nulls().unique(), 0) | dict(counted.drop_nulls(name).iter_rows())


def _labels(counts: dict[str, int], names: dict[str, str], name: str) -> dict[str, str]:
    """The options of a filter with their counts: what the run has, and what is chosen though nothing has it."""
    present = set(counts)
    shown = present | set(address.all_of(name))
    order = [code for code in names if code in shown] + sorted(present - set(names))
    return {code: f"{names.get(code, code)} ({numbers.count(counts.get(code, 0))})" for code in order}


def span(view: View) -> Span:
    """The run beside the earlier snapshot that the address names, else the last one judged before it."""
    wanted = address.get("since")
    days = {day.isoformat(): day for day in view.snapshots}
    return access.ask(spans.span, view.run.run_id, days.get(wanted or ""))


def _draw_since(view: View) -> None:
    """Every earlier snapshot, those never judged too: chosen, they are answered by what to run."""
    judged = {run.as_of for run in access.ask(spans.history, view.run.run_id)}
    earlier = [day for day in view.snapshots if day < view.as_of]
    if not judged - {view.as_of}:
        st.selectbox(say("violations.since"), [], disabled=True, placeholder=say("violations.no_since"))
        return
    order = sorted(earlier, key=lambda day: (day not in judged, -day.toordinal()))
    labels = {day.isoformat(): numbers.day(day) if day in judged else
              say("violations.unjudged_day", day=numbers.day(day)) for day in order}  # fmt: skip
    address.kept("since", say("violations.since"), labels)


def draw(view: View) -> Chosen:
    """The filters, drawn; what they leave."""
    top = st.columns([2, 1], vertical_alignment="bottom")
    with top[0]:
        search = address.text("q", say("filter.search"), say("filter.search_hint"))
    with top[1]:
        _draw_since(view)
    known, compared = rules(view), span(view)
    names = _all_names(view, known)
    officers = access.ask(violation_rows.by_officer, compared, Sieve(_weighed(known), search=search))
    cube = _cube(view, compared, known, search, _picked(names, officers))
    masks = _masks(cube, names)
    counts = {name: _counts(cube, masks, name) for name in CUBED}
    others = _besides_officers(view, known, cube, names, search)
    counts[OFFICER] = access.ask(violation_rows.by_officer, compared, others)
    _draw_row(counts, names, MAIN)
    opened = any(address.all_of(name) for name in MORE)
    with st.expander(say("filter.more"), expanded=opened):
        for start in range(0, len(MORE), ROW):
            _draw_row(counts, names, MORE[start : start + ROW])
    picked = _picked(names, officers)
    return _chosen(names, compared, known, _cube(view, compared, known, search, picked), search)


def _picked(names: Names, present: dict[str, int]) -> tuple[str, ...]:
    """The account managers of the address; one that nobody knows is no filter."""
    return tuple(code for code in address.all_of(OFFICER) if code in present or code in names[OFFICER])


def _besides_officers(view: View, known: pl.DataFrame, cube: pl.DataFrame, names: Names, search: str) -> Sieve:
    """All filters of the address but that of account managers."""
    present = {name: set(cube[name].unique()) for name in CUBED}
    wanted = {name: [code for code in address.all_of(name) if code in names[name] or code in present[name]]
              for name in CUBED}  # fmt: skip
    kept = known.filter(*(pl.col(name).is_in(wanted[name]) for name in OF_RULES if wanted[name]))
    days = _aged(pl.DataFrame({"opened_on": view.snapshots}, schema={"opened_on": pl.Date}), view.as_of)
    opened = days.filter(pl.col("age").is_in(wanted["age"]))["opened_on"].sort().to_list()
    if wanted["age"] and not opened:  # no day is so long ago: none, and not all
        kept = kept.clear()
    return Sieve(_weighed(kept), tuple(wanted["branch_id"]), (), tuple(wanted["guarantee_type"]),
                 tuple(wanted["state"]), tuple(wanted["movement"]), tuple(opened), search)  # fmt: skip


def _draw_row(counts: dict[str, dict[str, int]], names: Names, shown: tuple[str, ...]) -> None:
    for column, name in zip(st.columns(ROW), shown, strict=True):
        with column:
            address.several(name, say(f"filter.{name}"), _labels(counts[name], names[name], name), say("filter.all"))


def _chosen(names: Names, compared: Span, known: pl.DataFrame, cube: pl.DataFrame, search: str) -> Chosen:
    """Read from the address after the widgets are drawn: they drop what is no option."""
    masks = _masks(cube, names)
    left = _left(cube, masks)
    moved = _left(cube, masks, besides="movement").drop_nulls("movement").group_by("movement")
    kept = known.join(left.select("rule_id").unique(), on="rule_id", how="semi", maintain_order="left")
    opened = left["opened_on"].unique().drop_nulls().sort().to_list() if address.all_of("age") else []
    sieve = Sieve(
        _weighed(kept), *(tuple(address.all_of(name)) for name in ("branch_id", "officer_id", "guarantee_type", "state",
                                                                   "movement")), tuple(opened), search,
    )  # fmt: skip
    counts = left.drop_nulls("severity").group_by("severity", "rank").agg(pl.col("violations").sum()).sort("rank")
    return Chosen(
        compared, sieve, int(left["violations"].sum()), _said(names, search),
        tuple(counts.select("severity", "violations").iter_rows()),
        tuple(moved.agg(pl.col("violations").sum()).sort("movement").iter_rows()),
    )  # fmt: skip


def _said(names: Names, search: str) -> tuple[tuple[str, str], ...]:
    """The filters that are set, in words: (label, values)."""
    said = [(say("filter.search"), search)] if search else []
    for name in FACETS:
        wanted = address.all_of(name)
        if wanted:
            said.append((say(f"filter.{name}"), ", ".join(names[name].get(code, code) for code in wanted)))
    return tuple(said)
