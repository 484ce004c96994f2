"""What filters leave of the violations of a run, and how many each value of a filter would show."""

from dataclasses import dataclass, field
from datetime import date
from functools import reduce
from operator import and_

import duckdb
import polars as pl

from data.reference import buckets
from policy.model import severity_weights, supervision
from policy.model.records import Policy
from policy.violations import comparison, results, violation_counts
from policy.violations.violation_query import STANDING_MOVEMENTS, RunComparison, ViolationFilter

MAIN_FACETS = ("severity", "family", "rule_id", "branch_id")
MORE_FACETS = ("officer_id", "clause_group", "subject", "guarantee_type", "state", "age", "movement", "stage")
FACETS = (*MAIN_FACETS, *MORE_FACETS)
OFFICER_FACET = "officer_id"  # as many as a bank has: asked of the book by themselves, not cubed
CUBED_FACETS = tuple(name for name in FACETS if name != OFFICER_FACET)
RULE_FACETS = ("severity", "family", "rule_id", "clause_group", "subject", "stage")
ValueCounts = dict[str, int]


@dataclass(frozen=True)
class FilterSelection:
    """The codes of one filter in the URL: those with a label, and those that may occur in the run."""

    name: str
    codes: tuple[str, ...]
    unknown_codes: tuple[str, ...] = ()


@dataclass(frozen=True)
class FilterResult:
    """The violations of a run that the filters let through.

    `counts`: for each filter what each of its values would show, given the other filters. `by_rule` and `by_severity`
    count the violations let through. `by_movement` counts them for every movement, whichever are chosen.
    """

    comparison: RunComparison
    criteria: ViolationFilter
    by_rule: dict[str, int] = field(hash=False)
    by_severity: tuple[tuple[str, int], ...] = ()
    by_movement: tuple[tuple[str, int], ...] = ()
    counts: dict[str, ValueCounts] = field(default_factory=dict, hash=False)

    @property
    def violations(self) -> int:
        return sum(self.by_rule.values())


def rank_rules(cursor: duckdb.DuckDBPyConnection, policy: Policy, run_id: str | None) -> pl.DataFrame:
    """[rule_id, family, severity, stage, subject, clause_group, rank, weight], the gravest first.

    A rule of the run that the policy no longer has comes last; its violations are counted all the same.
    """
    weights, groups = severity_weights.load_weights(policy), supervision.clause_groups_by_rule(policy)
    rows: list[tuple[str | int | float | None, ...]] = [
        (
            r.rule_id,
            r.family,
            r.severity,
            r.stage,
            r.subject,
            groups.get(r.rule_id),
            policy.severities.index(r.severity),
            float(weights[r.severity]),
        )
        for r in policy.rules.values()
    ]
    judged = results.list_judged_rules(cursor, run_id) if run_id else []
    rows += [
        (rule, None, None, None, None, None, len(policy.severities), 0.0) for rule in judged if rule not in policy.rules
    ]
    schema: dict[str, type[pl.DataType]] = dict.fromkeys(
        ("rule_id", "family", "severity", "stage", "subject", "clause_group"), pl.String
    )
    schema |= {"rank": pl.Int64, "weight": pl.Float64}
    return pl.DataFrame(rows, schema=schema, orient="row").sort("rank", maintain_order=True)


def rule_weights(known: pl.DataFrame) -> tuple[tuple[str, float], ...]:
    return tuple(known.select("rule_id", "weight").iter_rows())


def count_facets(
    cursor: duckdb.DuckDBPyConnection,
    policy: Policy,
    compared_runs: RunComparison,
    selections: tuple[FilterSelection, ...],
    search: str,
) -> FilterResult:
    """Counts every facet from one cube. A known code that nothing has matches nothing; an unknown code is not a
    filter. Without a movement selected, only open violations are counted."""
    known = rank_rules(cursor, policy, compared_runs.run.run_id)
    wanted = {selection.name: selection.codes for selection in selections} | {
        OFFICER_FACET: _select_officers(cursor, compared_runs, selections, known, search)
    }
    cube = violation_counts.load_cube(
        cursor, compared_runs, ViolationFilter(rule_weights(known), officers=wanted[OFFICER_FACET], search=search)
    )
    cube = cube.join(known, on="rule_id", how="left", maintain_order="left")
    for selection in selections:
        if selection.name != OFFICER_FACET and selection.unknown_codes:
            present = set(cube[selection.name].unique())
            wanted[selection.name] = (*selection.codes, *(code for code in selection.unknown_codes if code in present))
    opened = _find_opening_days(cursor, compared_runs, wanted["age"])
    return _build_result(compared_runs, cube, known, wanted, opened, search)


