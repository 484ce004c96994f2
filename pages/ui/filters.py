"""Filters of the violations page: each option with the number it would show, given the other filters."""

from dataclasses import dataclass

import polars as pl
import streamlit as st

from data import findings
from pages.ui import access, address, language, numbers
from pages.ui.frame import View
from pages.ui.language import pick, say

FACETS = ("severity", "family", "rule_id", "branch_id", "officer_id", "stage")


@dataclass(frozen=True)
class Chosen:
    """What the filters leave: rules in the order of severity, branches and officers (none: all), and how many."""

    rules: tuple[str, ...]
    branches: tuple[str, ...]
    officers: tuple[str, ...]
    violations: int
    said: tuple[tuple[str, str], ...]
    by_severity: tuple[tuple[str, int], ...] = ()


def rules(view: View) -> pl.DataFrame:
    """[rule_id, family, severity, stage, rank, title] of every rule of the policy, the gravest first."""
    grave = list(language.terms("severity"))
    rows = [
        (r.rule_id, r.family, r.severity, r.stage, grave.index(r.severity), pick(r.title_zh, r.title_en))
        for r in view.policy.rules.values()
    ]
    names = ["rule_id", "family", "severity", "stage", "rank", "title"]
    return pl.DataFrame(rows, schema=names, orient="row").sort("rank", maintain_order=True)


def _cube(view: View) -> pl.DataFrame:
    counted = access.ask(findings.cube, view.run.run_id)
    return counted.join(rules(view), on="rule_id", how="left", maintain_order="left")


def _narrowed(cube: pl.DataFrame, besides: str | None = None) -> pl.DataFrame:
    """What the address leaves of the cube, but for one filter."""
    for name in FACETS:
        wanted = address.all_of(name)
        if wanted and name != besides:
            cube = cube.filter(pl.col(name).is_in(wanted))
    return cube


def _names(view: View, name: str) -> dict[str, str]:
    """The words for the codes of a filter, in the order to show them; codes without words come as they are."""
    if name == "rule_id":
        return {rule_id: f"{rule_id} {title}" for rule_id, title in rules(view).select("rule_id", "title").iter_rows()}
    if name == "branch_id":
        return access.ask(findings.branch_names, view.as_of)
    if name == "officer_id":
        return access.ask(findings.staff_names, view.as_of)
    return language.terms(name)


def _labels(view: View, cube: pl.DataFrame, name: str) -> dict[str, str]:
    names = _names(view, name)
    counts = dict(_narrowed(cube, besides=name).group_by(name).agg(pl.col("violations").sum()).iter_rows())
    present = set(cube[name].drop_nulls())
    order = [code for code in names if code in present] + sorted(present - set(names))
    return {code: f"{names.get(code, code)} ({numbers.count(counts.get(code, 0))})" for code in order}


def draw(view: View) -> Chosen:
    cube = _cube(view)
    columns = st.columns(3) + st.columns(3)
    for column, name in zip(columns, FACETS, strict=True):
        with column:
            address.several(name, say(f"filter.{name}"), _labels(view, cube, name), say("filter.all"))
    left = _narrowed(cube)
    order = left.select("rule_id", "rank").unique().sort("rank", "rule_id")["rule_id"].to_list()
    counts = left.group_by("severity", "rank").agg(pl.col("violations").sum()).sort("rank")
    return Chosen(
        tuple(order),
        tuple(address.all_of("branch_id")),
        tuple(address.all_of("officer_id")),
        int(left["violations"].sum()),
        _said(view),
        tuple(counts.select("severity", "violations").iter_rows()),
    )


def _said(view: View) -> tuple[tuple[str, str], ...]:
    """The filters that are set, in words: (label, values)."""
    said = []
    for name in FACETS:
        names, wanted = _names(view, name), address.all_of(name)
        if wanted:
            said.append((say(f"filter.{name}"), ", ".join(names.get(code, code) for code in wanted)))
    return tuple(said)
