"""Connected parties: circles with their exposure against capital, the list, and what the rules found."""

from typing import Any

import polars as pl

from data.queries import capital, connected_parties
from data.queries.capital import Capital
from pages.ui.app import queries, url_state
from pages.ui.app.snapshot_view import SnapshotView
from pages.ui.i18n import language, numbers
from pages.ui.i18n.language import by_language, t
from pages.ui.widgets import tables
from policy.model import supervision
from policy.violations import results

WATCH_LIST = "connected"
CIRCLES = {
    "kind_name": "text",
    "leader": "text",
    "borrowers": "count",
    "loans": "count",
    "balance": "amount",
    "to_tier1": "share",
    "to_net": "share",
    "against_limit": "text",
    "npl_balance": "amount",
    "branches": "count",
}
FINDINGS = {"signal": "text", "found": "count", "title": "text", "rule_id": "text"}
SUBJECTS = ("borrower", "group", "collateral")
SHOWN_FIRST = ("circle", "mutual")  # kinds of which the largest is drawn when none is chosen


def load_bank_capital(view: SnapshotView) -> Capital:
    return queries.cached_query(capital.load_capital, view.as_of)


def _load_limit(view: SnapshotView) -> float | None:
    """The limit on the exposure to connected parties, as a fraction of tier 1 capital."""
    limit = supervision.reference_limit(view.policy, WATCH_LIST, view.as_of)
    return None if limit is None else float(limit)


def load_circles(view: SnapshotView, branches: tuple[str, ...]) -> pl.DataFrame:
    """Every circle with a member in the branches, largest exposure first, compared with the bank's capital."""
    run_id = view.run.run_id if view.run else None
    rules = supervision.rules_of_watch_list(view.policy, WATCH_LIST, "collateral")
    found = queries.cached_query(connected_parties.list_circles, view.as_of, run_id, rules, branches)
    shares = capital.add_capital_shares(found, load_bank_capital(view))
    compared = connected_parties.add_limit_comparison(shares, _load_limit(view))
    above, below = pl.lit(t("connected_parties.above")), pl.lit(t("connected_parties.below"))
    return compared.with_columns(
        kind_name=pl.col("kind").replace(language.labels_of_kind("connection_kind")),
        against_limit=pl.when("is_above_limit").then(above).when(~pl.col("is_above_limit")).then(below),
    )


def build_cards(rows: pl.DataFrame) -> list[tuple[str, str, str | None]]:
    """(kind, how many, the largest: against capital, or else its balance) of each kind."""
    counted = {row["kind"]: row for row in connected_parties.count_by_kind(rows).iter_rows(named=True)}
    return [
        (name, numbers.format_count(counted[kind]["circles"]), _format_largest(counted[kind]))
        if kind in counted
        else (name, numbers.format_count(0), None)
        for kind, name in language.labels_of_kind("connection_kind").items()
    ]


def _format_largest(kind: dict[str, Any]) -> str | None:
    balance, share = kind["largest_balance"], kind["largest_share"]
    if balance is None:
        return None
    size = numbers.format_compact_amount(balance) if share is None else numbers.format_share(share)
    return t("connected_parties.largest", size=size)


def format_capital_note(view: SnapshotView) -> str:
    bank = load_bank_capital(view)
    if not bank.tier1_capital:
        return t("connected_parties.no_capital")
    return t(
        "connected_parties.capital",
        tier1=numbers.format_compact_amount(bank.tier1_capital),
        net=numbers.format_compact_amount(bank.net_capital),
        limit=numbers.format_share(_load_limit(view)),
        day=numbers.format_day(bank.stated_on),
    )


def choose_circle(view: SnapshotView, rows: pl.DataFrame) -> dict[str, Any] | None:
    """The list, filtered by kind; the circle selected in it or named by the address, else the largest of the list."""
    shown = _filter_by_kind(rows)
    _draw_list(view, shown)
    kind, _, circle_id = (url_state.get_param("circle") or "").partition("~")
    named = rows.filter((pl.col("kind") == kind) & (pl.col("circle_id") == circle_id))
    for candidates in (named, shown.filter(pl.col("kind").is_in(SHOWN_FIRST)), shown):
        if candidates.height and shown.height:
            return candidates.row(0, named=True)
    return None


def _filter_by_kind(rows: pl.DataFrame) -> pl.DataFrame:
    counts = dict(rows.group_by("kind").len().iter_rows())
    kinds = {
        kind: f"{name} ({numbers.format_count(counts[kind])})"
        for kind, name in language.labels_of_kind("connection_kind").items()
        if kind in counts
    }
    wanted = url_state.select_several("kind", t("connected_parties.kind"), kinds, t("filter.all"))
    return rows.filter(pl.col("kind").is_in(wanted)) if wanted else rows


def _draw_list(view: SnapshotView, rows: pl.DataFrame) -> None:
    """A selected row goes into the address as kind~circle."""
    key = f"circles:{view.as_of}:{hash((*rows['kind'], *rows['circle_id']))}"
    page = tables.paginate_rows(rows, key=f"{key}:page")
    first = page["circle_id"][0] if page.height else ""
    row = tables.draw_table(
        page,
        tables.find_non_empty_columns(rows, CIRCLES),
        key=f"{key}:{first}",
        selectable=True,
        height=tables.SHORT_HEIGHT,
    )
    if row is not None:
        url_state.set_param("circle", [f"{page['kind'][row]}~{page['circle_id'][row]}"])


def list_findings(view: SnapshotView) -> pl.DataFrame:
    """[rule_id, signal, title, found]: what the run found against each rule about connected parties."""
    signals, rules = supervision.signals_by_rule(view.policy), view.policy.rules
    counts = queries.cached_query(results.count_violations_by_rule, view.checked_run.run_id)
    rows = [
        (
            rule_id,
            by_language(signals[rule_id].zh, signals[rule_id].en) if rule_id in signals else None,
            by_language(rules[rule_id].title_zh, rules[rule_id].title_en),
            counts.get(rule_id, 0),
        )
        for subject in SUBJECTS
        for rule_id in supervision.rules_of_watch_list(view.policy, WATCH_LIST, subject)
    ]
    schema = {"rule_id": pl.String, "signal": pl.String, "title": pl.String, "found": pl.Int64}
    return pl.DataFrame(rows, schema=schema, orient="row")
