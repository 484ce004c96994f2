"""What the board's report says of a whole run: figures, trend, the gravest rules, branches and account managers."""

from decimal import Decimal

import polars as pl

from data.queries import waivers
from data.reference import buckets
from pages.documents import board_report
from pages.documents.board_report import BarChart, BoardReport, ReportTable
from pages.ui.app import queries, record_names
from pages.ui.app.page_frame import SnapshotView
from pages.ui.i18n import language, numbers
from pages.ui.i18n.language import by_language, t
from pages.ui.violations import filters, groups, not_assessable, trend_view
from pages.ui.violations.filters import FilterResult
from policy.violations import results, violation_counts, violation_list
from policy.violations.lifecycle import INFLOWS as ARRIVED
from policy.violations.lifecycle import OUTFLOWS
from policy.violations.violation_list import RunComparison, ViolationFilter

TOP_ROWS = 10
LONG_OPEN = "violation_long"  # how long is long, a row of buckets.csv
SNAPSHOTS = 13
GRAVE_SEVERITIES = ("critical", "high")


def build_pdf(view: SnapshotView, span: RunComparison) -> bytes:
    """The PDF in the language that is on. Of the whole run: no filter of the page narrows a report to the board."""
    return board_report.render_report(build_report(view, span))


def build_report(view: SnapshotView, span: RunComparison) -> BoardReport:
    known = filters.load_rules(view)
    whole = FilterResult(span, ViolationFilter(tuple(known.select("rule_id", "weight").iter_rows())), 0, ())
    cube = queries.cached_query(violation_counts.load_cube, span, whole.violation_filter).join(
        known, on="rule_id", how="left"
    )
    standing = cube.filter(pl.col("movement").is_null() | pl.col("movement").is_in(violation_list.STANDING_MOVEMENTS))
    moved = dict(cube.drop_nulls("movement").group_by("movement").agg(pl.col("violations").sum()).iter_rows())
    hit = queries.cached_query(violation_list.sum_affected_balance, span.run, view.currency)
    trend = trend_view.load_trend(view, known, tuple(known["rule_id"]))
    return BoardReport(
        lang=language.current_language(),
        title=t("report.title"),
        as_of=view.as_of,
        subtitle=t("report.subtitle", day=numbers.format_day(view.as_of), version=span.run.policy_version[:12]),
        foot=t("report.foot", run=span.run.run_id),
        summary=_write_summary(view, span, standing, moved, hit),
        figures=_list_figures(span, whole.violation_filter, standing, moved, hit),
        bars=_build_bars(trend),
        listings=[
            _list_severities(standing, count_movements(cube)),
            *(_list_top_groups(view, whole, by) for by in violation_list.GROUP_COLUMNS[:3]),
            _list_overdue_waivers(view),
            _list_not_assessable(view, known),
        ],
        notes=[
            t("report.note_loans", currency=view.currency or t("frame.no_currency")),
            t("report.note_weight"),
            t("report.note_ages"),
        ],
    )


def count_movements(cube: pl.DataFrame) -> dict[tuple[str, str], int]:
    """(severity, movement) → violations."""
    counted = cube.drop_nulls("movement").group_by("severity", "movement").agg(pl.col("violations").sum())
    return {(severity, movement): count for severity, movement, count in counted.iter_rows()}


def _compute_share(part: object, whole: object) -> float | None:
    return None if part is None or not whole else float(part / whole)  # type: ignore[operator]


def _write_summary(
    view: SnapshotView, span: RunComparison, standing: pl.DataFrame, moved: dict[str, int], hit: dict[str, object]
) -> list[str]:
    total = int(standing["violations"].sum())
    grave = int(standing.filter(pl.col("severity").is_in(GRAVE_SEVERITIES))["violations"].sum())
    said = [
        t(
            "report.total",
            day=numbers.format_day(view.as_of),
            n=numbers.format_count(total),
            grave=numbers.format_count(grave),
            loans=numbers.format_count(hit["loans_hit"]),
            share=numbers.format_share(_compute_share(hit["loans_hit"], hit["loans"])),
            balance=numbers.format_compact_amount(hit["balance_hit"] or Decimal(0)),
            part=numbers.format_share(_compute_share(hit["balance_hit"], hit["balance"])),
        )
    ]
    if span.since is None or not span.has_lifecycles:
        return [*said, t("report.no_since")]
    came, left = (sum(moved.get(name, 0) for name in names) for names in (ARRIVED, OUTFLOWS))
    counts = {"came": came, "left": left, "cured": moved.get("cured", 0), "opening": total - came + left}
    written = {name: numbers.format_count(count) for name, count in counts.items()}
    return [*said, t("report.moved", day=numbers.format_day(span.since.as_of), **written)]


def _list_figures(
    span: RunComparison, sieve: ViolationFilter, standing: pl.DataFrame, moved: dict[str, int], hit: dict[str, object]
) -> list[tuple[str, str]]:
    figures = [
        (t("col.violations"), numbers.format_count(int(standing["violations"].sum()))),
        (t("report.loans_hit"), numbers.format_count(hit["loans_hit"])),
        (t("report.share_loans"), numbers.format_share(_compute_share(hit["loans_hit"], hit["loans"]))),
        (t("report.share_balance"), numbers.format_share(_compute_share(hit["balance_hit"], hit["balance"]))),
    ]
    if span.since and span.has_lifecycles:
        figures += [
            (t(f"life.{name}"), numbers.format_count(moved.get(name, 0))) for name in ("new", "persisting", "cured")
        ]
        for edge in buckets.load_buckets(LONG_OPEN):
            old = queries.cached_query(violation_counts.count_standing_for, span, sieve, edge)
            figures.append((by_language(edge.zh, edge.en), numbers.format_count(old)))
    return figures


