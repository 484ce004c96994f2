"""What has to be done in a week, by the last working day for it: counts by kind and day, and the records behind."""

from dataclasses import dataclass
from datetime import date, timedelta

import polars as pl
import streamlit as st

from data.queries import maturities
from data.queries.maturities import Scope
from data.reference import working_days
from pages.ui.app import page_frame, queries, record_names, url_state
from pages.ui.app.page_frame import View
from pages.ui.i18n import language, numbers
from pages.ui.i18n.language import pick, say
from pages.ui.maturities import windows
from pages.ui.widgets import excel_export, tables
from policy.monitoring import duties
from policy.violations import results

WEEKS = 3
DAY = timedelta(days=1)
EVERY = "all"
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
        return say("maturing.week_of", first=numbers.day(self.first), last=numbers.day(self.last))


def weeks(as_of: date) -> dict[str, Week]:
    """The week that the next working day lies in, and those after it."""
    day = as_of
    while not working_days.is_working(day):
        day += DAY
    sunday = working_days.week(day)[1]
    found = [Week("1", as_of, sunday)]
    for number in range(2, WEEKS + 1):
        found.append(Week(str(number), found[-1].last + DAY, found[-1].last + 7 * DAY))
    return {week.code: week for week in found}


def choose(view: View) -> Week:
    found = weeks(view.as_of)
    labels = {code: week.label for code, week in found.items()}
    return found[url_state.switch("week", say("maturing.week"), labels, default="1")]


def due(view: View, week: Week, chosen: Scope) -> pl.DataFrame:
    """The duties of the week by their last working day, the soonest first: [duty, do_by, due_on, subject, …]."""
    end = week.last
    while not working_days.is_working(end + DAY):  # what falls due in a holiday has to be done before it
        end += DAY
    with st.spinner(say("maturing.working")):
        found = queries.ask(duties.table, view.policy, view.as_of, (end - view.as_of).days)
    for name, wanted in (("branch_id", chosen.branches), ("officer_id", chosen.officers)):
        found = found.filter(pl.col(name).is_in(wanted)) if wanted else found
    last = {day: working_days.on_or_before(day) for day in found["due_on"].unique()}
    dated = found.with_columns(do_by=pl.col("due_on").replace_strict(last, default=None, return_dtype=pl.Date))
    start = pl.lit(True) if week.first == view.as_of else pl.col("do_by") >= week.first
    return dated.filter(start & (pl.col("do_by") <= week.last)).sort("do_by", "due_on", maintain_order=True)


def grid(view: View, week: Week, found: pl.DataFrame, chosen: Scope) -> pl.DataFrame:
    """A row a kind of duty: the week's sum, what is late or unknown, then a column a day."""
    late, untold = overdue(view, chosen), unknown(view)
    days = _days(week)
    counts = {key: n for *key, n in found.group_by("duty", "do_by").len().iter_rows() for key in [tuple(key)]}
    before = [day for day in found["do_by"].unique() if day < week.first]
    rows = []
    for duty in duties.catalogue(view.policy):
        own = {day.isoformat(): counts.get((duty.duty, day), 0) for day in days}
        own[days[0].isoformat()] += sum(counts.get((duty.duty, day), 0) for day in before)
        row = {"duty": name_of(duty.duty), "total": sum(own.values())}
        row |= {"overdue": late.get(duty.duty), "untold": untold.get(duty.duty)}
        rows.append(row | {day: n or None for day, n in own.items()})
    return pl.DataFrame(rows, schema_overrides=dict.fromkeys([name for name in rows[0] if name != "duty"], pl.Int64))


def _days(week: Week) -> list[date]:
    return [week.first + DAY * n for n in range((week.last - week.first).days + 1)]


def _head(day: date) -> str:
    """The head of a day's column: weekday and day of the month, and whether it is not worked."""
    weekday = say("maturing.weekdays").split()[day.weekday()]
    return f"{weekday} {day.day}" + ("" if working_days.is_working(day) else f" {say('maturing.mark_holiday')}")


def name_of(duty: str) -> str:
    """The word for a duty; one that a bank has added is shown by its own name."""
    return say(f"duty.{duty}") if duty in language.terms("duty") else duty


def overdue(view: View, chosen: Scope) -> dict[str, int]:
    """Violations of the duties' rules in the newest check; empty where the snapshot was not checked."""
    if view.run is None:
        return {}
    counts = queries.ask(results.by_rule, view.run.run_id, tuple(chosen.branches), tuple(chosen.officers))
    listed = [duty for duty in duties.catalogue(view.policy) if duty.rules and duty.subject != duties.EXTENSION]
    return {duty.duty: sum(counts.get(rule_id, 0) for rule_id in duty.rule_ids) for duty in listed}


