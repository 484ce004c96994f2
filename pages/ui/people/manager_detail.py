"""One account manager: rates by clause group beside the peers', training needs, and the rules violated most."""

from typing import Any

import polars as pl
import streamlit as st

from data.queries import account_managers, training
from pages.ui.app import queries, snapshot_view
from pages.ui.app.snapshot_view import SnapshotView
from pages.ui.charts import drawing, people_charts
from pages.ui.i18n import numbers
from pages.ui.i18n.language import by_language, t
from pages.ui.people import managers
from pages.ui.widgets import tables
from policy.model import supervision

GROUPS = {
    "clause_group": "text",
    "need": "text",
    "violations": "count",
    "rate": "rate",
    "peer_rate": "rate",
    "expected": "rate",
    "peer_violations": "count",
    "peer_loans": "count",
    "topic": "text",
}
NEEDS = {"topic": "text", "need_source": "text", "taken": "text", "on_record": "text", "courses": "text"}
RULES = {"title": "text", "violations": "count", "balance": "amount", "rule_id": "text"}
HALF_WIDTH = 440  # pixels a half needs; on a narrower screen the halves stand under each other


def draw_manager(view: SnapshotView, manager: dict[str, Any]) -> None:
    """`manager` is a row of managers.load_managers."""
    _draw_heading(manager)
    groups = managers.compare_with_peers(view).filter(pl.col("officer_id") == manager["officer_id"])
    _draw_peer_comparison(view, manager, groups)
    needs = _list_needs(view, manager, groups)
    st.markdown(f"**{t('managers.needs')}**")
    tables.draw_table(needs, tables.find_non_empty_columns(needs, NEEDS), key="needs", height="content")
    st.markdown(f"**{t('managers.rules')}**")
    tables.draw_table(_list_violated_rules(view, manager), RULES, key="rules", height=tables.SHORT_HEIGHT)
    snapshot_view.draw_page_link("violations", officer_id=manager["officer_id"])


def _draw_heading(manager: dict[str, Any]) -> None:
    st.subheader(t("managers.details"), anchor=False)
    hired = manager["hire_date"] and t("managers.hired", day=numbers.format_day(manager["hire_date"]))
    st.text(" · ".join(filter(None, (manager["officer_id"], manager["name"], manager["role"], hired))))
    if manager["thin"]:
        st.warning(t("managers.small_note", n=numbers.format_count(manager["loans"])))
    if manager["is_employed"] is False:
        st.warning(t("managers.left_note"))


def _draw_peer_comparison(view: SnapshotView, manager: dict[str, Any], groups: pl.DataFrame) -> None:
    bars = _build_bars(view, groups)
    with st.grid(min_column_width=HALF_WIDTH, gap=("medium", "large")):
        with st.container():
            st.markdown(f"**{t('managers.by_group')}**")
            drawing.show_chart(people_charts.build_peer_comparison(bars), _format_alt_text(bars))
        with st.container():
            st.markdown(f"**{t('managers.denominators', n=numbers.format_count(manager['loans']))}**")
            rows = _label_groups(view, groups)
            tables.draw_table(rows, tables.find_non_empty_columns(rows, GROUPS), key="groups", height="content")


def _label_groups(view: SnapshotView, groups: pl.DataFrame) -> pl.DataFrame:
    return groups.with_columns(
        pl.col("clause_group").replace(managers.clause_group_labels(view)),
        pl.col("topic").replace(managers.topic_labels()),
        need=pl.when("need").then(pl.lit(t("managers.need_yes"))),
    )


def _build_bars(view: SnapshotView, groups: pl.DataFrame) -> pl.DataFrame:
    """[name, who, rate, label, violations]: the manager's own rate and the peers', group by group."""
    named = groups.with_columns(name=pl.col("clause_group").replace(managers.clause_group_labels(view)))
    own = named.select("name", "rate", "violations", who=pl.lit(t("managers.own")))
    peers = named.select("name", rate="peer_rate", violations="peer_violations", who=pl.lit(t("managers.peers")))
    both = pl.concat([own, peers]).drop_nulls("rate")
    return both.with_columns(label=numbers.format_series(both["rate"].round(1), numbers.format_number))


def _format_alt_text(bars: pl.DataFrame) -> str:
    parts = (f"{name} {who} {label}" for name, who, label in bars.select("name", "who", "label").iter_rows())
    return "; ".join([t("managers.group_text"), *parts])


def _list_needs(view: SnapshotView, manager: dict[str, Any], groups: pl.DataFrame) -> pl.DataFrame:
    """Each taught topic: the groups from which a need follows, whether it was taken, the need on record, courses."""
    recorded = queries.cached_query(training.list_newest_needs, view.as_of)
    recorded = recorded.filter(pl.col("officer_id") == manager["officer_id"])
    courses = queries.cached_query(training.list_courses, view.as_of)
    topics, names, rows = managers.topic_labels(), managers.clause_group_labels(view), []
    for topic in dict.fromkeys(groups["topic"]):
        sources = groups.filter(pl.col("need") & (pl.col("topic") == topic))["clause_group"].replace(names)
        on_record = recorded.filter(pl.col("topic") == topic)
        rows.append(
            {
                "topic": topics.get(topic, topic),
                "need_source": t("managers.and").join(sources) or None,
                "taken": t("word.true" if topic in (manager["topics_taken"] or []) else "word.false"),
                "on_record": _format_recorded_need(on_record.row(0, named=True)) if on_record.height else None,
                "courses": t("managers.and").join(courses.filter(pl.col("topic") == topic)["course"]) or None,
            }
        )
    return pl.DataFrame(rows, schema=dict.fromkeys(NEEDS, pl.String))


def _format_recorded_need(need: dict[str, Any]) -> str:
    now, wanted = (
        numbers.NOTHING if level is None else numbers.format_number(level)
        for level in (need["current_level"], need["required_level"])
    )
    source = need["source"] or numbers.NOTHING
    return t("managers.on_record", day=numbers.format_day(need["found_on"]), now=now, wanted=wanted, source=source)


def _list_violated_rules(view: SnapshotView, manager: dict[str, Any]) -> pl.DataFrame:
    """[rule_id, title, violations, balance] of the rules that training teaches, the most frequent first."""
    titles = {rule_id: by_language(r.title_zh, r.title_en) for rule_id, r in view.policy.rules.items()}
    found = queries.cached_query(
        account_managers.count_violations_by_rule,
        view.checked_run.run_id,
        manager["officer_id"],
        tuple(supervision.taught_rules(view.policy)),
    )
    return found.with_columns(title=pl.col("rule_id").replace(titles))
