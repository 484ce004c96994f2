"""What the training page says: needs by topic, the catalogue, sessions with feedback and scores, before and after."""

from datetime import date, timedelta
from typing import Any

import polars as pl
import streamlit as st

from data.queries import account_managers, training
from pages.ui.app import queries, url_state
from pages.ui.app.page_frame import View
from pages.ui.charts import drawing, people_charts
from pages.ui.i18n import language, numbers
from pages.ui.i18n.language import pick, say
from pages.ui.people.account_managers import books, standing, topic_words
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


def _groups_of(view: View, topic: str) -> str | None:
    named = [pick(g.zh, g.en) for g in supervision.groups(view.policy) if g.topic == topic]
    return say("managers.and").join(named) or None


def needs(view: View, branches: tuple[str, ...]) -> pl.DataFrame:
    """Each taught topic: managers who need it by their violations, those of them not taught, the share taught."""
    rows = standing(view)
    rows = rows.filter(pl.col("branch_id").is_in(branches)) if branches else rows
    courses, words, found = queries.ask(training.catalogue, view.as_of), topic_words(), []
    for topic in dict.fromkeys(g.topic for g in supervision.groups(view.policy) if g.topic):
        needing = rows.filter(pl.col("needed").list.contains(topic))
        taken = pl.col("topics_taken").list.contains(topic).fill_null(False)
        share = rows.select(taken.mean()).item() if rows.height else None
        offered = say("managers.and").join(courses.filter(pl.col("topic") == topic)["course"]) or None
        untaught = needing.filter(~taken).height
        found.append(
            {
                "topic": words.get(topic, topic),
                "clause_groups": _groups_of(view, topic),
                "courses": offered,
                "managers_needing": needing.height,
                "not_taught": untaught,
                "taught_share": share,
            }
        )
    schema = {name: {"text": pl.String, "count": pl.Int64, "share": pl.Float64}[kind] for name, kind in NEEDS.items()}
    return pl.DataFrame(found, schema=schema)


def catalogue(view: View) -> pl.DataFrame:
    found = queries.ask(training.catalogue, view.as_of)
    groups = [_groups_of(view, topic) if topic else None for topic in found["topic"]]
    return found.with_columns(
        pl.col("topic").replace(topic_words()),
        pl.col("days").cast(pl.Float64),
        clause_groups=pl.Series(groups, dtype=pl.String),
    )


def sessions(view: View, branches: tuple[str, ...]) -> pl.DataFrame:
    found = queries.ask(training.sessions, view.as_of, branches)
    return found.with_columns(
        pl.col("topic").replace(topic_words()),
        pl.col("session_kind").replace(language.code_labels("session_kind")),
        pl.col("method").replace(language.code_labels("training_method")),
        pl.col("trainer_type").replace(language.code_labels("trainer_type")),
        pl.col("days").cast(pl.Float64),
        gain=pl.col("post_score") - pl.col("pre_score"),
    )


def show_sessions(view: View, branches: tuple[str, ...]) -> None:
    """The sessions; the one picked with all who were there."""
    rows = sessions(view, branches)
    if rows.is_empty():
        st.info(say("training.no_sessions"))
        return
    row = tables.show(rows, SESSIONS, key=f"sessions:{view.as_of}:{hash(branches)}", pick=True, height="content")
    if row is None:
        st.caption(say("training.pick"))
        return
    course, held_on = rows["course"][row], rows["held_on"][row]
    st.text(f"{course} · {numbers.day(held_on)}")
    present = queries.ask(training.attendance, view.as_of, course, held_on, branches)
    tables.show(_present(view, present), ATTENDANCE, key=f"present:{course}:{held_on}", height=tables.LOW)


def _present(view: View, rows: pl.DataFrame) -> pl.DataFrame:
    scores = ["feedback_score", "pre_score", "post_score", "gain"]
    answered = pl.when("has_need").then(pl.lit(say("word.true"))).otherwise(pl.lit(say("word.false")))
    return rows.with_columns(
        pl.col(scores).cast(pl.Float64),
        manager=pl.concat_str([pl.col("officer_id"), pl.col("name")], separator=" ", ignore_nulls=True),
        branch=pl.col("branch_id").replace(queries.ask(results.branch_names, view.as_of)),
        need_answered=answered,
    )


