"""What filters leave of the violations of a run, and how many each value of a filter would show."""

from dataclasses import dataclass
from datetime import date
from functools import reduce
from operator import and_

import duckdb
import polars as pl

from data.reference import buckets
from policy.model import severity_weights, supervision
from policy.model.records import SEVERITIES, Policy
from policy.violations import comparison, results, violation_counts
from policy.violations.violation_list import CAME, Sieve, Span

MAIN = ("severity", "family", "rule_id", "branch_id")
MORE = ("officer_id", "clause_group", "subject", "guarantee_type", "state", "age", "movement", "stage")
FACETS = (*MAIN, *MORE)
OFFICER = "officer_id"  # as many as a bank has: asked of the book by themselves, not cubed
CUBED = tuple(name for name in FACETS if name != OFFICER)
OF_RULES = ("severity", "family", "rule_id", "clause_group", "subject", "stage")
Counts = dict[str, int]


@dataclass(frozen=True)
class Wish:
    """The codes of one filter that the address names: those that have words, and those that may stand in the run."""

    name: str
    named: tuple[str, ...]
    strange: tuple[str, ...] = ()


@dataclass(frozen=True)
class Tally:
    """`counts`: what each value would show, given the other filters. `by_rule`: what is left of each rule.

    `moved`: whichever movements are chosen.
    """

    sieve: Sieve
    counts: dict[str, Counts]
    by_rule: dict[str, int]
    by_severity: tuple[tuple[str, int], ...]
    moved: tuple[tuple[str, int], ...]

    @property
    def violations(self) -> int:
        return sum(self.by_rule.values())


def rules(cursor: duckdb.DuckDBPyConnection, policy: Policy, run_id: str | None) -> pl.DataFrame:
    """[rule_id, family, severity, stage, subject, clause_group, rank, weight], the gravest first.

    A rule that the run judged by and the policy has no longer stands last: its violations are counted all the same.
    """
    weights, groups = severity_weights.weights(policy), supervision.of_rules(policy)
    rows = [
        (
            r.rule_id,
            r.family,
            r.severity,
            r.stage,
            r.subject,
            groups.get(r.rule_id),
            SEVERITIES.index(r.severity),
            float(weights[r.severity]),
        )
        for r in policy.rules.values()
    ]
    judged = results.judged_rules(cursor, run_id) if run_id else []
    rows += [(rule, None, None, None, None, None, len(SEVERITIES), 0.0) for rule in judged if rule not in policy.rules]
    schema = dict.fromkeys(("rule_id", "family", "severity", "stage", "subject", "clause_group"), pl.String)
    schema |= {"rank": pl.Int64, "weight": pl.Float64}
    return pl.DataFrame(rows, schema=schema, orient="row").sort("rank", maintain_order=True)


def weighed(known: pl.DataFrame) -> tuple[tuple[str, float], ...]:
    return tuple(known.select("rule_id", "weight").iter_rows())


def tally(
    cursor: duckdb.DuckDBPyConnection, policy: Policy, span: Span, wishes: tuple[Wish, ...], search: str
) -> Tally:
    """Counted from one cube; a code that is known lets nothing through where nothing has it, and one that nobody
    knows is no filter. Without a movement chosen, what stands."""
    known = rules(cursor, policy, span.run.run_id)
    wanted = {wish.name: wish.named for wish in wishes} | {OFFICER: _officers(cursor, span, wishes, known, search)}
    cube = violation_counts.cube(cursor, span, Sieve(weighed(known), officers=wanted[OFFICER], search=search))
    cube = cube.join(known, on="rule_id", how="left", maintain_order="left")
    for wish in wishes:
        if wish.name != OFFICER and wish.strange:
            present = set(cube[wish.name].unique())
            wanted[wish.name] = (*wish.named, *(code for code in wish.strange if code in present))
    return _told(cube, known, wanted, _opened(cursor, span, wanted["age"]), search)


def _officers(
    cursor: duckdb.DuckDBPyConnection, span: Span, wishes: tuple[Wish, ...], known: pl.DataFrame, search: str
) -> tuple[str, ...]:
    wish = next(wish for wish in wishes if wish.name == OFFICER)
    if not wish.strange:
        return wish.named
    present = violation_counts.by_officer(cursor, span, Sieve(weighed(known), search=search))
    return (*wish.named, *(code for code in wish.strange if code in present))


def _opened(cursor: duckdb.DuckDBPyConnection, span: Span, ages: tuple[str, ...]) -> tuple[date, ...]:
    """The judged days that are so long ago; a violation stands since one of them."""
    edges = [edge for edge in buckets.buckets(violation_counts.AGES) if edge.code in ages]
    days = [run.as_of for run in comparison.history(cursor, span.run.run_id)] if edges else []
    return tuple(day for day in days if any(edge.holds((span.run.as_of - day).days) for edge in edges))


def _told(
    cube: pl.DataFrame, known: pl.DataFrame, wanted: dict[str, tuple[str, ...]], opened: tuple[date, ...], search: str
) -> Tally:
    masks = _masks(cube, wanted)
    left = _left(cube, masks)
    kept = known.filter(*(pl.col(name).is_in(wanted[name]) for name in OF_RULES if wanted[name]))
    if wanted["age"] and not opened:  # no day is so long ago: none, and not all
        kept = kept.clear()
    sieve = Sieve(
        weighed(kept),
        wanted["branch_id"],
        wanted[OFFICER],
        wanted["guarantee_type"],
        wanted["state"],
        wanted["movement"],
        opened,
        search,
    )
    graded = left.drop_nulls("severity").group_by("severity", "rank").agg(pl.col("violations").sum()).sort("rank")
    moved = _left(cube, masks, besides="movement").drop_nulls("movement").group_by("movement")
    return Tally(
        sieve,
        {name: _counts(cube, masks, name) for name in CUBED},
        dict(left.group_by("rule_id").agg(pl.col("violations").sum()).iter_rows()),
        tuple(graded.select("severity", "violations").iter_rows()),
        tuple(moved.agg(pl.col("violations").sum()).sort("movement").iter_rows()),
    )


def _masks(cube: pl.DataFrame, wanted: dict[str, tuple[str, ...]]) -> dict[str, pl.Series]:
    masks = {name: cube[name].is_in(wanted[name]).fill_null(value=False) for name in CUBED if wanted[name]}
    return {"movement": cube["movement"].is_null() | cube["movement"].is_in(CAME)} | masks


def _left(cube: pl.DataFrame, masks: dict[str, pl.Series], besides: str | None = None) -> pl.DataFrame:
    kept = [mask for name, mask in masks.items() if name != besides]
    return cube.filter(reduce(and_, kept)) if kept else cube


def _counts(cube: pl.DataFrame, masks: dict[str, pl.Series], name: str) -> Counts:
    counted = _left(cube, masks, besides=name).group_by(name).agg(pl.col("violations").sum())
    return dict.fromkeys(cube[name].drop_nulls().unique(), 0) | dict(counted.drop_nulls(name).iter_rows())
