"""What changed since the snapshot before, and why, in plain words: every sentence is made of numbers."""

from decimal import Decimal

import polars as pl

from data import dictionary
from data.queries import migration
from data.reference import buckets
from pages.ui.app import queries
from pages.ui.health.cards import MetricCard
from pages.ui.health.page_scope import HealthScope
from pages.ui.i18n import numbers
from pages.ui.i18n.language import by_language, escape_markdown, t
from policy.violations import results

MAX_NAMED = 3  # branches or metrics named
STATUS_RANK = {"red": 0, "amber": 1}


def write_narrative(scope: HealthScope, cards: list[MetricCard]) -> str:
    """One paragraph of markdown; the names of branches in it are inert."""
    if scope.previous is None:
        return t("health.first_snapshot")
    moved = queries.cached_query(migration.load_moves, *scope.query_key, scope.previous)
    if not moved["balance_before"].sum() and not moved["balance_after"].sum():
        return ""  # no loan states a balance
    sentences = [
        _write_balance_change(scope, moved),
        _write_npl_change(scope, moved),
        _write_new_arrears(moved),
        _write_limit_breaches(cards),
    ]
    return by_language("", " ").join(filter(None, sentences))


def _sum_column(rows: pl.DataFrame, column: str) -> Decimal:
    return Decimal(rows[column].sum() or 0)


def _format_signed(amount: Decimal) -> str:
    return f"{'+' if amount > 0 else '−' if amount < 0 else ''}{numbers.format_compact_amount(abs(amount))}"


def _format_loans(key: str, rows: pl.DataFrame, column: str) -> str:
    loans = int(rows["loans"].sum())
    if not loans:
        return t(f"health.part_{key}_none")
    return t(
        f"health.part_{key}",
        n=numbers.format_count(loans),
        amount=numbers.format_compact_amount(_sum_column(rows, column)),
    )


def _write_balance_change(scope: HealthScope, moved: pl.DataFrame) -> str:
    before, after = _sum_column(moved, "balance_before"), _sum_column(moved, "balance_after")
    new, ended = moved.filter(pl.col("origin") == "new"), moved.filter(pl.col("fate") != "running")
    kept = moved.filter(pl.col("origin") == "running", pl.col("fate") == "running")
    net = _sum_column(kept, "balance_after") - _sum_column(kept, "balance_before")
    said = t(
        f"health.balance_{_change_direction(after - before)}",
        day=numbers.format_day(scope.previous),
        before=numbers.format_compact_amount(before),
        after=numbers.format_compact_amount(after),
        change=numbers.format_compact_amount(abs(after - before)),
        new=_format_loans("new", new, "balance_after"),
        ended=_format_loans("ended", ended, "balance_before"),
        net=_format_signed(net),
    )
    change = moved.with_columns(change=pl.col("balance_after") - pl.col("balance_before"))
    return said + _write_main_branches(scope, change, after - before)


def _change_direction(change: Decimal) -> str:
    return "up" if change > 0 else "down" if change < 0 else "same"


def _write_main_branches(scope: HealthScope, rows: pl.DataFrame, total: Decimal) -> str:
    """The branches that moved most in the direction of the whole; for one branch there is nothing to say."""
    if scope.branch or not total:
        return ""
    names = queries.cached_query(results.load_branch_names, scope.view.as_of)
    sums = (
        rows.group_by("branch_id")
        .agg(pl.col("change").sum())
        .sort("change", "branch_id", descending=[total > 0, False])
    )
    towards = sums.filter(pl.col("change") > 0 if total > 0 else pl.col("change") < 0).head(MAX_NAMED)
    if towards.height < 1 or sums.height < 2:
        return ""
    parts = [
        f"{escape_markdown(_branch_name(branch, names))} {_format_signed(change)}"
        for branch, change in towards.iter_rows()
    ]
    return t("health.mostly", parts=by_language("、", ", ").join(parts))


def _branch_name(branch: str | None, names: dict[str, str]) -> str:
    """A branch by its name alone; by its number where it has none."""
    if branch is None:
        return t("health.not_stated")
    return names.get(branch, "").removeprefix(branch).strip() or branch


def _write_npl_change(scope: HealthScope, moved: pl.DataFrame) -> str:
    """Into and out of the non-performing classes."""
    bad = [code.code for code in dictionary.codes_of_list("classification").values() if code.attr == "npl"]
    rows = moved.with_columns(
        was=pl.col("class_before").is_in(bad).fill_null(value=False),
        now=pl.col("class_after").is_in(bad).fill_null(value=False),
    )
    into, out = rows.filter(~pl.col("was"), pl.col("now")), rows.filter(pl.col("was"), ~pl.col("now"))
    before = _sum_column(rows.filter("was"), "balance_before")
    after = _sum_column(rows.filter("now"), "balance_after")
    if not before and not after:
        return ""
    said = t(
        f"health.bad_{_change_direction(after - before)}",
        before=numbers.format_compact_amount(before),
        after=numbers.format_compact_amount(after),
        change=numbers.format_compact_amount(abs(after - before)),
        into=_format_loans("into", into, "balance_after"),
        out=_format_loans("out", out, "balance_before"),
    )
    change = rows.with_columns(
        change=pl.when("now").then("balance_after").otherwise(Decimal(0))
        - pl.when("was").then("balance_before").otherwise(Decimal(0))
    )
    return said + _write_main_branches(scope, change, after - before)


def _write_new_arrears(moved: pl.DataFrame) -> str:
    current = buckets.load_buckets("late")[0].code
    fresh = moved.filter(
        pl.col("late_before") == current, pl.col("late_after").is_not_null(), pl.col("late_after") != current
    )
    if not fresh.height:
        return t("health.no_fresh_arrears")
    return t(
        "health.fresh_arrears",
        n=numbers.format_count(int(fresh["loans"].sum())),
        amount=numbers.format_compact_amount(_sum_column(fresh, "balance_after")),
    )


def _write_limit_breaches(cards: list[MetricCard]) -> str:
    """Metrics that stand worse against their limits than before."""
    worse = [
        card
        for card in cards
        if card.previous
        and card.value.status in STATUS_RANK
        and STATUS_RANK[card.value.status] < STATUS_RANK.get(card.previous.status, 2)
        and card.previous.status != "none"
    ]
    if not worse:
        return ""
    worse.sort(key=lambda card: STATUS_RANK[card.value.status])
    parts = [
        t(
            "health.crossed_one",
            metric=escape_markdown(by_language(c.metric.title_zh, c.metric.title_en)),
            status=t(f"health.status_{c.value.status}"),
        )
        for c in worse
    ]
    return t("health.crossed", parts=by_language("、", ", ").join(parts))