def _select_officers(
    cursor: duckdb.DuckDBPyConnection,
    compared_runs: RunComparison,
    selections: tuple[FilterSelection, ...],
    known: pl.DataFrame,
    search: str,
) -> tuple[str, ...]:
    selection = next(selection for selection in selections if selection.name == OFFICER_FACET)
    if not selection.unknown_codes:
        return selection.codes
    present = violation_counts.count_by_officer(
        cursor, compared_runs, ViolationFilter(rule_weights(known), search=search)
    )
    return (*selection.codes, *(code for code in selection.unknown_codes if code in present))


def _find_opening_days(
    cursor: duckdb.DuckDBPyConnection, compared_runs: RunComparison, ages: tuple[str, ...]
) -> tuple[date, ...]:
    """The judged days of these ages; each violation was opened on one of them."""
    edges = [edge for edge in buckets.load_buckets(violation_counts.AGE_BUCKETS) if edge.code in ages]
    days = [run.as_of for run in comparison.list_run_history(cursor, compared_runs.run.run_id)] if edges else []
    return tuple(day for day in days if any(edge.contains((compared_runs.run.as_of - day).days) for edge in edges))


def _build_result(
    compared_runs: RunComparison,
    cube: pl.DataFrame,
    known: pl.DataFrame,
    wanted: dict[str, tuple[str, ...]],
    opened: tuple[date, ...],
    search: str,
) -> FilterResult:
    masks = _build_masks(cube, wanted)
    left = _apply_masks(cube, masks)
    graded = left.drop_nulls("severity").group_by("severity", "rank").agg(pl.col("violations").sum()).sort("rank")
    moved = _apply_masks(cube, masks, besides="movement").drop_nulls("movement").group_by("movement")
    return FilterResult(
        compared_runs,
        _build_criteria(known, wanted, opened, search),
        dict(left.group_by("rule_id").agg(pl.col("violations").sum()).iter_rows()),
        tuple(graded.select("severity", "violations").iter_rows()),
        tuple(moved.agg(pl.col("violations").sum()).sort("movement").iter_rows()),
        {name: _count_values(cube, masks, name) for name in CUBED_FACETS},
    )


def _build_criteria(
    known: pl.DataFrame, wanted: dict[str, tuple[str, ...]], opened: tuple[date, ...], search: str
) -> ViolationFilter:
    rules = known.filter(*(pl.col(name).is_in(wanted[name]) for name in RULE_FACETS if wanted[name]))
    if wanted["age"] and not opened:  # no judged day is so long ago: nothing is let through
        rules = rules.clear()
    return ViolationFilter(
        rule_weights(rules),
        wanted["branch_id"],
        wanted[OFFICER_FACET],
        wanted["guarantee_type"],
        wanted["state"],
        wanted["movement"],
        opened,
        search,
    )


def _build_masks(cube: pl.DataFrame, wanted: dict[str, tuple[str, ...]]) -> dict[str, pl.Series]:
    masks = {name: cube[name].is_in(wanted[name]).fill_null(value=False) for name in CUBED_FACETS if wanted[name]}
    return {"movement": cube["movement"].is_null() | cube["movement"].is_in(STANDING_MOVEMENTS)} | masks


def _apply_masks(cube: pl.DataFrame, masks: dict[str, pl.Series], besides: str | None = None) -> pl.DataFrame:
    kept = [mask for name, mask in masks.items() if name != besides]
    return cube.filter(reduce(and_, kept)) if kept else cube


def _count_values(cube: pl.DataFrame, masks: dict[str, pl.Series], name: str) -> ValueCounts:
    counted = _apply_masks(cube, masks, besides=name).group_by(name).agg(pl.col("violations").sum())
    return dict.fromkeys(cube[name].drop_nulls().unique(), 0) | dict(counted.drop_nulls(name).iter_rows())
