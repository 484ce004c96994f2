"""The impact of changed tables on the book: judged in the background, shown by rule, branch, severity and loan."""

import tempfile
from pathlib import Path
from typing import Any

import polars as pl
import streamlit as st

from data.reference import size_limits
from pages.ui.app import background_jobs, queries
from pages.ui.app.background_jobs import Job
from pages.ui.app.snapshot_view import SnapshotView
from pages.ui.charts import drawing, policy_charts
from pages.ui.i18n import error_message, numbers
from pages.ui.i18n.language import by_language, t
from pages.ui.widgets import evidence_panel, lint_findings, tables
from policy.authoring import sandbox
from policy.authoring.impact import KINDS, Impact
from policy.authoring.sandbox import SandboxResult
from policy.model.table_folder import compute_version
from policy.violations import results

POLL_SECONDS = 0.3
GROUP = {"group": "text", "added": "count", "removed": "count", "unknown": "count", "loans": "count", "yuan": "amount"}
LOANS = {
    "kind": "text",
    "title": "text",
    "severity": "text",
    "loan_id": "text",
    "balance": "amount",
    "branch": "text",
    "borrower_id": "text",
    "rule_id": "text",
}


def is_small_book(view: SnapshotView) -> bool:
    """Whether the book is small enough to be judged anew at every change."""
    return queries.cached_query(results.reconcile_rows, view.as_of).loaded <= size_limits.integer_limit("impact_loans")


def session_folder() -> Path:
    """The session's own; removed when the session lets go of it."""
    if "policy_folder" not in st.session_state:
        st.session_state["policy_folder"] = tempfile.TemporaryDirectory(prefix="loanlight-")
    return Path(st.session_state["policy_folder"].name)


def draw_impact(view: SnapshotView, texts: dict[str, str]) -> None:
    st.subheader(t("policy.impact", day=numbers.format_day(view.as_of)), anchor=False)
    job = _find_or_start_job(view, texts)
    if job is None:
        return
    draw_progress(job)
    if job.error is not None:
        error_message.show_error(t("error.cannot_show"), job.error)
        return
    outcome: SandboxResult = job.result
    if outcome.policy_impact is None:
        lint_findings.draw_findings(list(outcome.problems), "")
    else:
        _draw_result(view, outcome, outcome.policy_impact)


def _find_or_start_job(view: SnapshotView, texts: dict[str, str]) -> Job | None:
    """The job that judges exactly these tables: started at once on a small book, otherwise by a button."""
    reader = queries.require_reader()
    wanted = (compute_version(texts), view.policy.version, view.as_of, reader.generation)
    stored: tuple[object, Job | None] = st.session_state.get("policy_trial", (None, None))
    key, job = stored
    if key == wanted:
        return job
    if job is not None and not job.done.is_set():
        draw_progress(job)  # one judging at a time; what was changed since is judged next
    if not is_small_book(view):
        st.caption(
            t(
                "policy.impact_large",
                n=numbers.format_count(queries.cached_query(results.reconcile_rows, view.as_of).loaded),
            )
        )
        if not st.button(t("policy.impact_start"), type="primary", key="policy_impact_start"):
            return None
    before, as_of, place = view.policy, view.as_of, session_folder()
    job = background_jobs.start_job(
        lambda on_step: sandbox.lint_and_judge(reader.cursor(), texts, before, as_of, place, on_step)
    )
    st.session_state["policy_trial"] = (wanted, job)
    return job


def draw_progress(job: Job) -> None:
    """The steps as they begin; the work runs on, whoever leaves the page."""
    if job.done.is_set():
        return
    with st.status(t("policy.working"), expanded=True) as status:
        shown = 0
        while not job.done.wait(POLL_SECONDS) or shown < len(job.steps):
            for step in job.steps[shown:]:
                st.write(_format_step(step))
            shown = len(job.steps)
        status.update(label=t("policy.computed"), state="error" if job.error else "complete", expanded=False)


def _format_step(step: str) -> str:
    if step in ("proof", "listing", "curve"):
        return t(f"policy.step_{step}")
    return t("policy.step_judge", subject=t(f"subject.{step}"))