def events(view: View) -> dict[str, tuple[str, date]]:
    """The days on which a topic that rules belong to was taught to managers, by a code for the address."""
    found = queries.ask(training.taught, view.as_of)
    return {
        f"{row['topic']}~{row['held_on'].isoformat()}": (row["topic"], row["held_on"])
        for row in found.iter_rows(named=True)
        if supervision.taught(view.policy, row["topic"]) and _groups_of(view, row["topic"])
    }


def choose_event(view: View) -> tuple[str, date] | None:
    known, words = events(view), topic_words()
    if not known:
        return None
    labels = {code: f"{words.get(topic, topic)} · {numbers.day(day)}" for code, (topic, day) in known.items()}
    with st.columns(2)[0]:
        return known[url_state.kept("session", say("training.session"), labels)]


def runs(view: View, held_on: date) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The checked snapshots before and after a session, within the span that is compared."""
    checked = queries.ask(account_managers.comparable_runs, view.run.run_id)
    span = int(supervision.measure(view.policy, "effect_months")) * MONTH
    near = checked.filter(pl.col("as_of").is_between(held_on - span, held_on + span))
    return near.filter(pl.col("as_of") < held_on), near.filter(pl.col("as_of") > held_on)


def show_effect(view: View, topic: str, held_on: date) -> None:
    """Rates before and after a session, of those who were there and of those never taught the topic."""
    before, after = runs(view, held_on)
    days = say("managers.and").join(numbers.day(day) for day in [*before["as_of"], *after["as_of"]])
    st.caption(
        say(
            "training.checked",
            n=before.height + after.height,
            days=days or numbers.NOTHING,
            months=numbers.plain(supervision.measure(view.policy, "effect_months")),
        )
    )
    if before.is_empty() or after.is_empty():
        st.info(say("training.too_few", day=numbers.day(held_on), before=before.height, after=after.height))
        st.code("python -m policy check --all", language=None)
        return
    named = (*before["run_id"], *after["run_id"])
    rules = tuple(supervision.taught(view.policy, topic))
    found = queries.ask(account_managers.rates, view.as_of, named, rules, topic, held_on)
    who = {True: say("training.trained"), False: say("training.untrained")}
    rated = found.with_columns(
        rate=pl.col("violations") * 100 / pl.col("loans"),
        who=pl.col("trained").replace_strict(who, return_dtype=pl.String),
    )
    if rated["trained"].n_unique() < 2:
        st.info(say("training.no_peers"))
    _draw(rated, held_on, list(who.values()))
    table = compared(rated, held_on)
    tables.show(table, EFFECT, key="effect", height="content")
    _conclude(view, table, list(who.values()))


def _draw(rated: pl.DataFrame, held_on: date, names: list[str]) -> None:
    frame = rated.with_columns(
        day=numbers.texts(rated["as_of"], numbers.day), label=numbers.texts(rated["rate"].round(1), numbers.plain)
    )
    marks = pl.DataFrame({"as_of": [held_on], "text": [say("training.held", day=numbers.day(held_on))]})
    drawing.put(people_charts.effect(frame, marks, names), say("training.effect_text", day=numbers.day(held_on)))


def compared(rated: pl.DataFrame, held_on: date) -> pl.DataFrame:
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


def _conclude(view: View, table: pl.DataFrame, names: list[str]) -> None:
    """The two changes side by side, in words; observational, and said so."""
    change: dict[str, Any] = dict(table.select("who", "rate_change").iter_rows())
    if set(change) == set(names):
        told = {name: f"{change[key]:+.1f}" for name, key in zip(("trained", "untrained"), names, strict=True)}
        st.markdown(say("training.change", difference=f"{change[names[0]] - change[names[1]]:+.1f}", **told))
    loans, people = (float(supervision.measure(view.policy, name)) for name in ("thin_loans", "thin_managers"))
    if table.filter((pl.col("loans_after") < loans) | (pl.col("managers") < people)).height:
        st.warning(say("training.thin"))
    st.info(say("training.observational"))


def has_register(view: View) -> bool:
    """Whether anything about training was ever loaded."""
    return bool(books(view).height) and not (
        queries.ask(training.catalogue, view.as_of).is_empty()
        and queries.ask(training.sessions, view.as_of, ()).is_empty()
    )
