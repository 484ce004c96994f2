"""What one loan went through, as charts: its history on a timeline, its collateral ratio over the snapshots."""

from datetime import date, timedelta

import polars as pl
import streamlit as st

from data.queries import loan_detail
from pages.ui.app import queries
from pages.ui.app.snapshot_view import SnapshotView
from pages.ui.charts import balance_charts, drawing, timeline_charts
from pages.ui.i18n import language, numbers
from pages.ui.i18n.language import by_language, t

EXTENDED = "extended_term"
Spans = list[tuple[str, date, date, str, str]]
Points = list[tuple[str, date, str, bool]]  # lane, day, what, whether the day is out of order


def draw_history(view: SnapshotView, loan: dict[str, object]) -> None:
    """Term and extensions, class and arrears as spans; steps, requests, inspections and notices as points."""
    loan_id = str(loan["loan_id"])
    states = queries.cached_query(loan_detail.list_snapshot_states, loan_id).filter(pl.col("as_of") <= view.as_of)
    extensions = queries.cached_query(loan_detail.list_register_rows, view.as_of, "extensions", loan_id)
    spans = (
        _list_term_spans(loan, extensions)
        + _list_class_spans(states, loan["disbursed_on"])
        + _list_arrears_spans(states)
    )
    points = _list_points(view, loan_id, extensions)
    if not spans and not points:
        st.info(t("loan.no_history"))
        return
    classes = list(language.code_labels("classification").values())
    chart = timeline_charts.build_loan_history(
        _build_span_frame(spans), _build_point_frame(points), view.as_of, _list_lanes(spans, points), classes
    )
    drawing.show_chart(chart, timeline_charts.build_alt_text(_build_span_frame(spans), _build_point_frame(points)))


def _list_lanes(spans: Spans, points: Points) -> list[str]:
    names = ("term", "class", "arrears", "step", "request", "inspection", "notice", "valuation")
    used = {row[0] for row in spans} | {row[0] for row in points}
    return [lane for lane in (t(f"loan.lane_{name}") for name in names) if lane in used]


def _build_span_frame(rows: Spans) -> pl.DataFrame:
    days = [f"{numbers.format_day(start)} – {numbers.format_day(end)}" for _, start, end, _, _ in rows]
    frame_of = pl.DataFrame(rows, schema=["lane", "start", "end", "kind", "text"], orient="row")
    return frame_of.with_columns(days=pl.Series(days, dtype=pl.String))


def _build_point_frame(rows: Points) -> pl.DataFrame:
    frame_of = pl.DataFrame(
        rows, schema={"lane": pl.String, "day": pl.Date, "text": pl.String, "wrong": pl.Boolean}, orient="row"
    )
    return frame_of.with_columns(days=numbers.format_series(frame_of["day"], numbers.format_day))


def _list_term_spans(held: dict[str, object], extensions: pl.DataFrame) -> Spans:
    """The original term, then each extension that was granted."""
    begins, ends = held["disbursed_on"], held["original_maturity"]
    lane = t("loan.lane_term")
    if not isinstance(begins, date) or not isinstance(ends, date):
        return []
    rows: Spans = [(lane, begins, ends, "term", t("loan.original_term"))]
    for number, later in enumerate(extensions["new_maturity"].drop_nulls().sort(), start=1):
        if later > ends:
            rows.append((lane, ends, later, "extension", t("loan.extended_term", n=number)))
            ends = later
    return rows


def _list_class_spans(states: pl.DataFrame, begins: object) -> Spans:
    """Stretches of one class, up to the last snapshot that says so."""
    words = language.code_labels("classification")
    return [
        (
            t("loan.lane_class"),
            max(start, begins) if isinstance(begins, date) and begins < end else start,
            end,
            "class",
            words.get(str(code), str(code)),
        )
        for code, start, end in _merge_equal_states(states.select("as_of", value="classification"))
    ]


def _list_arrears_spans(states: pl.DataFrame) -> Spans:
    """Neighbouring snapshots past due as one stretch, with the most days in it."""
    late = states.filter(pl.col("days_past_due") > 0)
    spans = _merge_equal_states(states.select("as_of", value=pl.when(pl.col("days_past_due") > 0).then(True)))
    most = [max(late.filter(pl.col("as_of").is_between(start, end))["days_past_due"]) for _, start, end in spans]
    return [
        (t("loan.lane_arrears"), start, end, "arrears", t("loan.past_due", n=numbers.format_count(int(days))))
        for (_, start, end), days in zip(spans, most, strict=True)
    ]


