"""What has to be done in a week, by the last working day for it: counts by kind and day, and the records behind."""

from dataclasses import dataclass
from datetime import date, timedelta

import polars as pl
import streamlit as st

from data.queries import maturities
from data.queries.maturities import MaturityScope
from data.reference import working_days
from pages.ui.app import queries, record_names, snapshot_view, status_line, url_state
from pages.ui.app.snapshot_view import SnapshotView
from pages.ui.i18n import language, numbers
from pages.ui.i18n.language import by_language, t
from pages.ui.maturities import windows
from pages.ui.widgets import excel_export, tables
from policy.monitoring import duties
from policy.violations import results

WEEK_COUNT = 3
DAY = timedelta(days=1)
ALL_DUTIES = "all"
COLUMNS = {
    "duty_name": "text",
    "do_by": "date",
    "due_on": "date",
    "borrower_name": "text",
    "loan_id": "text",
    "title": "text",
    "remedy": "text",
    "branch": "text",
    "manager": "text",
    "subject": "text",
    "subject_id": "text",
}


@dataclass(frozen=True)
class Week:
    """From the day looked at, or a Monday, to a Sunday."""

    code: str
    first: date
    last: date

    @property
    def label(self) -> str:
        return t("maturities.week_of", first=numbers.format_day(self.first), last=numbers.format_day(self.last))


def list_weeks(as_of: date) -> dict[str, Week]:
    """The week that the next working day lies in, and those after it."""
    day = as_of
    while not working_days.is_working_day(day):
        day += DAY
    sunday = working_days.bounds_of_week(day)[1]
    found = [Week("1", as_of, sunday)]
    for number in range(2, WEEK_COUNT + 1):
        found.append(Week(str(number), found[-1].last + DAY, found[-1].last + 7 * DAY))
    return {week.code: week for week in found}


def select_week(view: SnapshotView) -> Week:
    found = list_weeks(view.as_of)
    labels = {code: week.label for code, week in found.items()}
    return found[url_state.select_segment("week", t("maturities.week"), labels, default="1")]


def list_due_duties(view: SnapshotView, week: Week, chosen: MaturityScope) -> pl.DataFrame:
    """The duties of the week by their last working day, the soonest first: [duty, do_by, due_on, subject, …]."""
    end = week.last
    while not working_days.is_working_day(end + DAY):  # what falls due in a holiday has to be done before it
        end += DAY
    with st.spinner(t("maturities.working")):
        found = queries.cached_query(duties.list_due_records, view.policy, view.as_of, (end - view.as_of).days)
    for name, wanted in (("branch_id", chosen.branches), ("officer_id", chosen.officers)):
        found = found.filter(pl.col(name).is_in(wanted)) if wanted else found
    last = {day: working_days.last_working_day(day) for day in found["due_on"].unique()}
    dated = found.with_columns(do_by=pl.col("due_on").replace_strict(last, default=None, return_dtype=pl.Date))
    start = pl.lit(True) if week.first == view.as_of else pl.col("do_by") >= week.first
    return dated.filter(start & (pl.col("do_by") <= week.last)).sort("do_by", "due_on", maintain_order=True)


def count_duties_by_day(
    view: SnapshotView, week: Week, due_duties: pl.DataFrame, chosen: MaturityScope
) -> pl.DataFrame:
    """A row a kind of duty: the week's sum, what is late or unknown, then a column a day."""
    overdue, unknown = count_overdue(view, chosen), count_not_assessable(view)
    days = _list_days(week)
    counts = {(duty, day): n for duty, day, n in due_duties.group_by("duty", "do_by").len().iter_rows()}
    before = [day for day in due_duties["do_by"].unique() if day < week.first]
    rows = []
    for duty in duties.load_duties(view.policy):
        own = {day.isoformat(): counts.get((duty.duty, day), 0) for day in days}
        own[days[0].isoformat()] += sum(counts.get((duty.duty, day), 0) for day in before)
        row = {"duty": format_duty_name(duty.duty), "total": sum(own.values())}
        row |= {"overdue": overdue.get(duty.duty), "deadline_unknown": unknown.get(duty.duty)}
        rows.append(row | {day: n or None for day, n in own.items()})
    return pl.DataFrame(rows, schema_overrides=dict.fromkeys([name for name in rows[0] if name != "duty"], pl.Int64))


def _list_days(week: Week) -> list[date]:
    return [week.first + DAY * n for n in range((week.last - week.first).days + 1)]


def _format_day_header(day: date) -> str:
    """The head of a day's column: weekday and day of the month, and whether it is not worked."""
    weekday = t("maturities.weekdays").split()[day.weekday()]
    return f"{weekday} {day.day}" + ("" if working_days.is_working_day(day) else f" {t('maturities.mark_holiday')}")


def format_duty_name(duty: str) -> str:
    """The word for a duty; one that a bank has added is shown by its own name."""
    return t(f"duty.{duty}") if duty in language.labels_of_kind("duty") else duty


