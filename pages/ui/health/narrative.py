"""What changed since the previous snapshot, and why, as a paragraph of sentences built from figures."""

from decimal import Decimal

import polars as pl

from data import dictionary
from data.queries import migration, portfolio_changes
from data.queries.portfolio_changes import BalanceChange, LoanSum
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
    """One paragraph of markdown; the names of branches in it are escaped."""
    if scope.previous is None:
        return t("health.first_snapshot")
    moves = queries.cached_query(migration.load_moves, *scope.query_key, scope.previous)
    balance = portfolio_changes.sum_balance_change(moves)
    if not balance.before and not balance.after:
        return ""  # no loan states a balance
    sentences = [
        _write_balance_change(scope, balance),
        _write_npl_change(scope, moves),
        _write_new_arrears(moves),
        _write_limit_breaches(cards),
    ]
    return by_language("", " ").join(filter(None, sentences))


def _format_signed(amount: Decimal) -> str:
    return f"{'+' if amount > 0 else '−' if amount < 0 else ''}{numbers.format_compact_amount(abs(amount))}"


def _format_loans(key: str, part: LoanSum) -> str:
    if not part.loans:
        return t(f"health.part_{key}_none")
    amount = numbers.format_compact_amount(part.amount)
    return t(f"health.part_{key}", n=numbers.format_count(part.loans), amount=amount)


def _write_balance_change(scope: HealthScope, balance: BalanceChange) -> str:
    sentence = t(
        f"health.balance_{_change_direction(balance.change)}",
        day=numbers.format_day(scope.previous),
        before=numbers.format_compact_amount(balance.before),
        after=numbers.format_compact_amount(balance.after),
        change=numbers.format_compact_amount(abs(balance.change)),
        new=_format_loans("new", balance.new),
        ended=_format_loans("ended", balance.ended),
        net=_format_signed(balance.net),
    )
    return sentence + _write_main_branches(scope, balance.by_branch, balance.change)


def _change_direction(change: Decimal) -> str:
    return "up" if change > 0 else "down" if change < 0 else "same"


def _write_main_branches(scope: HealthScope, by_branch: pl.DataFrame, total: Decimal) -> str:
    """The branches that moved most in the direction of the whole; nothing for one branch."""
    main = [] if scope.branch else portfolio_changes.find_main_branches(by_branch, total, MAX_NAMED)
    if not main:
        return ""
    names = queries.cached_query(results.load_branch_names, scope.view.as_of)
    parts = [f"{escape_markdown(_branch_name(branch, names))} {_format_signed(change)}" for branch, change in main]
    return t("health.mainly", parts=by_language("、", ", ").join(parts))


def _branch_name(branch: str | None, names: dict[str, str]) -> str:
    """A branch by its name alone; by its number where it has none."""
    if branch is None:
        return t("health.not_stated")
    return names.get(branch, "").removeprefix(branch).strip() or branch


def _write_npl_change(scope: HealthScope, moves: pl.DataFrame) -> str:
    """Into and out of the non-performing classes."""
    npl_classes = [code.code for code in dictionary.codes_of_list("classification").values() if code.attr == "npl"]
    npl = portfolio_changes.sum_npl_change(moves, npl_classes)
    if not npl.before and not npl.after:
        return ""
    sentence = t(
        f"health.bad_{_change_direction(npl.change)}",
        before=numbers.format_compact_amount(npl.before),
        after=numbers.format_compact_amount(npl.after),
        change=numbers.format_compact_amount(abs(npl.change)),
        into=_format_loans("into", npl.into),
        out=_format_loans("out", npl.out),
    )
    return sentence + _write_main_branches(scope, npl.by_branch, npl.change)


def _write_new_arrears(moves: pl.DataFrame) -> str:
    not_overdue = buckets.load_buckets("late")[0].code
    fresh = portfolio_changes.sum_new_arrears(moves, not_overdue)
    if fresh is None:
        return t("health.no_new_arrears")
    amount = numbers.format_compact_amount(fresh.amount)
    return t("health.new_arrears", n=numbers.format_count(fresh.loans), amount=amount)


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
