"""What the account managers' page says: each one's book, violations per 100 loans against the peers, and the needs."""

from typing import Any

import polars as pl
import streamlit as st

from data.queries import account_managers, training
from data.reference import size_limits
from pages.ui.app import page_frame, queries, url_state
from pages.ui.app.page_frame import SnapshotView
from pages.ui.charts import drawing, people_charts
from pages.ui.i18n import language, numbers
from pages.ui.i18n.language import by_language, t
from pages.ui.widgets import tables
from policy.model import supervision
from policy.violations import results

MANAGERS = {
    "manager": "text",
    "branch": "text",
    "loans": "count",
    "balance": "amount",
    "rate": "rate",
    "peer_rate": "rate",
    "needs": "text",
    "npl_ratio": "share",
    "violations": "count",
    "overdue_loans": "count",
    "overdue_ratio": "share",
    "due_loans": "count",
    "due_balance": "amount",
    "book_size": "text",
}
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
HALF_WIDTH = 440  # pixels a half needs; on a narrower screen the halves stand under each other
RULES = {"title": "text", "violations": "count", "balance": "amount", "rule_id": "text"}


def choose_branches(view: SnapshotView) -> tuple[str, ...]:
    """The branches chosen in the address; none means all."""
    names = queries.cached_query(results.load_branch_names, view.as_of)
    with st.columns(2)[0]:
        return tuple(url_state.select_several("branch_id", t("filter.branch_id"), names, t("filter.all")))


def _read_threshold(view: SnapshotView, name: str) -> float:
    return float(supervision.require_threshold(view.policy, name))


def load_books(view: SnapshotView) -> pl.DataFrame:
    """Every manager with running loans: the book, and its ratios as shares."""
    within = int(supervision.require_threshold(view.policy, "due_days"))
    held = queries.cached_query(account_managers.list_portfolios, view.as_of, view.currency, within)

    def share(part: str, whole: str) -> pl.Expr:
        return pl.when(pl.col(whole) > 0).then(pl.col(part).cast(pl.Float64) / pl.col(whole).cast(pl.Float64))

    return held.filter(pl.col("officer_id").is_not_null()).with_columns(
        npl_ratio=share("npl_balance", "classified_balance"),
        overdue_ratio=share("overdue_balance", "dated_balance"),
        thin=pl.col("loans") < _read_threshold(view, "thin_loans"),
    )


def count_unmanaged_loans(view: SnapshotView) -> int:
    """Running loans that name no manager."""
    within = int(supervision.require_threshold(view.policy, "due_days"))
    held = queries.cached_query(account_managers.list_portfolios, view.as_of, view.currency, within)
    return int(held.filter(pl.col("officer_id").is_null())["loans"].sum())


def compare_with_peers(view: SnapshotView) -> pl.DataFrame:
    """[officer_id, clause_group, topic, loans, thin, violations, rate, peer_violations, peer_loans, peer_rate,
    expected, need] of every manager and clause group; the peers are all other managers of the bank."""
    rules = supervision.taught_rules(view.policy)
    counts = queries.cached_query(
        account_managers.count_violations_by_group, view.run.run_id, tuple(rules), tuple(rules.values())
    )
    names = [(g.clause_group, g.topic, n) for n, g in enumerate(supervision.load_clause_groups(view.policy)) if g.topic]
    groups = pl.DataFrame(names, schema=["clause_group", "topic", "rank"], orient="row")
    crossed = load_books(view).select("officer_id", "loans", "thin").join(groups, how="cross")
    found = crossed.join(counts, on=["officer_id", "clause_group"], how="left").with_columns(
        pl.col("violations").fill_null(0)
    )
    whole = pl.col("violations").sum().over("clause_group"), pl.col("loans").sum().over("clause_group")
    return _add_training_needs(
        view,
        found.with_columns(
            peer_violations=whole[0] - pl.col("violations"),
            peer_loans=whole[1] - pl.col("loans"),
        ),
    ).sort("officer_id", "rank")


