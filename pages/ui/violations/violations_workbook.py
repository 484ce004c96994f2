"""The workbook of the violations page: a sheet a view, of what the filters leave, and nothing cut."""

import polars as pl

from data.quality import checks
from pages.ui.app import queries
from pages.ui.app.page_frame import View
from pages.ui.i18n import numbers
from pages.ui.i18n.language import say
from pages.ui.violations import filters, groups, list, not_assessable
from pages.ui.violations.filters import Chosen
from pages.ui.widgets import excel_export, quality_findings

GROUPS = ("rule_id", "branch_id", "officer_id")
GROUP = ("key", "name", "violations", "weight", "loans", "balance", "oldest")


def make(view: View, chosen: Chosen) -> bytes:
    """Does not touch the session: it runs on a thread of its own when clicked."""
    rules = tuple(filters.rules(view)["rule_id"])
    sheets = {say("page.violations"): list.everything(view, chosen)}
    for by in GROUPS:
        sheets[say(f"sheet.{by}")] = groups.grouped(view, chosen, by).select(GROUP)
    sheets[say("violations.not_assessable")] = not_assessable.by_rule(view, rules).select(*not_assessable.BY_RULE)
    sheets[say("violations.quality")] = _quality(view)
    return excel_export.several(say("page.violations"), cover(view, chosen), sheets)


def _quality(view: View) -> pl.DataFrame:
    found = queries.ask(checks.findings, view.as_of)
    return quality_findings.worded(found.filter(pl.col("rows") > 0)).select(*quality_findings.FINDINGS)


def cover(view: View, chosen: Chosen) -> dict[str, str]:
    chosen_filters = "\n".join(f"{name}: {values}" for name, values in chosen.said)
    since = chosen.span.since
    return {
        say("frame.as_of"): numbers.day(view.as_of),
        say("violations.since"): numbers.day(since.as_of if since else None),
        say("workbook.filters"): chosen_filters or say("workbook.no_filters"),
        say("workbook.policy"): view.run.policy_version,
        say("workbook.run"): view.run.run_id,
        say("workbook.judged_at"): f"{view.run.judged_at:%Y-%m-%d %H:%M:%S}",
        say("workbook.rows"): numbers.count(chosen.violations),
    }