def count_overdue(view: SnapshotView, chosen: MaturityScope) -> dict[str, int]:
    """Violations of the duties' rules in the newest check; empty where the snapshot was not checked."""
    if view.run is None:
        return {}
    counts = queries.cached_query(
        results.count_violations_by_rule, view.run.run_id, tuple(chosen.branches), tuple(chosen.officers)
    )
    listed = [duty for duty in duties.load_duties(view.policy) if duty.rules and duty.subject != duties.EXTENSION]
    return {duty.duty: sum(counts.get(rule_id, 0) for rule_id in duty.rule_ids) for duty in listed}


def count_not_assessable(view: SnapshotView) -> dict[str, int]:
    """Records of the whole bank that the newest check could not judge by the duties' rules: their day is not known."""
    if view.run is None:
        return {}
    rows = queries.cached_query(results.count_not_assessable, view.run.run_id)
    counts = dict(rows.group_by("rule_id").agg(pl.col("subjects").sum()).iter_rows())
    listed = [duty for duty in duties.load_duties(view.policy) if duty.rules and duty.subject != duties.EXTENSION]
    return {duty.duty: max(counts.get(rule_id, 0) for rule_id in duty.rule_ids) for duty in listed}


def draw_counts(view: SnapshotView, week: Week, due_duties: pl.DataFrame, chosen: MaturityScope) -> None:
    counts = count_duties_by_day(view, week, due_duties, chosen)
    kinds = {name: "text" if name == "duty" else "count" for name in counts.columns}
    days = {day.isoformat(): _format_day_header(day) for day in _list_days(week)}
    names = {name: t(f"maturities.{name}") for name in ("duty", "total", "overdue", "deadline_unknown")} | days
    tables.draw_table(counts, kinds, key="duties", height="content", names=names, blank="")
    st.caption(t("maturities.duties_note"))
    if view.run is None:
        st.warning(t("maturities.duties_unchecked"))
    for year in working_days.list_unannounced_years(week.first, week.last):
        st.warning(t("maturities.year_unknown", year=year), icon=":material/event_busy:")
    rules = [rule_id for duty in duties.load_duties(view.policy) for rule_id in duty.rule_ids]
    if sum(count_overdue(view, chosen).values()):
        snapshot_view.draw_page_link("violations", rule_id=rules)


def select_duty_kind(due_duties: pl.DataFrame) -> str:
    """The kind of duty that is listed, all unless the address says otherwise."""
    counts = dict(due_duties.group_by("duty").len().iter_rows())
    order = [duty for duty in language.labels_of_kind("duty") if duty in counts]
    order += sorted(set(counts) - set(order))
    labels = {ALL_DUTIES: t("maturities.every", n=numbers.format_count(due_duties.height))}
    labels |= {duty: f"{format_duty_name(duty)} ({numbers.format_count(counts[duty])})" for duty in order}
    return url_state.select_segment("duty", t("maturities.duty"), labels, default=ALL_DUTIES)


def add_names_and_texts(view: SnapshotView, rows: pl.DataFrame) -> pl.DataFrame:
    """The rows with names and words: those of a page, or all for the workbook."""
    names = queries.cached_query(
        maturities.load_borrower_names, view.as_of, tuple(rows["borrower_id"].drop_nulls().unique().sort())
    )
    rules = view.policy.rules
    titles = {code: by_language(rule.title_zh, rule.title_en) for code, rule in rules.items()}
    remedies = {code: by_language(rule.remedy_zh, rule.remedy_en) for code, rule in rules.items()}
    known = language.labels_of_kind("duty")
    return record_names.add_branch_and_manager(view, rows).with_columns(
        duty_name=pl.col("duty").replace(known),
        subject=pl.col("subject").replace(language.labels_of_kind("subject")),
        borrower_name=pl.col("borrower_id").replace_strict(names, default=None, return_dtype=pl.String),
        title=pl.col("rule_id").replace_strict(titles, default=None, return_dtype=pl.String),
        remedy=pl.col("rule_id").replace_strict(remedies, default=None, return_dtype=pl.String),
    )


def draw_duties(view: SnapshotView, week: Week, rows: pl.DataFrame) -> tuple[str, ...]:
    """The records, a page at a time; the loans picked among them."""
    pages = max(1, -(-rows.height // tables.PAGE_SIZE))
    key = hash(
        (week, rows.height, tuple(url_state.get_params("duty")), view.as_of, tuple(url_state.get_params("branch_id")))
    )
    number = st.pagination(pages, key=f"duties-page:{key}") if pages > 1 else 1
    shown = add_names_and_texts(view, rows[(number - 1) * tables.PAGE_SIZE : number * tables.PAGE_SIZE])
    rows_picked = tables.draw_multiselect_table(shown, COLUMNS, key=f"duties:{key}:{number}", height=tables.TALL_HEIGHT)
    picked = tuple(shown["loan_id"][rows_picked].drop_nulls().unique(maintain_order=True))
    if len(picked) == 1:
        windows.draw_loan_links(picked[0])
    return picked


def write_workbook(view: SnapshotView, week: Week, rows: pl.DataFrame) -> bytes:
    cover = {
        t("frame.as_of"): numbers.format_day(view.as_of),
        t("maturities.week"): week.label,
        t("workbook.policy"): view.policy.version,
        t("workbook.rows"): numbers.format_count(rows.height),
    } | status_line.cover_data_state(view)
    return excel_export.write_table(
        t("maturities.duties"), cover, add_names_and_texts(view, rows).select(list(COLUMNS))
    )
