"""Training: needs by topic, the catalogue, and sessions with feedback and scores."""

import polars as pl
import streamlit as st

from data.queries import training
from pages.ui.app import queries
from pages.ui.app.snapshot_view import SnapshotView
from pages.ui.i18n import language, numbers
from pages.ui.i18n.language import by_language, t
from pages.ui.people import managers
from pages.ui.widgets import tables
from policy.model import supervision
from policy.monitoring import training_needs
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


def format_clause_groups(view: SnapshotView, topic: str) -> str | None:
    """The clause groups that a topic teaches, in words; None where it teaches none."""
    named = [by_language(g.zh, g.en) for g in supervision.load_clause_groups(view.policy) if g.topic == topic]
    return t("managers.and").join(named) or None


def build_needs(view: SnapshotView, branches: tuple[str, ...]) -> pl.DataFrame:
    """The columns of NEEDS: each taught topic with the managers who need it and the courses that teach it."""
    rows = managers.filter_branches(managers.load_managers(view), branches)
    topics = list(dict.fromkeys(g.topic for g in supervision.load_clause_groups(view.policy) if g.topic))
    courses = queries.cached_query(training.list_courses, view.as_of)
    offered = [t("managers.and").join(courses.filter(pl.col("topic") == topic)["course"]) or None for topic in topics]
    groups = [format_clause_groups(view, topic) for topic in topics]
    return training_needs.count_by_topic(rows, topics).with_columns(
        pl.col("topic").replace(managers.topic_labels()),
        clause_groups=pl.Series(groups, dtype=pl.String),
        courses=pl.Series(offered, dtype=pl.String),
    )


def load_catalogue(view: SnapshotView) -> pl.DataFrame:
    found = queries.cached_query(training.list_courses, view.as_of)
    groups = [format_clause_groups(view, topic) if topic else None for topic in found["topic"]]
    return found.with_columns(
        pl.col("topic").replace(managers.topic_labels()),
        pl.col("days").cast(pl.Float64),
        clause_groups=pl.Series(groups, dtype=pl.String),
    )


def load_sessions(view: SnapshotView, branches: tuple[str, ...]) -> pl.DataFrame:
    found = queries.cached_query(training.list_sessions, view.as_of, branches)
    return found.with_columns(
        pl.col("topic").replace(managers.topic_labels()),
        pl.col("session_kind").replace(language.code_labels("session_kind")),
        pl.col("method").replace(language.code_labels("training_method")),
        pl.col("trainer_type").replace(language.code_labels("trainer_type")),
        pl.col("days").cast(pl.Float64),
    )


def draw_sessions(view: SnapshotView, branches: tuple[str, ...]) -> None:
    """The sessions, and the attendance of the one selected."""
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


def has_register(view: SnapshotView) -> bool:
    """Whether anything about training was ever loaded."""
    return bool(managers.load_books(view).height) and not (
        queries.cached_query(training.list_courses, view.as_of).is_empty()
        and queries.cached_query(training.list_sessions, view.as_of, ()).is_empty()
    )
