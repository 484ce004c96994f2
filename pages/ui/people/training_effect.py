"""Before and after a training session: violation rates of those who attended and of those never taught the topic."""

from datetime import date

import polars as pl
import streamlit as st

from data.queries import account_managers, training
from pages.ui.app import queries, url_state
from pages.ui.app.snapshot_view import SnapshotView
from pages.ui.charts import drawing, people_charts
from pages.ui.i18n import numbers
from pages.ui.i18n.language import t
from pages.ui.people import managers
from pages.ui.people.training import format_clause_groups
from pages.ui.widgets import tables
from policy.model import supervision
from policy.monitoring import training_effect

COLUMNS = {
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


def _list_sessions(view: SnapshotView) -> dict[str, tuple[str, date]]:
    """The days on which a topic that rules belong to was taught, by a code for the address: topic~2026-10-15."""
    found = queries.cached_query(training.list_topic_sessions, view.as_of)
    return {
        f"{row['topic']}~{row['held_on'].isoformat()}": (row["topic"], row["held_on"])
        for row in found.iter_rows(named=True)
        if supervision.taught_rules(view.policy, row["topic"]) and format_clause_groups(view, row["topic"])
    }


def choose_session(view: SnapshotView) -> tuple[str, date] | None:
    """The topic and day of the session chosen in the address; None where there is none to choose."""
    sessions, topics = _list_sessions(view), managers.topic_labels()
    if not sessions:
        return None
    labels = {
        code: f"{topics.get(topic, topic)} · {numbers.format_day(day)}" for code, (topic, day) in sessions.items()
    }
    with st.columns(2)[0]:
        return sessions[url_state.select_persisted("session", t("training.session"), labels)]


def draw_effect(view: SnapshotView, topic: str, held_on: date) -> None:
    """The chart, the table and the conclusion, where snapshots on both sides of the session were checked."""
    thresholds = training_effect.load_thresholds(view.policy)
    runs = queries.cached_query(account_managers.list_comparable_runs, view.checked_run.run_id)
    before, after = training_effect.split_runs(runs, held_on, thresholds.months)
    _draw_compared_days([*before["as_of"], *after["as_of"]], thresholds.months)
    if before.is_empty() or after.is_empty():
        st.info(t("training.too_few", day=numbers.format_day(held_on), before=before.height, after=after.height))
        st.code("python -m policy check --all", language=None)
        return
    counted = queries.cached_query(
        account_managers.compare_violation_rates,
        view.as_of,
        (*before["run_id"], *after["run_id"]),
        tuple(supervision.taught_rules(view.policy, topic)),
        topic,
        held_on,
    )
    if counted["trained"].n_unique() < 2:
        st.info(t("training.no_peers"))
    _draw_chart(counted, held_on)
    compared = training_effect.compare_before_and_after(counted, held_on)
    tables.draw_table(_add_side_labels(compared), COLUMNS, key="effect", height="content")
    _draw_conclusion(compared, thresholds)


def _draw_compared_days(days: list[date], months: float) -> None:
    listed = t("managers.and").join(numbers.format_day(day) for day in days) or numbers.NOTHING
    st.caption(t("training.checked", n=len(days), days=listed, months=numbers.format_number(months)))


def _side_labels() -> dict[bool, str]:
    return {True: t("training.participants"), False: t("training.not_trained")}


def _add_side_labels(rows: pl.DataFrame) -> pl.DataFrame:
    return rows.with_columns(who=pl.col("trained").replace_strict(_side_labels(), return_dtype=pl.String))


def _draw_chart(counted: pl.DataFrame, held_on: date) -> None:
    rated = _add_side_labels(training_effect.add_rates(counted))
    frame = rated.with_columns(
        day=numbers.format_series(rated["as_of"], numbers.format_day),
        label=numbers.format_series(rated["rate"].round(1), numbers.format_number),
    )
    marks = pl.DataFrame({"as_of": [held_on], "text": [t("training.session_day", day=numbers.format_day(held_on))]})
    drawing.show_chart(
        people_charts.build_training_effect(frame, marks, list(_side_labels().values())),
        t("training.effect_text", day=numbers.format_day(held_on)),
    )


def _draw_conclusion(compared: pl.DataFrame, thresholds: training_effect.EffectThresholds) -> None:
    """The two changes side by side, in words; observational, and stated to be."""
    changes = training_effect.compare_changes(compared)
    if changes:
        trained, untrained = changes
        st.markdown(
            t(
                "training.change",
                difference=f"{trained - untrained:+.1f}",
                trained=f"{trained:+.1f}",
                untrained=f"{untrained:+.1f}",
            )
        )
    if training_effect.is_thin(compared, thresholds):
        st.warning(t("training.small_groups"))
    st.info(t("training.observational"))
