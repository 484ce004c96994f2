"""What the training page says: needs by topic, the catalogue, sessions with feedback and scores, before and after."""

from datetime import date, timedelta
from typing import Any

import polars as pl
import streamlit as st

from data.queries import account_managers, training
from pages.ui.app import queries, url_state
from pages.ui.app.page_frame import SnapshotView
from pages.ui.charts import drawing, people_charts
from pages.ui.i18n import language, numbers
from pages.ui.i18n.language import by_language, t
from pages.ui.people.account_managers import build_manager_table, load_books, topic_labels
from pages.ui.widgets import tables
from policy.model import supervision
from policy.violations import results

NEEDS = {
    "topic": "text",
    "managers_needing": "count",
    "not_taught": "count",
    "taught_share": "share",
    "clause_groups": "text",
    "courses": "text",
}
COURSES = {
    "course": "text",
    "topic": "text",
    "clause_groups": "text",
    "days": "rate",
    "target_role": "text",
    "plans": "count",
    "sessions": "count",
    "attendances": "count",
    "last_held": "date",
}
SESSIONS = {
    "held_on": "date",
    "course": "text",
    "topic": "text",
    "session_kind": "text",
    "method": "text",
    "trainer_type": "text",
    "days": "rate",
    "attendees": "count",
    "without_need": "count",
    "with_feedback": "count",
    "feedback_score": "rate",
    "scored": "count",
    "pre_score": "rate",
    "post_score": "rate",
    "gain": "rate",
}
ATTENDANCE = {
    "manager": "text",
    "branch": "text",
    "role": "text",
    "need_answered": "text",
    "feedback_date": "date",
    "feedback_score": "rate",
    "pre_score": "rate",
    "post_score": "rate",
    "gain": "rate",
    "assess_date": "date",
}
EFFECT = {
    "who": "text",
    "managers": "count",
    "loans_before": "count",
    "violations_before": "count",
    "rate_before": "rate",
    "loans_after": "count",
    "violations_after": "count",
    "rate_after": "rate",
    "rate_change": "rate",
}
MONTH = timedelta(days=31)


def _format_clause_groups(view: SnapshotView, topic: str) -> str | None:
    named = [by_language(g.zh, g.en) for g in supervision.load_clause_groups(view.policy) if g.topic == topic]
    return t("managers.and").join(named) or None


def build_needs(view: SnapshotView, branches: tuple[str, ...]) -> pl.DataFrame:
    """Each taught topic: managers who need it by their violations, those of them not taught, the share taught."""
    rows = build_manager_table(view)
    rows = rows.filter(pl.col("branch_id").is_in(branches)) if branches else rows
    courses, words, found = queries.cached_query(training.list_courses, view.as_of), topic_labels(), []
    for topic in dict.fromkeys(g.topic for g in supervision.load_clause_groups(view.policy) if g.topic):
        needing = rows.filter(pl.col("needed").list.contains(topic))
        taken = pl.col("topics_taken").list.contains(topic).fill_null(False)
        share = rows.select(taken.mean()).item() if rows.height else None
        offered = t("managers.and").join(courses.filter(pl.col("topic") == topic)["course"]) or None
        untaught = needing.filter(~taken).height
        found.append(
            {
                "topic": words.get(topic, topic),
                "clause_groups": _format_clause_groups(view, topic),
                "courses": offered,
                "managers_needing": needing.height,
                "not_taught": untaught,
                "taught_share": share,
            }
        )
    schema = {name: {"text": pl.String, "count": pl.Int64, "share": pl.Float64}[kind] for name, kind in NEEDS.items()}
    return pl.DataFrame(found, schema=schema)


def load_catalogue(view: SnapshotView) -> pl.DataFrame:
    found = queries.cached_query(training.list_courses, view.as_of)
    groups = [_format_clause_groups(view, topic) if topic else None for topic in found["topic"]]
    return found.with_columns(
        pl.col("topic").replace(topic_labels()),
        pl.col("days").cast(pl.Float64),
        clause_groups=pl.Series(groups, dtype=pl.String),
    )


def load_sessions(view: SnapshotView, branches: tuple[str, ...]) -> pl.DataFrame:
    found = queries.cached_query(training.list_sessions, view.as_of, branches)
    return found.with_columns(
        pl.col("topic").replace(topic_labels()),
        pl.col("session_kind").replace(language.code_labels("session_kind")),
        pl.col("method").replace(language.code_labels("training_method")),
        pl.col("trainer_type").replace(language.code_labels("trainer_type")),
        pl.col("days").cast(pl.Float64),
        gain=pl.col("post_score") - pl.col("pre_score"),
    )


def draw_sessions(view: SnapshotView, branches: tuple[str, ...]) -> None:
    """The sessions; the one picked with all who were there."""
    rows = load_sessions(view, branches)
    if rows.is_empty():
        st.info(t("training.no_sessions"))
        return
    row = tables.draw_table(
        rows, SESSIONS, key=f"sessions:{view.as_of}:{hash(branches)}", selectable=True, height="content"
    )
    if row is None:
        st.caption(t("training.pick"))
        return
    course, held_on = rows["course"][row], rows["held_on"][row]
    st.text(f"{course} · {numbers.format_day(held_on)}")
    present = queries.cached_query(training.list_attendance, view.as_of, course, held_on, branches)
    tables.draw_table(
        _label_attendance(view, present), ATTENDANCE, key=f"present:{course}:{held_on}", height=tables.SHORT_HEIGHT
    )


