"""The line under a page's title: day, policy, rows that add up, currencies, and whether the data changed since."""

import streamlit as st

from data.queries import portfolio
from pages.ui.app import queries
from pages.ui.app.snapshot_view import SnapshotView, draw_page_link
from pages.ui.i18n import language, numbers
from pages.ui.i18n.language import by_language, t
from policy.violations import results


def _format_reconciliation(view: SnapshotView) -> str:
    sums = queries.cached_query(results.reconcile_rows, view.as_of)
    parts = _format_loaded_rows(view, sums.loaded)
    for key, value in (("quarantined", sums.quarantined), ("ignored", sums.ignored), ("replaced", sums.replaced)):
        if value or key == "quarantined":
            parts.append(t(f"frame.{key}", n=numbers.format_count(value)))
    return t("frame.rows_in", n=numbers.format_count(sums.rows_in), parts=" + ".join(parts))


def _format_other_currencies(view: SnapshotView) -> list[str]:
    """What the totals leave out, each sum in its own currency."""
    sums = queries.cached_query(portfolio.sum_by_currency, view.as_of)
    others = [
        t(
            "frame.other_currency",
            currency=language.escape_markdown(numbers.format_currency(currency)),
            balance=numbers.format_amount(balance),
            n=numbers.format_count(loans),
        )
        for currency, loans, balance in sums.iter_rows()
        if currency != view.currency
    ]
    return [t("frame.not_in_totals", parts=by_language("、", ", ").join(others))] if others else []


def _format_loaded_rows(view: SnapshotView, loaded: int) -> list[str]:
    """The loans of the snapshot: how many the run judged, and how many came since."""
    if view.run is None:
        return [t("frame.loaded", n=numbers.format_count(loaded))]
    new = view.data_change.loans_not_judged if view.data_change else 0
    parts = [t("frame.checked", n=numbers.format_count(loaded - new))]
    return [*parts, t("frame.not_checked_yet", n=numbers.format_count(new))] if new else parts


def describe_data_change(view: SnapshotView) -> str | None:
    """That the data are no longer those of the check, in one sentence for pages, exports and reports; else None."""
    if view.data_change is None or view.run is None:
        return None
    tables = by_language("、", ", ").join(language.table_label(name) for name in view.data_change.tables)
    new = numbers.format_count(view.data_change.loans_not_judged)
    return t("frame.data_changed", at=numbers.format_timestamp(view.run.judged_at), tables=tables, n=new)


def cover_data_state(view: SnapshotView) -> dict[str, str]:
    """The row of an export's cover that says that the data changed since the check; none where they did not."""
    changed = describe_data_change(view)
    return {t("workbook.data_state"): changed} if changed else {}


def _format_policy_version(view: SnapshotView, version: str) -> str:
    """The policy version by the day of its newest rule in force; one whose tables are gone by its hash alone."""
    days = [rule.effective_from for rule in view.policy.versions if rule.effective_from <= view.as_of]
    if version != view.policy.version or not days:
        return t("frame.policy", version=version[:12])
    return t("frame.policy_since", day=numbers.format_day(max(days)))


def draw_status_line(view: SnapshotView) -> None:
    """The line under the title, with warnings for rows that do not add up and for a check by other policy tables."""
    version = view.run.policy_version if view.run else view.policy.version
    st.caption(
        " · ".join(
            [
                t("frame.as_of_is", day=numbers.format_day(view.as_of)),
                _format_policy_version(view, version),
                _format_reconciliation(view),
                t("frame.currency", currency=language.escape_markdown(numbers.format_currency(view.currency))),
                *_format_other_currencies(view),
            ]
        ),
        help=t("frame.policy_hash", version=version),
    )
    difference = queries.cached_query(results.reconcile_rows, view.as_of).difference
    if difference:
        st.warning(t("frame.difference", n=numbers.format_count(difference)))
    if view.run is None:
        st.warning(t("frame.not_checked", day=view.as_of.isoformat()))
        return
    changed = describe_data_change(view)
    if changed:
        st.warning(changed)
        draw_page_link("import_files", as_of=view.as_of.isoformat())
    if view.run.policy_version != view.policy.version:
        st.warning(t("frame.policy_changed", version=view.policy.version[:12]))
