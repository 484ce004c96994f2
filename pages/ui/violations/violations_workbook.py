"""The workbook of the violations page: a sheet for each view, with all filtered rows."""

import polars as pl

from data.quality import checks
from pages.ui.app import queries, status_line
from pages.ui.app.snapshot_view import SnapshotView
from pages.ui.i18n import numbers
from pages.ui.i18n.language import t
from pages.ui.violations import filters, groups, list, not_assessable_view
from pages.ui.widgets import excel_export, quality_findings
from policy.violations.facets import FilterResult

GROUPS = ("rule_id", "branch_id", "officer_id")
FilterDescriptions = tuple[tuple[str, str], ...]  # (label, values) of each filter that is set
GROUP_COLUMNS = ("key", "name", "violations", "weight", "loans", "balance", "oldest")


def build_workbook(view: SnapshotView, chosen: FilterResult, described: FilterDescriptions) -> bytes:
    """`described` says which filters are set. Does not touch the session: it runs on its own thread when clicked."""
    rules = tuple(filters.load_rules(view)["rule_id"])
    sheets = {t("page.violations"): list.load_all_rows(view, chosen)}
    for by in GROUPS:
        sheets[t(f"sheet.{by}")] = groups.sum_by_group(view, chosen.comparison, chosen.criteria, by).select(
            GROUP_COLUMNS
        )
    sheets[t("violations.not_assessable")] = not_assessable_view.count_by_rule(view, rules).select(
        *not_assessable_view.BY_RULE
    )
    sheets[t("violations.quality")] = _load_quality_findings(view)
    return excel_export.write_tables(t("page.violations"), build_cover(view, chosen, described), sheets)


def _load_quality_findings(view: SnapshotView) -> pl.DataFrame:
    found = queries.cached_query(checks.list_findings, view.as_of)
    return quality_findings.localize_findings(found.filter(pl.col("rows") > 0)).select(
        *quality_findings.FINDING_COLUMNS
    )


def build_cover(view: SnapshotView, chosen: FilterResult, described: FilterDescriptions) -> dict[str, str]:
    active = "\n".join(f"{name}: {values}" for name, values in described)
    since = chosen.comparison.since
    return {
        t("frame.as_of"): numbers.format_day(view.as_of),
        t("violations.since"): numbers.format_day(since.as_of if since else None),
        t("workbook.filters"): active or t("workbook.no_filters"),
        t("workbook.policy"): view.checked_run.policy_version,
        t("workbook.run"): view.checked_run.run_id,
        t("workbook.judged_at"): f"{view.checked_run.judged_at:%Y-%m-%d %H:%M:%S}",
        t("workbook.rows"): numbers.format_count(chosen.violations),
    } | status_line.cover_data_state(view)