def _add_training_needs(view: SnapshotView, counted: pl.DataFrame) -> pl.DataFrame:
    """Add rates per 100 loans, the violations expected at the peers' rate, and whether a need follows."""
    per_loan = pl.when(pl.col("peer_loans") > 0).then(pl.col("peer_violations") / pl.col("peer_loans"))
    rated = counted.with_columns(
        rate=pl.col("violations") * 100 / pl.col("loans"), peer_rate=per_loan * 100, expected=per_loan * pl.col("loans")
    )
    above = pl.col("violations") - pl.col("expected")
    need = (
        ~pl.col("thin")
        & (pl.col("violations") >= _read_threshold(view, "need_violations"))
        & (pl.col("rate") >= _read_threshold(view, "need_ratio") * pl.col("peer_rate"))
        & (above >= _read_threshold(view, "need_deviations") * pl.col("expected").sqrt())
    )
    return rated.with_columns(need=need.fill_null(False))


def topic_labels() -> dict[str, str]:
    return language.code_labels(supervision.TOPICS)


def build_manager_table(view: SnapshotView) -> pl.DataFrame:
    """Every manager's book with violations, rate, peers' rate and the topics needed; these are empty without a run."""
    held = load_books(view)
    if view.run is None:
        return held.with_columns(
            violations=pl.lit(None, pl.Int64),
            rate=pl.lit(None, pl.Float64),
            peer_rate=pl.lit(None, pl.Float64),
            needed=pl.lit([], pl.List(pl.String)),
        )
    groups = compare_with_peers(view)
    sums = groups.group_by("officer_id").agg(
        pl.col("violations", "peer_violations").sum(),
        pl.col("peer_loans").first(),
        needed=pl.col("topic").filter(pl.col("need")).unique(maintain_order=True),
    )
    joined = held.join(sums, on="officer_id", how="left", maintain_order="left")
    return joined.with_columns(
        rate=pl.col("violations") * 100 / pl.col("loans"),
        peer_rate=pl.when(pl.col("peer_loans") > 0).then(pl.col("peer_violations") * 100 / pl.col("peer_loans")),
    )


def label_rows(view: SnapshotView, rows: pl.DataFrame) -> pl.DataFrame:
    """The columns of LIST: names as written, what a thin book and a need are called."""
    topics, branches = topic_labels(), queries.cached_query(results.load_branch_names, view.as_of)
    size = pl.when("thin").then(pl.lit(t("managers.thin"))).otherwise(pl.lit(t("managers.enough")))
    needed = [[topics.get(topic, topic) for topic in row or []] for row in rows["needed"].to_list()]
    return rows.with_columns(
        manager=pl.concat_str([pl.col("officer_id"), pl.col("name")], separator=" ", ignore_nulls=True),
        branch=pl.col("branch_id").replace(branches),
        book_size=size,
        needs=pl.Series([t("managers.and").join(row) or None for row in needed], dtype=pl.String),
    )


def filter_branches(rows: pl.DataFrame, branches: tuple[str, ...]) -> pl.DataFrame:
    return rows.filter(pl.col("branch_id").is_in(branches)) if branches else rows


def build_cards(view: SnapshotView, rows: pl.DataFrame) -> list[tuple[str, str, str]]:
    """(label, value, help) of the managers in scope."""
    loans, found = int(rows["loans"].sum()), rows["violations"].sum()
    rate = numbers.NOTHING if view.run is None or not loans else numbers.format_number(round(found * 100 / loans, 1))
    needing = rows.filter(pl.col("needed").list.len() > 0).height
    median = rows["loans"].median()
    return [
        (t("managers.managers"), numbers.format_count(rows.height), t("managers.managers_help")),
        (
            t("managers.loans_each"),
            numbers.NOTHING if median is None else numbers.format_number(median),
            t("managers.loans_each_help"),
        ),
        (t("managers.rate"), rate, t("managers.rate_help")),
        (
            t("managers.needing"),
            numbers.NOTHING if view.run is None else numbers.format_count(needing),
            explain_need(view),
        ),
        (
            t("managers.thin_books"),
            numbers.format_count(int(rows["thin"].sum())),
            t("managers.thin_help", n=numbers.format_number(_read_threshold(view, "thin_loans"))),
        ),
    ]


def explain_need(view: SnapshotView) -> str:
    values = {
        name: numbers.format_number(_read_threshold(view, f"need_{name}"))
        for name in ("ratio", "violations", "deviations")
    }
    return t("managers.need_meaning", **values)


