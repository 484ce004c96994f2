"""What changed since the snapshot before, and why, in plain words: every sentence is made of numbers."""

from decimal import Decimal

import polars as pl

from data import dictionary
from data.queries import migration
from data.reference import buckets
from pages.ui.app import queries
from pages.ui.health.cards import Card
from pages.ui.health.page_scope import Scope
from pages.ui.i18n import numbers
from pages.ui.i18n.language import inert, pick, say
from policy.violations import results

MOST = 3  # branches or metrics named
LOOKS = {"red": 0, "amber": 1}


def story(scope: Scope, cards: list[Card]) -> str:
    """One paragraph of markdown; the names of branches in it are inert."""
    if scope.previous is None:
        return say("health.first_snapshot")
    moved = queries.ask(migration.moves, *scope.key, scope.previous)
    if not moved["balance_before"].sum() and not moved["balance_after"].sum():
        return ""  # no loan states a balance
    sentences = [_balance(scope, moved), _bad(scope, moved), _arrears(moved), _crossed(cards)]
    return pick("", " ").join(filter(None, sentences))


def _sum(rows: pl.DataFrame, column: str) -> Decimal:
    return rows[column].sum() or Decimal(0)


def _signed(amount: Decimal) -> str:
    return f"{'+' if amount > 0 else '−' if amount < 0 else ''}{numbers.compact(abs(amount))}"


def _part(key: str, rows: pl.DataFrame, column: str) -> str:
    loans = rows["loans"].sum()
    if not loans:
        return say(f"health.part_{key}_none")
    return say(f"health.part_{key}", n=numbers.count(loans), amount=numbers.compact(_sum(rows, column)))


def _balance(scope: Scope, moved: pl.DataFrame) -> str:
    before, after = _sum(moved, "balance_before"), _sum(moved, "balance_after")
    new, ended = moved.filter(pl.col("origin") == "new"), moved.filter(pl.col("fate") != "running")
    kept = moved.filter(pl.col("origin") == "running", pl.col("fate") == "running")
    net = _sum(kept, "balance_after") - _sum(kept, "balance_before")
    said = say(
        f"health.balance_{_way(after - before)}",
        day=numbers.day(scope.previous),
        before=numbers.compact(before),
        after=numbers.compact(after),
        change=numbers.compact(abs(after - before)),
        new=_part("new", new, "balance_after"),
        ended=_part("ended", ended, "balance_before"),
        net=_signed(net),
    )
    change = moved.with_columns(change=pl.col("balance_after") - pl.col("balance_before"))
    return said + _from(scope, change, after - before)


def _way(change: Decimal) -> str:
    return "up" if change > 0 else "down" if change < 0 else "same"


def _from(scope: Scope, rows: pl.DataFrame, total: Decimal) -> str:
    """The branches that moved most in the direction of the whole; for one branch there is nothing to say."""
    if scope.branch or not total:
        return ""
    names = queries.ask(results.branch_names, scope.view.as_of)
    sums = (
        rows.group_by("branch_id")
        .agg(pl.col("change").sum())
        .sort("change", "branch_id", descending=[total > 0, False])
    )
    towards = sums.filter(pl.col("change") > 0 if total > 0 else pl.col("change") < 0).head(MOST)
    if towards.height < 1 or sums.height < 2:
        return ""
    parts = [f"{inert(_called(branch, names))} {_signed(change)}" for branch, change in towards.iter_rows()]
    return say("health.mostly", parts=pick("、", ", ").join(parts))


def _called(branch: str | None, names: dict[str, str]) -> str:
    """A branch by its name alone; by its number where it has none."""
    if branch is None:
        return say("health.not_stated")
    return names.get(branch, "").removeprefix(branch).strip() or branch


def _bad(scope: Scope, moved: pl.DataFrame) -> str:
    """Into and out of the non-performing classes."""
    bad = [code.code for code in dictionary.codes("classification").values() if code.attr == "npl"]
    rows = moved.with_columns(
        was=pl.col("class_before").is_in(bad).fill_null(value=False),
        now=pl.col("class_after").is_in(bad).fill_null(value=False),
    )
    into, out = rows.filter(~pl.col("was"), pl.col("now")), rows.filter(pl.col("was"), ~pl.col("now"))
    before = _sum(rows.filter("was"), "balance_before")
    after = _sum(rows.filter("now"), "balance_after")
    if not before and not after:
        return ""
    said = say(
        f"health.bad_{_way(after - before)}",
        before=numbers.compact(before),
        after=numbers.compact(after),
        change=numbers.compact(abs(after - before)),
        into=_part("into", into, "balance_after"),
        out=_part("out", out, "balance_before"),
    )
    change = rows.with_columns(
        change=pl.when("now").then("balance_after").otherwise(Decimal(0))
        - pl.when("was").then("balance_before").otherwise(Decimal(0))
    )
    return said + _from(scope, change, after - before)


def _arrears(moved: pl.DataFrame) -> str:
    current = buckets.buckets("late")[0].code
    fresh = moved.filter(
        pl.col("late_before") == current, pl.col("late_after").is_not_null(), pl.col("late_after") != current
    )
    if not fresh.height:
        return say("health.no_fresh_arrears")
    return say(
        "health.fresh_arrears",
        n=numbers.count(fresh["loans"].sum()),
        amount=numbers.compact(_sum(fresh, "balance_after")),
    )


def _crossed(cards: list[Card]) -> str:
    """Metrics that stand worse against their limits than before."""
    worse = [
        card
        for card in cards
        if card.before
        and card.value.status in LOOKS
        and LOOKS[card.value.status] < LOOKS.get(card.before.status, 2)
        and card.before.status != "none"
    ]
    if not worse:
        return ""
    worse.sort(key=lambda card: LOOKS[card.value.status])
    parts = [
        say(
            "health.crossed_one",
            metric=inert(pick(c.metric.title_zh, c.metric.title_en)),
            status=say(f"health.status_{c.value.status}"),
        )
        for c in worse
    ]
    return say("health.crossed", parts=pick("、", ", ").join(parts))