def unknown(view: View) -> dict[str, int]:
    """Records of the whole bank that the newest check could not judge by the duties' rules: their day is not known."""
    if view.run is None:
        return {}
    rows = queries.ask(results.not_assessable, view.run.run_id)
    counts = dict(rows.group_by("rule_id").agg(pl.col("subjects").sum()).iter_rows())
    listed = [duty for duty in duties.catalogue(view.policy) if duty.rules and duty.subject != duties.EXTENSION]
    return {duty.duty: max(counts.get(rule_id, 0) for rule_id in duty.rule_ids) for duty in listed}


def table(view: View, week: Week, found: pl.DataFrame, chosen: Scope) -> None:
    counts = grid(view, week, found, chosen)
    kinds = {name: "text" if name == "duty" else "count" for name in counts.columns}
    days = {day.isoformat(): _head(day) for day in _days(week)}
    names = {name: say(f"maturing.{name}") for name in ("duty", "total", "overdue", "untold")} | days
    tables.show(counts, kinds, key="duties", height="content", names=names, blank="")
    st.caption(say("maturing.duties_note"))
    if view.run is None:
        st.warning(say("maturing.duties_unchecked"))
    for year in working_days.unknown_years(week.first, week.last):
        st.warning(say("maturing.year_unknown", year=year), icon=":material/event_busy:")
    rules = [rule_id for duty in duties.catalogue(view.policy) for rule_id in duty.rule_ids]
    if sum(overdue(view, chosen).values()):
        page_frame.link("violations", rule_id=rules)


def kind(found: pl.DataFrame) -> str:
    """The kind of duty that is listed, all unless the address says otherwise."""
    counts = dict(found.group_by("duty").len().iter_rows())
    order = [duty for duty in language.terms("duty") if duty in counts]
    order += sorted(set(counts) - set(order))
    labels = {EVERY: say("maturing.every", n=numbers.count(found.height))}
    labels |= {duty: f"{name_of(duty)} ({numbers.count(counts[duty])})" for duty in order}
    return url_state.switch("duty", say("maturing.duty"), labels, default=EVERY)


def worded(view: View, rows: pl.DataFrame) -> pl.DataFrame:
    """The rows with names and words: those of a page, or all for the workbook."""
    names = queries.ask(maturities.names, view.as_of, tuple(rows["borrower_id"].drop_nulls().unique().sort()))
    rules = view.policy.rules
    titles = {code: pick(rule.title_zh, rule.title_en) for code, rule in rules.items()}
    remedies = {code: pick(rule.remedy_zh, rule.remedy_en) for code, rule in rules.items()}
    known = language.terms("duty")
    return record_names.places(view, rows).with_columns(
        duty_name=pl.col("duty").replace(known),
        subject=pl.col("subject").replace(language.terms("subject")),
        borrower_name=pl.col("borrower_id").replace_strict(names, default=None, return_dtype=pl.String),
        title=pl.col("rule_id").replace_strict(titles, default=None, return_dtype=pl.String),
        remedy=pl.col("rule_id").replace_strict(remedies, default=None, return_dtype=pl.String),
    )


def show(view: View, week: Week, rows: pl.DataFrame) -> tuple[str, ...]:
    """The records, a page at a time; the loans picked among them."""
    pages = max(1, -(-rows.height // tables.PAGE))
    key = hash((week, rows.height, tuple(url_state.all_of("duty")), view.as_of, tuple(url_state.all_of("branch_id"))))
    number = st.pagination(pages, key=f"duties-page:{key}") if pages > 1 else 1
    shown = worded(view, rows[(number - 1) * tables.PAGE : number * tables.PAGE])
    rows_picked = tables.several(shown, COLUMNS, key=f"duties:{key}:{number}", height=tables.TALL)
    picked = tuple(shown["loan_id"][rows_picked].drop_nulls().unique(maintain_order=True))
    if len(picked) == 1:
        windows.links(picked[0])
    return picked


def as_workbook(view: View, week: Week, rows: pl.DataFrame) -> bytes:
    cover = {
        say("frame.as_of"): numbers.day(view.as_of),
        say("maturing.week"): week.label,
        say("workbook.policy"): view.policy.version,
        say("workbook.rows"): numbers.count(rows.height),
    }
    return excel_export.make(say("maturing.duties"), cover, worded(view, rows).select(list(COLUMNS)))