def _draw_result(view: SnapshotView, outcome: SandboxResult, found: Impact) -> None:
    total = {row["kind"]: row for row in found.totals.iter_rows(named=True)}
    for column, kind in zip(st.columns(len(KINDS), border=True), KINDS, strict=True):
        row = total.get(kind, {"records": 0, "loans": 0, "yuan": 0})
        with column:
            st.metric(t(f"policy.kind_{kind}"), numbers.format_count(row["records"]))
            st.caption(
                t(
                    "policy.loans_behind",
                    n=numbers.format_count(row["loans"]),
                    yuan=numbers.format_compact_amount(row["yuan"]),
                )
            )
    if not total:
        st.info(t("policy.no_changed_result" if found.judged_rules else "policy.no_effect"))
        return
    st.caption(t("policy.judged_rules", n=len(found.judged_rules)))
    bars = _build_bars(view, found)
    told = (f"{name} {kind} {abs(n)}" for name, kind, n in bars.select("name", "kind", "records").iter_rows())
    drawing.show_chart(policy_charts.build_impact_bars(bars), "; ".join([t("policy.moves_alt"), *told]))
    for name, tab in zip(
        found.totals_by_group, st.tabs([t(f"policy.by_{name}") for name in found.totals_by_group]), strict=True
    ):
        with tab:
            tables.draw_table(_sum_by_group(view, found, name), GROUP, height=tables.SHORT_HEIGHT)
    _draw_loans(view, outcome)


def _group_name(view: SnapshotView, group: str, code: str | None) -> str:
    if code is None:
        return numbers.NOTHING
    if group == "severity":
        return evidence_panel.format_severity(code)
    if group == "branch_id":
        return queries.cached_query(results.load_branch_names, view.as_of).get(code, code)
    rule = view.policy.rules.get(code)
    return by_language(rule.title_zh, rule.title_en) if rule else code


def _build_bars(view: SnapshotView, found: Impact) -> pl.DataFrame:
    """[name, kind, records, loans, yuan]: what each rule gains and loses."""
    rows = [
        {
            "name": _group_name(view, "rule_id", row["rule_id"]),
            "kind": t(f"policy.kind_{row['kind']}"),
            "records": -row["records"] if row["kind"] in ("removed", "ceased_not_assessable") else row["records"],
            "loans": numbers.format_count(row["loans"]),
            "yuan": numbers.format_compact_amount(row["yuan"]),
        }
        for row in found.totals_by_group["rule_id"].iter_rows(named=True)
    ]
    return pl.DataFrame(rows)


def _sum_by_group(view: SnapshotView, found: Impact, group: str) -> pl.DataFrame:
    """A row a group; loans and yuan are those of the violations added, or where none is, of those removed."""
    rows: dict[str | None, dict[str, Any]] = {}
    for row in found.totals_by_group[group].iter_rows(named=True):
        own = rows.setdefault(
            row[group],
            {
                "group": _group_name(view, group, row[group]),
                "added": 0,
                "removed": 0,
                "unknown": 0,
                "loans": 0,
                "yuan": 0.0,
            },
        )
        kind = row["kind"] if row["kind"] in ("added", "removed") else "unknown"
        sign = -1 if row["kind"] == "ceased_not_assessable" else 1
        own[kind] += sign * row["records"]
        if row["kind"] in ("added", "removed"):
            side = 1 if row["kind"] == "added" else -1
            own["loans"], own["yuan"] = own["loans"] + side * row["loans"], own["yuan"] + side * float(row["yuan"])
    return pl.DataFrame(list(rows.values()), infer_schema_length=None)


def _draw_loans(view: SnapshotView, outcome: SandboxResult) -> None:
    if outcome.largest_loans is None or outcome.loans_file is None:
        return
    st.markdown(f"**{t('policy.affected_loans')}**")
    frame = outcome.largest_loans.with_columns(
        numbers.format_series(outcome.largest_loans["kind"], lambda kind: t(f"policy.kind_{kind}")).alias("kind"),
        numbers.format_series(outcome.largest_loans["severity"], evidence_panel.format_severity).alias("severity"),
        pl.col(by_language("title_zh", "title_en")).alias("title"),
        branch=pl.col("branch_id").replace(queries.cached_query(results.load_branch_names, view.as_of)),
    )
    tables.draw_table(frame, LOANS, height=tables.SHORT_HEIGHT)
    if frame.height == sandbox.ROWS_SHOWN:
        st.caption(t("policy.largest", n=numbers.format_count(sandbox.ROWS_SHOWN)))
    path = outcome.loans_file
    st.download_button(
        t("policy.download_loans"),
        path.read_bytes,
        path.name,
        "text/csv",
        on_click="ignore",
        icon=":material/download:",
    )