def _label_attendance(view: SnapshotView, rows: pl.DataFrame) -> pl.DataFrame:
    scores = ["feedback_score", "pre_score", "post_score", "gain"]
    answered = pl.when("has_need").then(pl.lit(t("word.true"))).otherwise(pl.lit(t("word.false")))
    return rows.with_columns(
        pl.col(scores).cast(pl.Float64),
        manager=pl.concat_str([pl.col("officer_id"), pl.col("name")], separator=" ", ignore_nulls=True),
        branch=pl.col("branch_id").replace(queries.cached_query(results.load_branch_names, view.as_of)),
        need_answered=answered,
    )


def list_events(view: SnapshotView) -> dict[str, tuple[str, date]]:
    """The days on which a topic that rules belong to was taught to managers, by a code for the address."""
    found = queries.cached_query(training.list_topic_sessions, view.as_of)
    return {
        f"{row['topic']}~{row['held_on'].isoformat()}": (row["topic"], row["held_on"])
        for row in found.iter_rows(named=True)
        if supervision.taught_rules(view.policy, row["topic"]) and _format_clause_groups(view, row["topic"])
    }


def choose_event(view: SnapshotView) -> tuple[str, date] | None:
    known, words = list_events(view), topic_labels()
    if not known:
        return None
    labels = {code: f"{words.get(topic, topic)} · {numbers.format_day(day)}" for code, (topic, day) in known.items()}
    with st.columns(2)[0]:
        return known[url_state.select_persisted("session", t("training.session"), labels)]


def find_runs_around(view: SnapshotView, held_on: date) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The checked snapshots before and after a session, within the span that is compared."""
    checked = queries.cached_query(account_managers.list_comparable_runs, view.run.run_id)
    span = int(supervision.require_threshold(view.policy, "effect_months")) * MONTH
    near = checked.filter(pl.col("as_of").is_between(held_on - span, held_on + span))
    return near.filter(pl.col("as_of") < held_on), near.filter(pl.col("as_of") > held_on)


def draw_effect(view: SnapshotView, topic: str, held_on: date) -> None:
    """Rates before and after a session, of those who were there and of those never taught the topic."""
    before, after = find_runs_around(view, held_on)
    days = t("managers.and").join(numbers.format_day(day) for day in [*before["as_of"], *after["as_of"]])
    st.caption(
        t(
            "training.checked",
            n=before.height + after.height,
            days=days or numbers.NOTHING,
            months=numbers.format_number(supervision.require_threshold(view.policy, "effect_months")),
        )
    )
    if before.is_empty() or after.is_empty():
        st.info(t("training.too_few", day=numbers.format_day(held_on), before=before.height, after=after.height))
        st.code("python -m policy check --all", language=None)
        return
    named = (*before["run_id"], *after["run_id"])
    rules = tuple(supervision.taught_rules(view.policy, topic))
    found = queries.cached_query(account_managers.compare_violation_rates, view.as_of, named, rules, topic, held_on)
    who = {True: t("training.trained"), False: t("training.untrained")}
    rated = found.with_columns(
        rate=pl.col("violations") * 100 / pl.col("loans"),
        who=pl.col("trained").replace_strict(who, return_dtype=pl.String),
    )
    if rated["trained"].n_unique() < 2:
        st.info(t("training.no_peers"))
    _draw_effect_chart(rated, held_on, list(who.values()))
    table = compare_rates(rated, held_on)
    tables.draw_table(table, EFFECT, key="effect", height="content")
    _draw_conclusion(view, table, list(who.values()))


def _draw_effect_chart(rated: pl.DataFrame, held_on: date, names: list[str]) -> None:
    frame = rated.with_columns(
        day=numbers.format_series(rated["as_of"], numbers.format_day),
        label=numbers.format_series(rated["rate"].round(1), numbers.format_number),
    )
    marks = pl.DataFrame({"as_of": [held_on], "text": [t("training.held", day=numbers.format_day(held_on))]})
    drawing.show_chart(
        people_charts.build_training_effect(frame, marks, names),
        t("training.effect_text", day=numbers.format_day(held_on)),
    )


def compare_rates(rated: pl.DataFrame, held_on: date) -> pl.DataFrame:
    """The columns of EFFECT: loans and violations of the snapshots on either side added up, and their rates."""
    is_before = pl.col("as_of") < held_on
    sums = rated.group_by("trained", "who").agg(
        pl.col("managers").max(),
        *(pl.col(name).filter(is_before).sum().alias(f"{name}_before") for name in ("loans", "violations")),
        *(pl.col(name).filter(~is_before).sum().alias(f"{name}_after") for name in ("loans", "violations")),
    )
    rates = sums.with_columns(
        rate_before=pl.col("violations_before") * 100 / pl.col("loans_before"),
        rate_after=pl.col("violations_after") * 100 / pl.col("loans_after"),
    )
    return rates.with_columns(rate_change=pl.col("rate_after") - pl.col("rate_before")).sort("trained", descending=True)


def _draw_conclusion(view: SnapshotView, table: pl.DataFrame, names: list[str]) -> None:
    """The two changes side by side, in words; observational, and said so."""
    change: dict[str, Any] = dict(table.select("who", "rate_change").iter_rows())
    if set(change) == set(names):
        told = {name: f"{change[key]:+.1f}" for name, key in zip(("trained", "untrained"), names, strict=True)}
        st.markdown(t("training.change", difference=f"{change[names[0]] - change[names[1]]:+.1f}", **told))
    loans, people = (
        float(supervision.require_threshold(view.policy, name)) for name in ("thin_loans", "thin_managers")
    )
    if table.filter((pl.col("loans_after") < loans) | (pl.col("managers") < people)).height:
        st.warning(t("training.thin"))
    st.info(t("training.observational"))


def has_register(view: SnapshotView) -> bool:
    """Whether anything about training was ever loaded."""
    return bool(load_books(view).height) and not (
        queries.cached_query(training.list_courses, view.as_of).is_empty()
        and queries.cached_query(training.list_sessions, view.as_of, ()).is_empty()
    )