def _merge_equal_states(states: pl.DataFrame) -> list[tuple[object, date, date]]:
    """(value, from, to) of neighbouring snapshots that say the same: each stands for the time since the one before.

    The first stands for a month.
    """
    found: list[tuple[object, date, date]] = []
    before: date | None = None
    for day, held in states.iter_rows():
        start, before = before or day - timedelta(30), day
        if held is None:
            continue
        if found and found[-1][0] == held and found[-1][2] == start:
            found[-1] = (held, found[-1][1], day)
        else:
            found.append((held, start, day))
    return found


def _list_points(view: SnapshotView, loan_id: str, extensions: pl.DataFrame) -> Points:
    steps = queries.cached_query(loan_detail.list_process_steps, view.as_of, loan_id)
    rows: Points = [
        (t("loan.lane_step"), day, f"{'✘ ' if against else ''}{by_language(zh, en)}", against is not None)
        for zh, en, day, against in steps.select("zh", "en", "day", "against").iter_rows()
        if day
    ]
    for applied, wished in extensions.select("application_date", "requested_maturity").iter_rows():
        if applied:
            rows.append((t("loan.lane_request"), applied, t("loan.applied_to", day=numbers.format_day(wished)), False))
    rows += _list_register_points(
        view, loan_id, "inspections", "inspection_date", "kind", "inspection_kind", "inspection"
    )
    rows += _list_register_points(view, loan_id, "notices", "notice_date", "kind", "notice_kind", "notice")
    rows += _list_register_points(
        view, loan_id, "guarantees", "valuation_date", "collateral_type", "collateral_type", "valuation"
    )
    return rows


def _list_register_points(
    view: SnapshotView, loan_id: str, table: str, day: str, what: str, codes: str, lane: str
) -> Points:
    words = language.code_labels(codes)
    rows = (
        queries.cached_query(loan_detail.list_register_rows, view.as_of, table, loan_id)
        .select(day, what)
        .unique(maintain_order=True)
    )
    named = t(f"loan.lane_{lane}")
    return [(named, when, words.get(code, code or ""), False) for when, code in rows.iter_rows() if when]


def draw_collateral(view: SnapshotView, loan_id: str) -> None:
    """The ratio of balance to collateral at each snapshot, and what it is now."""
    states = queries.cached_query(loan_detail.list_snapshot_states, loan_id).filter(pl.col("as_of") <= view.as_of)
    known = states.filter(pl.col("collateral_share").is_not_null())
    if known.is_empty():
        st.info(t("loan.no_collateral"))
        return
    now = known.row(-1, named=True)
    left, right = st.columns(2)
    left.metric(t("loan.share_now"), numbers.format_share(now["collateral_share"]), border=True, height="stretch")
    worth = numbers.format_compact_amount(now["collateral_net_value"])
    right.metric(t("loan.worth_now"), worth, border=True, height="stretch")
    rows = known.select(
        month=numbers.format_series(known["as_of"], numbers.format_month),
        day=numbers.format_series(known["as_of"], numbers.format_day),
        name=pl.lit(t("col.collateral_share")),
        value="collateral_share",
        label=numbers.format_series(known["collateral_share"], numbers.format_share),
    )
    alt_text = by_language("；", "; ").join(
        f"{month} {label}" for month, label in rows.select("month", "label").iter_rows()
    )
    drawing.show_chart(
        balance_charts.build_ratio_trend(rows, [t("col.collateral_share")]), f"{t('loan.security')}: {alt_text}"
    )
    st.caption(t("loan.ratio_note"))
    _draw_collateral_items(view, loan_id)


def _draw_collateral_items(view: SnapshotView, loan_id: str) -> None:
    """Each thing pledged: what it is, its value, when it was valued; a name is data, so it is never markdown."""
    rows = queries.cached_query(loan_detail.list_register_rows, view.as_of, "guarantees", loan_id)
    kinds = language.code_labels("collateral_type")
    for row in rows.filter(pl.col("appraised_value").is_not_null()).iter_rows(named=True):
        kind, name = kinds.get(row["collateral_type"] or ""), row["collateral_name"] or row["guarantee_id"]
        labels = (kind, name, numbers.format_amount(row["appraised_value"]), numbers.format_day(row["valuation_date"]))
        st.text(" · ".join(dict.fromkeys(filter(None, labels))))
