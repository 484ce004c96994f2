"""What the board's report says of a whole run: figures, trend, the gravest rules, branches and account managers."""

from decimal import Decimal

import polars as pl

from data.queries import waivers
from data.reference import buckets
from pages.documents import board_report
from pages.documents.board_report import Bars, Listing, Report
from pages.ui.app import queries, record_names
from pages.ui.app.page_frame import View
from pages.ui.i18n import language, numbers
from pages.ui.i18n.language import pick, say
from pages.ui.violations import filters, groups, not_assessable, trend_view
from pages.ui.violations.filters import Chosen
from policy.violations import results, violation_counts, violation_list
from policy.violations.lifecycle import CAME as ARRIVED
from policy.violations.lifecycle import LEFT
from policy.violations.violation_list import Sieve, Span

TOP = 10
LONG = "violation_long"  # how long is long, a row of buckets.csv
SNAPSHOTS = 13
GRAVE = ("critical", "high")


def make(view: View, span: Span) -> bytes:
    """The PDF in the language that is on. Of the whole run: no filter of the page narrows a report to the board."""
    return board_report.make(compose(view, span))


def compose(view: View, span: Span) -> Report:
    known = filters.rules(view)
    whole = Chosen(span, Sieve(tuple(known.select("rule_id", "weight").iter_rows())), 0, ())
    cube = queries.ask(violation_counts.cube, span, whole.sieve).join(known, on="rule_id", how="left")
    standing = cube.filter(pl.col("movement").is_null() | pl.col("movement").is_in(violation_list.CAME))
    moved = dict(cube.drop_nulls("movement").group_by("movement").agg(pl.col("violations").sum()).iter_rows())
    hit = queries.ask(violation_list.touched, span.run, view.currency)
    trend = trend_view.trend(view, known, tuple(known["rule_id"]))
    return Report(
        lang=language.on(),
        title=say("report.title"),
        as_of=view.as_of,
        subtitle=say("report.subtitle", day=numbers.day(view.as_of), version=span.run.policy_version[:12]),
        foot=say("report.foot", run=span.run.run_id),
        summary=_summary(view, span, standing, moved, hit),
        figures=_figures(span, whole.sieve, standing, moved, hit),
        bars=_bars(trend),
        listings=[
            _severities(standing, moved_by(cube)),
            *(_top(view, whole, by) for by in violation_list.GROUPS[:3]),
            _waivers(view),
            _unjudged(view, known),
        ],
        notes=[
            say("report.note_loans", currency=view.currency or say("frame.no_currency")),
            say("report.note_weight"),
            say("report.note_ages"),
        ],
    )


def moved_by(cube: pl.DataFrame) -> dict[tuple[str, str], int]:
    """(severity, movement) → violations."""
    counted = cube.drop_nulls("movement").group_by("severity", "movement").agg(pl.col("violations").sum())
    return {(severity, movement): count for severity, movement, count in counted.iter_rows()}


def _part(part: object, whole: object) -> float | None:
    return None if part is None or not whole else float(part / whole)  # type: ignore[operator]


def _summary(
    view: View, span: Span, standing: pl.DataFrame, moved: dict[str, int], hit: dict[str, object]
) -> list[str]:
    total = int(standing["violations"].sum())
    grave = int(standing.filter(pl.col("severity").is_in(GRAVE))["violations"].sum())
    said = [
        say(
            "report.total",
            day=numbers.day(view.as_of),
            n=numbers.count(total),
            grave=numbers.count(grave),
            loans=numbers.count(hit["loans_hit"]),
            share=numbers.share(_part(hit["loans_hit"], hit["loans"])),
            balance=numbers.compact(hit["balance_hit"] or Decimal(0)),
            part=numbers.share(_part(hit["balance_hit"], hit["balance"])),
        )
    ]
    if span.since is None or not span.followed:
        return [*said, say("report.no_since")]
    came, left = (sum(moved.get(name, 0) for name in names) for names in (ARRIVED, LEFT))
    counts = {"came": came, "left": left, "cured": moved.get("cured", 0), "opening": total - came + left}
    written = {name: numbers.count(count) for name, count in counts.items()}
    return [*said, say("report.moved", day=numbers.day(span.since.as_of), **written)]


def _figures(
    span: Span, sieve: Sieve, standing: pl.DataFrame, moved: dict[str, int], hit: dict[str, object]
) -> list[tuple[str, str]]:
    figures = [
        (say("col.violations"), numbers.count(int(standing["violations"].sum()))),
        (say("report.loans_hit"), numbers.count(hit["loans_hit"])),
        (say("report.share_loans"), numbers.share(_part(hit["loans_hit"], hit["loans"]))),
        (say("report.share_balance"), numbers.share(_part(hit["balance_hit"], hit["balance"]))),
    ]
    if span.since and span.followed:
        figures += [(say(f"life.{name}"), numbers.count(moved.get(name, 0))) for name in ("new", "persisting", "cured")]
        for edge in buckets.buckets(LONG):
            old = queries.ask(violation_counts.standing_for, span, sieve, edge)
            figures.append((pick(edge.zh, edge.en), numbers.count(old)))
    return figures


