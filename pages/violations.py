"""Violations: filter, pick one, see its evidence, add up, follow, take the list and the board's report away."""

from contextvars import copy_context
from functools import partial

import polars as pl
import streamlit as st

from data.quality import checks
from pages.ui.app import page_frame, queries, snapshot_view, url_state
from pages.ui.i18n import numbers
from pages.ui.i18n.language import t
from pages.ui.violations import (
    board_report,
    detail,
    filters,
    groups,
    list,
    not_assessable_view,
    saved_views,
    trend_view,
    violations_workbook,
)
from pages.ui.widgets import excel_export, quality_findings, tables

SHOWN = ("list", "by", "trend", "unjudged", "quality")

view = page_frame.open_page("violations")
page_frame.require_run(view)
head = st.container()
chosen = filters.draw_filters(view)
described = filters.describe_filters(view)
with head:
    title, buttons = st.columns([1, 2], vertical_alignment="center")
    title.markdown(f"**{t('violations.count', n=numbers.format_count(chosen.violations))}**")
    st.caption(list.format_severity_counts(chosen))
    row = buttons.container(horizontal=True, horizontal_alignment="right")
    with row:
        saved_views.draw_views_menu()
    row.download_button(
        t("violations.download"),
        data=partial(copy_context().run, violations_workbook.build_workbook, view, chosen, described),
        file_name=f"violations-{view.as_of}.xlsx",
        mime=excel_export.MIME,
        icon=":material/download:",
        on_click="ignore",
    )
    row.download_button(
        t("violations.report"),
        data=partial(copy_context().run, board_report.build_pdf, view, chosen.comparison),
        file_name=f"violations-{view.as_of}.pdf",
        mime="application/pdf",
        icon=":material/picture_as_pdf:",
        on_click="ignore",
    )
if described:
    st.button(t("filter.clear"), on_click=saved_views.clear_filters, icon=":material/filter_alt_off:", type="tertiary")
shown = url_state.select_segment("show", t("violations.show"), {name: t(f"show.{name}") for name in SHOWN}, SHOWN[0])

if shown == "list" and chosen.violations:
    list.draw_list(view, chosen)
    detail.draw_violation(view, chosen)
elif shown == "by" and chosen.violations:
    groups.draw_groups(view, chosen)
elif shown == "trend":
    trend_view.draw_trend(view, chosen)
elif shown == "unjudged":
    not_assessable_view.draw_not_assessable(view)
elif shown == "quality":
    st.caption(t("violations.quality_note"))
    found = queries.cached_query(checks.list_findings, view.as_of).filter(pl.col("rows") > 0)
    tables.draw_table(quality_findings.localize_findings(found), quality_findings.FINDING_COLUMNS, height="content")
    st.caption(t("violations.quality_rows"))
    snapshot_view.draw_page_link("import_files", as_of=view.as_of.isoformat())
else:
    st.info(t("violations.none"))
    not_assessable_view.draw_summary(view)