def draw_funnel(view: SnapshotView, rows: pl.DataFrame) -> None:
    """Every manager as a point, loans against rate; between the lines a difference may be chance."""
    total, loans = rows["violations"].sum(), rows["loans"].sum()
    drawn = select_for_chart(rows, total * 100 / loans)
    if drawn.height < rows.height:
        st.caption(t("managers.funnel_some", n=numbers.format_count(drawn.height), m=numbers.format_count(rows.height)))
    points = label_rows(view, drawn).with_columns(
        label=numbers.format_series(drawn["rate"].round(1), numbers.format_number),
        state=pl.when("thin")
        .then(pl.lit(t("managers.thin")))
        .when(pl.col("needed").list.len() > 0)
        .then(pl.lit(t("managers.with_need")))
        .otherwise(pl.lit(t("managers.without_need"))),
    )
    states = [t("managers.without_need"), t("managers.with_need"), t("managers.thin")]
    band = _compute_control_limits(
        total * 100 / loans, int(rows["loans"].max()), _read_threshold(view, "need_deviations")
    )
    drawing.show_chart(
        people_charts.build_funnel_plot(points, band, states),
        t("managers.funnel_text", n=numbers.format_count(rows.height)),
    )


def select_for_chart(rows: pl.DataFrame, rate: float) -> pl.DataFrame:
    """As many managers as a chart can show: those with a need first, then those that chance explains least."""
    surprise = (pl.col("rate") - rate).abs() * pl.col("loans").sqrt()
    needed = pl.col("needed").list.len() > 0
    return rows.sort(needed, surprise, descending=True, nulls_last=True).head(size_limits.integer_limit("chart_points"))