def _build_bars(trend: pl.DataFrame) -> BarChart | None:
    whole = trend_view.sum_by_day(trend).tail(SNAPSHOTS)
    if whole.height < 2:
        return None
    highest = max(whole["points"].drop_nulls(), default=0) or 1
    words = trend_view.severity_labels()
    bars = []
    for day, _, _, loans, points in whole.iter_rows():
        of_day = trend.filter(pl.col("as_of") == day)
        parts = [
            float(of_day.filter(pl.col("severity") == code)["weight"].sum()) * 100 / loans / highest for code in words
        ]
        bars.append((f"{day:%y-%m-%d}", numbers.format_number(round(points, 1)), tuple(parts)))
    return BarChart(t("violations.trend"), tuple(words.values()), bars, t("violations.trend_note"))


def _list_severities(standing: pl.DataFrame, moved: dict[tuple[str, str], int]) -> ReportTable:
    counts = dict(standing.group_by("severity").agg(pl.col("violations").sum()).iter_rows())
    total = sum(counts.values()) or 1
    rows = []
    for code, word in trend_view.severity_labels().items():
        cells = [counts.get(code, 0), *(moved.get((code, name), 0) for name in ("new", "reopened", "cured"))]
        rows.append((word, *map(numbers.format_count, cells), numbers.format_share(cells[0] / total)))
    heads = (
        t("col.severity"),
        t("col.violations"),
        *(t(f"life.{m}") for m in ("new", "reopened", "cured")),
        t("col.share"),
    )
    return ReportTable(t("report.by_severity"), heads, rows, (1, 2, 3, 4, 5), (2, 1, 1, 1, 1, 1))


def _list_top_groups(view: SnapshotView, whole: FilterResult, by: str) -> ReportTable:
    rows = groups.sum_by_group(view, whole, by).filter(pl.col("key").is_not_null())
    shown = [
        (
            row["key"],
            _group_name(view, by, row),
            numbers.format_count(row["violations"]),
            numbers.format_number(row["weight"]),
            numbers.format_count(row["loans"]),
            numbers.format_compact_amount(row["balance"]),
        )
        for row in rows.head(TOP_ROWS).iter_rows(named=True)
    ]
    heads = (
        t(f"filter.{by}"),
        t("report.name"),
        t("col.violations"),
        t("col.weight"),
        t("col.loans"),
        t("col.balance"),
    )
    note = (
        t("report.of", shown=numbers.format_count(len(shown)), n=numbers.format_count(rows.height))
        if rows.height > TOP_ROWS
        else ""
    )
    return ReportTable(t(f"report.top_{by}"), heads, shown, (2, 3, 4, 5), (6, 11, 3, 3, 3, 4), note)


def _group_name(view: SnapshotView, by: str, row: dict[str, object]) -> str:
    rule = view.policy.rules.get(str(row["key"])) if by == "rule_id" else None
    return by_language(rule.title_zh, rule.title_en) if rule else str(row["name"])


def _list_overdue_waivers(view: SnapshotView) -> ReportTable:
    """Papers whose waiver ran out; the violations they hide or cause are counted above as they stand."""
    counts = queries.cached_query(waivers.count_waivers, view.as_of)
    shown = queries.cached_query(waivers.list_overdue_waivers, view.as_of, TOP_ROWS)
    branches, types = queries.cached_query(results.load_branch_names, view.as_of), language.code_labels("doc_type")
    people = record_names.load_staff_names(view, shown["waived_by"])
    rows = [
        (
            row["holder"],
            branches.get(row["branch_id"], row["branch_id"] or numbers.NOTHING),
            types.get(row["doc_type"], row["doc_type"]),
            people.get(row["waived_by"], row["waived_by"] or numbers.NOTHING),
            numbers.format_day(row["waive_until"]),
            numbers.format_count(row["days_over"]),
        )
        for row in shown.iter_rows(named=True)
    ]
    heads = tuple(t(f"waiver.{name}") for name in ("holder", "branch", "paper", "by", "until", "over"))
    note = t(
        "waiver.note" if any(counts.values()) else "waiver.none",
        shown=numbers.format_count(len(rows)),
        **{name: numbers.format_count(count) for name, count in counts.items()},
    )
    return ReportTable(t("waiver.title"), heads, rows, (5,), (6, 3, 5, 3, 4, 3), note)


def _list_not_assessable(view: SnapshotView, known: pl.DataFrame) -> ReportTable:
    frame = not_assessable.count_by_field(view, tuple(known["rule_id"]))
    shown = [
        (
            row["field"] or numbers.NOTHING,
            row["subject"],
            row["reason"],
            numbers.format_count(row["subjects"]),
            numbers.format_share(row["share"]),
        )
        for row in frame.head(TOP_ROWS).iter_rows(named=True)
    ]
    heads = tuple(t(f"col.{name}") for name in ("field", "subject", "reason", "subjects", "share"))
    total = numbers.format_count(int(frame["subjects"].sum()))
    return ReportTable(t("report.unjudged"), heads, shown, (3, 4), (4, 2, 3, 2, 2), t("report.unjudged_note", n=total))