def _bars(trend: pl.DataFrame) -> Bars | None:
    whole = trend_view.summed(trend).tail(SNAPSHOTS)
    if whole.height < 2:
        return None
    highest = max(whole["points"].drop_nulls(), default=0) or 1
    words = trend_view.words()
    bars = []
    for day, _, _, loans, points in whole.iter_rows():
        of_day = trend.filter(pl.col("as_of") == day)
        parts = [
            float(of_day.filter(pl.col("severity") == code)["weight"].sum()) * 100 / loans / highest for code in words
        ]
        bars.append((f"{day:%y-%m-%d}", numbers.plain(round(points, 1)), tuple(parts)))
    return Bars(say("violations.trend"), tuple(words.values()), bars, say("violations.trend_note"))


def _severities(standing: pl.DataFrame, moved: dict[tuple[str, str], int]) -> Listing:
    counts = dict(standing.group_by("severity").agg(pl.col("violations").sum()).iter_rows())
    total = sum(counts.values()) or 1
    rows = []
    for code, word in trend_view.words().items():
        cells = [counts.get(code, 0), *(moved.get((code, name), 0) for name in ("new", "reopened", "cured"))]
        rows.append((word, *map(numbers.count, cells), numbers.share(cells[0] / total)))
    heads = (
        say("col.severity"),
        say("col.violations"),
        *(say(f"life.{m}") for m in ("new", "reopened", "cured")),
        say("col.share"),
    )
    return Listing(say("report.by_severity"), heads, rows, (1, 2, 3, 4, 5), (2, 1, 1, 1, 1, 1))


def _top(view: View, whole: Chosen, by: str) -> Listing:
    rows = groups.grouped(view, whole, by).filter(pl.col("key").is_not_null())
    shown = [
        (
            row["key"],
            _name(view, by, row),
            numbers.count(row["violations"]),
            numbers.plain(row["weight"]),
            numbers.count(row["loans"]),
            numbers.compact(row["balance"]),
        )
        for row in rows.head(TOP).iter_rows(named=True)
    ]
    heads = (
        say(f"filter.{by}"),
        say("report.name"),
        say("col.violations"),
        say("col.weight"),
        say("col.loans"),
        say("col.balance"),
    )
    note = say("report.of", shown=numbers.count(len(shown)), n=numbers.count(rows.height)) if rows.height > TOP else ""
    return Listing(say(f"report.top_{by}"), heads, shown, (2, 3, 4, 5), (6, 11, 3, 3, 3, 4), note)


def _name(view: View, by: str, row: dict[str, object]) -> str:
    rule = view.policy.rules.get(str(row["key"])) if by == "rule_id" else None
    return pick(rule.title_zh, rule.title_en) if rule else str(row["name"])


def _waivers(view: View) -> Listing:
    """Papers whose waiver ran out; the violations they hide or cause are counted above as they stand."""
    counts = queries.ask(waivers.counts, view.as_of)
    shown = queries.ask(waivers.overdue, view.as_of, TOP)
    branches, types = queries.ask(results.branch_names, view.as_of), language.code_labels("doc_type")
    people = record_names.people(view, shown["waived_by"])
    rows = [
        (
            row["holder"],
            branches.get(row["branch_id"], row["branch_id"] or numbers.NOTHING),
            types.get(row["doc_type"], row["doc_type"]),
            people.get(row["waived_by"], row["waived_by"] or numbers.NOTHING),
            numbers.day(row["waive_until"]),
            numbers.count(row["days_over"]),
        )
        for row in shown.iter_rows(named=True)
    ]
    heads = tuple(say(f"waiver.{name}") for name in ("holder", "branch", "paper", "by", "until", "over"))
    note = say(
        "waiver.note" if any(counts.values()) else "waiver.none",
        shown=numbers.count(len(rows)),
        **{name: numbers.count(count) for name, count in counts.items()},
    )
    return Listing(say("waiver.title"), heads, rows, (5,), (6, 3, 5, 3, 4, 3), note)


def _unjudged(view: View, known: pl.DataFrame) -> Listing:
    frame = not_assessable.by_field(view, tuple(known["rule_id"]))
    shown = [
        (
            row["field"] or numbers.NOTHING,
            row["subject"],
            row["reason"],
            numbers.count(row["subjects"]),
            numbers.share(row["share"]),
        )
        for row in frame.head(TOP).iter_rows(named=True)
    ]
    heads = tuple(say(f"col.{name}") for name in ("field", "subject", "reason", "subjects", "share"))
    total = numbers.count(int(frame["subjects"].sum()))
    return Listing(say("report.unjudged"), heads, shown, (3, 4), (4, 2, 3, 2, 2), say("report.unjudged_note", n=total))