def _compute_control_limits(rate: float, largest: int, deviations: float) -> pl.DataFrame:
    """[loans, lower, middle, upper]: what a manager at the average rate may reach by chance, by size of the book."""
    sizes = pl.DataFrame({"loans": sorted({max(1, largest * step // 60) for step in range(1, 64)})})
    spread = deviations * (rate / 100 / pl.col("loans")).sqrt() * 100
    return sizes.with_columns(
        lower=pl.max_horizontal(pl.lit(0.0), rate - spread), middle=pl.lit(rate), upper=rate + spread
    )


def find_chosen_manager(rows: pl.DataFrame) -> dict[str, Any] | None:
    """The manager that the address names, if in scope."""
    found = rows.filter(pl.col("officer_id") == (url_state.get_param("officer") or ""))
    return found.row(0, named=True) if found.height else None


def draw_manager_list(view: SnapshotView, rows: pl.DataFrame) -> None:
    """The list of managers; a picked row goes into the address."""
    key = hash(tuple(rows["officer_id"]))
    shown = tables.paginate_rows(rows, f"page:{view.as_of}:{key}")
    row = tables.draw_table(
        label_rows(view, shown),
        MANAGERS,
        key=f"managers:{view.as_of}:{key}:{shown['officer_id'][0]}",
        selectable=True,
        height=tables.TALL_HEIGHT,
    )
    if row is not None:
        url_state.set_param("officer", [shown["officer_id"][row]])


def draw_manager(view: SnapshotView, manager: dict[str, Any]) -> None:
    """One manager: rates by clause group, the training needs, and the rules broken most."""
    st.subheader(t("managers.one"), anchor=False)
    hired = manager["hire_date"] and t("managers.hired", day=numbers.format_day(manager["hire_date"]))
    st.text(" · ".join(filter(None, (manager["officer_id"], manager["name"], manager["role"], hired))))
    if manager["thin"]:
        st.warning(t("managers.thin_note", n=numbers.format_count(manager["loans"])))
    if manager["is_employed"] is False:
        st.warning(t("managers.left_note"))
    groups = compare_with_peers(view).filter(pl.col("officer_id") == manager["officer_id"])
    bars, needs = _build_bars(view, groups), _list_needs(view, manager, groups)
    with st.grid(min_column_width=HALF_WIDTH, gap=("medium", "large")):
        with st.container():
            st.markdown(f"**{t('managers.by_group')}**")
            drawing.show_chart(people_charts.build_peer_comparison(bars), _format_alt_text(bars))
        with st.container():
            st.markdown(f"**{t('managers.denominators', n=numbers.format_count(manager['loans']))}**")
            rows = _label_groups(view, groups)
            tables.draw_table(rows, tables.find_non_empty_columns(rows, GROUPS), key="groups", height="content")
    st.markdown(f"**{t('managers.needs')}**")
    tables.draw_table(needs, tables.find_non_empty_columns(needs, NEEDS), key="needs", height="content")
    st.markdown(f"**{t('managers.rules')}**")
    tables.draw_table(_list_broken_rules(view, manager), RULES, key="rules", height=tables.SHORT_HEIGHT)
    page_frame.draw_page_link("violations", officer_id=manager["officer_id"])


def _group_labels(view: SnapshotView) -> dict[str, str]:
    return {
        group.clause_group: by_language(group.zh, group.en) for group in supervision.load_clause_groups(view.policy)
    }


def _label_groups(view: SnapshotView, groups: pl.DataFrame) -> pl.DataFrame:
    return groups.with_columns(
        pl.col("clause_group").replace(_group_labels(view)),
        pl.col("topic").replace(topic_labels()),
        need=pl.when("need").then(pl.lit(t("managers.need_yes"))),
    )


def _build_bars(view: SnapshotView, groups: pl.DataFrame) -> pl.DataFrame:
    """[name, who, rate, label, violations]: the manager's own rate and the peers', group by group."""
    named = groups.with_columns(name=pl.col("clause_group").replace(_group_labels(view)))
    own = named.select("name", "rate", "violations", who=pl.lit(t("managers.own")))
    peers = named.select("name", rate="peer_rate", violations="peer_violations", who=pl.lit(t("managers.peers")))
    both = pl.concat([own, peers]).drop_nulls("rate")
    return both.with_columns(label=numbers.format_series(both["rate"].round(1), numbers.format_number))


def _format_alt_text(bars: pl.DataFrame) -> str:
    told = (f"{name} {who} {label}" for name, who, label in bars.select("name", "who", "label").iter_rows())
    return "; ".join([t("managers.group_text"), *told])


def _list_needs(view: SnapshotView, manager: dict[str, Any], groups: pl.DataFrame) -> pl.DataFrame:
    """Each taught topic: the groups from which a need follows, whether it was taken, the need on record, courses."""
    record = queries.cached_query(training.list_newest_needs, view.as_of).filter(
        pl.col("officer_id") == manager["officer_id"]
    )
    courses = queries.cached_query(training.list_courses, view.as_of)
    words, rows = topic_labels(), []
    for topic in dict.fromkeys(groups["topic"]):
        from_groups = groups.filter(pl.col("need") & (pl.col("topic") == topic))["clause_group"].replace(
            _group_labels(view)
        )
        known = record.filter(pl.col("topic") == topic)
        rows.append(
            {
                "topic": words.get(topic, topic),
                "need_source": t("managers.and").join(from_groups) or None,
                "taken": t("word.true" if topic in (manager["topics_taken"] or []) else "word.false"),
                "on_record": _format_recorded_need(known.row(0, named=True)) if known.height else None,
                "courses": t("managers.and").join(courses.filter(pl.col("topic") == topic)["course"]) or None,
            }
        )
    return pl.DataFrame(rows, schema=dict.fromkeys(NEEDS, pl.String))


def _format_recorded_need(need: dict[str, Any]) -> str:
    levels = [
        numbers.NOTHING if level is None else numbers.format_number(level)
        for level in (need["current_level"], need["required_level"])
    ]
    return t(
        "managers.on_record",
        day=numbers.format_day(need["found_on"]),
        now=levels[0],
        wanted=levels[1],
        source=need["source"] or numbers.NOTHING,
    )


def _list_broken_rules(view: SnapshotView, manager: dict[str, Any]) -> pl.DataFrame:
    rules = view.policy.rules
    titles = {rule_id: by_language(rule.title_zh, rule.title_en) for rule_id, rule in rules.items()}
    found = queries.cached_query(
        account_managers.count_violations_by_rule,
        view.run.run_id,
        manager["officer_id"],
        tuple(supervision.taught_rules(view.policy)),
    )
    return found.with_columns(title=pl.col("rule_id").replace(titles))
