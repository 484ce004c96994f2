"""The board report on a whole run: figures, trend, the most severe rules, branches and account managers, in words."""

import polars as pl

from data.queries import waivers
from data.reference import buckets
from pages.documents import board_report
from pages.documents.board_report import BarChart, BoardReport, ReportTable
from pages.ui.app import queries, record_names, status_line
from pages.ui.app.snapshot_view import SnapshotView
from pages.ui.i18n import language, numbers
from pages.ui.i18n.language import by_language, t
from pages.ui.violations import filters, groups, not_assessable_view, trend_view
from policy.violations import board_figures, facets, results, trend, violation_counts, violation_list
from policy.violations.board_figures import BoardFigures
from policy.violations.violation_query import RunComparison, ViolationFilter

TOP_ROWS = 10
LONG_OPEN = "violation_long"  # the rows of buckets.csv that say how long is long
SNAPSHOTS = 13


def build_pdf(view: SnapshotView, span: RunComparison) -> bytes:
    """The PDF in the current language, of the whole run: no filter of the page narrows the report.

    Raises PrintingError.
    """
    return board_report.render_report(build_report(view, span))


def build_report(view: SnapshotView, span: RunComparison) -> BoardReport:
    known = filters.load_rules(view)
    criteria = ViolationFilter(facets.rule_weights(known))
    figures = _compute_figures(view, span, criteria, known)
    return BoardReport(
        lang=language.current_language(),
        title=t("report.title"),
        as_of=view.as_of,
        subtitle=t("report.subtitle", day=numbers.format_day(view.as_of), version=span.run.policy_version[:12]),
        foot=t("report.foot", run=span.run.run_id),
        summary=[*status_line.cover_data_state(view).values(), *_write_summary(view, span, figures)],
        figures=_list_figures(span, criteria, figures),
        bars=_build_bars(trend_view.load_trend(view, known, tuple(known["rule_id"]))),
        listings=[
            _list_severities(figures),
            *(_list_top_groups(view, span, criteria, by) for by in violation_list.GROUP_COLUMNS[:3]),
            _list_overdue_waivers(view),
            _list_not_assessable(view, known),
        ],
        notes=[
            t("report.note_loans", currency=view.currency or t("frame.no_currency")),
            t("report.note_weight"),
            t("report.note_ages"),
        ],
    )


def _compute_figures(
    view: SnapshotView, span: RunComparison, criteria: ViolationFilter, known: pl.DataFrame
) -> BoardFigures:
    cube = queries.cached_query(violation_counts.load_cube, span, criteria)
    affected = queries.cached_query(violation_list.sum_affected_balance, span.run, view.currency)
    return board_figures.compute_figures(cube.join(known, on="rule_id", how="left"), affected)


def _write_summary(view: SnapshotView, span: RunComparison, figures: BoardFigures) -> list[str]:
    affected = figures.affected
    total = t(
        "report.total",
        day=numbers.format_day(view.as_of),
        n=numbers.format_count(figures.violations),
        grave=numbers.format_count(figures.severe),
        loans=numbers.format_count(affected.loans),
        share=numbers.format_share(affected.share_of_loans),
        balance=numbers.format_compact_amount(affected.balance),
        part=numbers.format_share(affected.share_of_balance),
    )
    if span.since is None or not span.has_lifecycles:
        return [total, t("report.no_since")]
    moved = t(
        "report.moved",
        day=numbers.format_day(span.since.as_of),
        came=numbers.format_count(figures.came),
        left=numbers.format_count(figures.left),
        cured=numbers.format_count(figures.moved.get("cured", 0)),
        opening=numbers.format_count(figures.opening),
    )
    return [total, moved]


def _list_figures(span: RunComparison, criteria: ViolationFilter, figures: BoardFigures) -> list[tuple[str, str]]:
    """(label, value); what moved and how long violations have been open only where the book records it."""
    affected = figures.affected
    listed = [
        (t("col.violations"), numbers.format_count(figures.violations)),
        (t("report.loans_affected"), numbers.format_count(affected.loans)),
        (t("report.share_loans"), numbers.format_share(affected.share_of_loans)),
        (t("report.share_balance"), numbers.format_share(affected.share_of_balance)),
    ]
    if span.since and span.has_lifecycles:
        listed += [
            (t(f"life.{name}"), numbers.format_count(figures.moved.get(name, 0)))
            for name in ("new", "persisting", "cured")
        ]
        for bucket in buckets.load_buckets(LONG_OPEN):
            old = queries.cached_query(violation_counts.count_standing_for, span, criteria, bucket)
            listed.append((by_language(bucket.zh, bucket.en), numbers.format_count(old)))
    return listed


def _build_bars(weighted: pl.DataFrame) -> BarChart | None:
    """The last snapshots; None with fewer than two, which are no trend."""
    labels = trend_view.severity_labels()
    bars = trend.build_bars(weighted, tuple(labels), SNAPSHOTS)
    if len(bars) < 2:
        return None
    drawn = [(f"{bar.as_of:%y-%m-%d}", numbers.format_number(round(bar.points, 1)), bar.parts) for bar in bars]
    return BarChart(t("violations.trend"), tuple(labels.values()), drawn, t("violations.trend_note"))


def _list_severities(figures: BoardFigures) -> ReportTable:
    moved = ("new", "reopened", "cured")
    rows = []
    for severity, label in trend_view.severity_labels().items():
        counts = [
            figures.by_severity.get(severity, 0),
            *(figures.moved_by_severity.get((severity, name), 0) for name in moved),
        ]
        share = numbers.format_share(figures.share_of_severity(severity))
        rows.append((label, *map(numbers.format_count, counts), share))
    heads = (t("col.severity"), t("col.violations"), *(t(f"life.{name}") for name in moved), t("col.share"))
    return ReportTable(t("report.by_severity"), heads, rows, (1, 2, 3, 4, 5), (2, 1, 1, 1, 1, 1))


def _list_top_groups(view: SnapshotView, span: RunComparison, criteria: ViolationFilter, by: str) -> ReportTable:
    rows = groups.sum_by_group(view, span, criteria, by).filter(pl.col("key").is_not_null())
    shown: list[tuple[str, ...]] = [
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
    columns = ("violations", "weight", "loans", "balance")
    heads = (t(f"filter.{by}"), t("report.name"), *(t(f"col.{name}") for name in columns))
    note = ""
    if rows.height > TOP_ROWS:
        note = t("report.first_of", shown=numbers.format_count(len(shown)), n=numbers.format_count(rows.height))
    return ReportTable(t(f"report.top_{by}"), heads, shown, (2, 3, 4, 5), (6, 11, 3, 3, 3, 4), note)


def _group_name(view: SnapshotView, by: str, row: dict[str, object]) -> str:
    rule = view.policy.rules.get(str(row["key"])) if by == "rule_id" else None
    return by_language(rule.title_zh, rule.title_en) if rule else str(row["name"])


def _list_overdue_waivers(view: SnapshotView) -> ReportTable:
    """Documents whose waiver has expired; violations that they cause are counted above."""
    counts = queries.cached_query(waivers.count_waivers, view.as_of)
    shown = queries.cached_query(waivers.list_overdue_waivers, view.as_of, TOP_ROWS)
    branches, types = queries.cached_query(results.load_branch_names, view.as_of), language.code_labels("doc_type")
    people = record_names.load_staff_names(view, shown["waived_by"])
    rows: list[tuple[str, ...]] = [
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
    frame = not_assessable_view.count_by_field(view, tuple(known["rule_id"]))
    shown: list[tuple[str, ...]] = [
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
