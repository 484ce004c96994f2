"""What changed tables would do to the book: judged beside the page, told by rule, branch, severity and loan."""

import tempfile
from pathlib import Path

import polars as pl
import streamlit as st

from data.reference import size_limits
from data.storage import book
from pages.ui.app import background_jobs, queries
from pages.ui.app.background_jobs import Job
from pages.ui.app.page_frame import View
from pages.ui.charts import drawing, policy_charts
from pages.ui.i18n import error_message, numbers
from pages.ui.i18n.language import pick, say
from pages.ui.widgets import evidence_panel, lint_findings, tables
from policy.authoring import sandbox
from policy.authoring.impact import KINDS, Impact
from policy.authoring.sandbox import Outcome
from policy.model.csv_reader import version_of
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


def at_once(view: View) -> bool:
    """Whether the book is small enough to be judged anew at every change."""
    return queries.ask(results.reconcile, view.as_of).judged <= size_limits.whole("impact_loans")


def folder() -> Path:
    """The session's own; removed when the session lets go of it."""
    if "policy_folder" not in st.session_state:
        st.session_state["policy_folder"] = tempfile.TemporaryDirectory(prefix="loanlight-")
    return Path(st.session_state["policy_folder"].name)


def section(view: View, texts: dict[str, str]) -> None:
    st.subheader(say("policy.impact", day=numbers.day(view.as_of)), anchor=False)
    job = _job(view, texts)
    if job is None:
        return
    watch(job)
    if job.error is not None:
        error_message.show(say("error.cannot_show"), job.error)
        return
    outcome: Outcome = job.result
    if outcome.found is None:
        lint_findings.show(list(outcome.problems), "")
    else:
        _show(view, outcome, outcome.found)


def _job(view: View, texts: dict[str, str]) -> Job | None:
    """The judging of exactly these tables: begun by itself on a small book, else when asked."""
    wanted = (version_of(texts), view.policy.version, view.as_of, book.generation(book.default_path()))
    key, job = st.session_state.get("policy_trial", (None, None))
    if key == wanted:
        return job
    if job is not None and not job.done.is_set():
        watch(job)  # one judging at a time; what was changed since is judged next
    if not at_once(view):
        st.caption(say("policy.impact_large", n=numbers.count(queries.ask(results.reconcile, view.as_of).judged)))
        if not st.button(say("policy.impact_start"), type="primary", key="policy_impact_start"):
            return None
    path, before, as_of, place = book.default_path(), view.policy, view.as_of, folder()
    job = background_jobs.start(lambda on_step: sandbox.judge(path, texts, before, as_of, place, on_step))
    st.session_state["policy_trial"] = (wanted, job)
    return job


def watch(job: Job) -> None:
    """The steps as they begin; the work runs on, whoever leaves the page."""
    if job.done.is_set():
        return
    with st.status(say("policy.working"), expanded=True) as status:
        shown = 0
        while not job.done.wait(POLL_SECONDS) or shown < len(job.steps):
            for step in job.steps[shown:]:
                st.write(_step(step))
            shown = len(job.steps)
        status.update(label=say("policy.worked"), state="error" if job.error else "complete", expanded=False)


def _step(step: str) -> str:
    if step in ("proof", "listing", "curve"):
        return say(f"policy.step_{step}")
    return say("policy.step_judge", subject=say(f"subject.{step}"))


def _show(view: View, outcome: Outcome, found: Impact) -> None:
    total = {row["kind"]: row for row in found.totals.iter_rows(named=True)}
    for column, kind in zip(st.columns(len(KINDS), border=True), KINDS, strict=True):
        row = total.get(kind, {"records": 0, "loans": 0, "yuan": 0})
        with column:
            st.metric(say(f"policy.kind_{kind}"), numbers.count(row["records"]))
            st.caption(say("policy.loans_behind", n=numbers.count(row["loans"]), yuan=numbers.compact(row["yuan"])))
    if not total:
        st.info(say("policy.no_move" if found.judged else "policy.silent"))
        return
    st.caption(say("policy.judged_rules", n=len(found.judged)))
    bars = _bars(view, found)
    told = (f"{name} {kind} {abs(n)}" for name, kind, n in bars.select("name", "kind", "records").iter_rows())
    drawing.put(policy_charts.moves(bars), "; ".join([say("policy.moves_alt"), *told]))
    for name, tab in zip(found.by, st.tabs([say(f"policy.by_{name}") for name in found.by]), strict=True):
        with tab:
            tables.show(_grouped(view, found, name), GROUP, height=tables.LOW)
    _loans(view, outcome)


def _name(view: View, group: str, code: str | None) -> str:
    if code is None:
        return numbers.NOTHING
    if group == "severity":
        return evidence_panel.severity(code)
    if group == "branch_id":
        return queries.ask(results.branch_names, view.as_of).get(code, code)
    rule = view.policy.rules.get(code)
    return pick(rule.title_zh, rule.title_en) if rule else code


def _bars(view: View, found: Impact) -> pl.DataFrame:
    """[name, kind, records, loans, yuan]: what each rule gains and loses."""
    rows = [
        {
            "name": _name(view, "rule_id", row["rule_id"]),
            "kind": say(f"policy.kind_{row['kind']}"),
            "records": -row["records"] if row["kind"] in ("removed", "ceased_not_assessable") else row["records"],
            "loans": numbers.count(row["loans"]),
            "yuan": numbers.compact(row["yuan"]),
        }
        for row in found.by["rule_id"].iter_rows(named=True)
    ]
    return pl.DataFrame(rows)


def _grouped(view: View, found: Impact, group: str) -> pl.DataFrame:
    """A row a group; loans and yuan are those of the violations added, or where none is, of those removed."""
    rows: dict[str | None, dict[str, object]] = {}
    for row in found.by[group].iter_rows(named=True):
        own = rows.setdefault(
            row[group],
            {"group": _name(view, group, row[group]), "added": 0, "removed": 0, "unknown": 0, "loans": 0, "yuan": 0.0},
        )
        kind = row["kind"] if row["kind"] in ("added", "removed") else "unknown"
        sign = -1 if row["kind"] == "ceased_not_assessable" else 1
        own[kind] += sign * row["records"]
        if row["kind"] in ("added", "removed"):
            side = 1 if row["kind"] == "added" else -1
            own["loans"], own["yuan"] = own["loans"] + side * row["loans"], own["yuan"] + side * float(row["yuan"])
    return pl.DataFrame(list(rows.values()), infer_schema_length=None)


def _loans(view: View, outcome: Outcome) -> None:
    if outcome.loans is None or outcome.listed is None:
        return
    st.markdown(f"**{say('policy.loans_moved')}**")
    frame = outcome.loans.with_columns(
        numbers.texts(outcome.loans["kind"], lambda kind: say(f"policy.kind_{kind}")).alias("kind"),
        numbers.texts(outcome.loans["severity"], evidence_panel.severity).alias("severity"),
        pl.col(pick("title_zh", "title_en")).alias("title"),
        branch=pl.col("branch_id").replace(queries.ask(results.branch_names, view.as_of)),
    )
    tables.show(frame, LOANS, height=tables.LOW)
    if frame.height == sandbox.ROWS_SHOWN:
        st.caption(say("policy.largest", n=numbers.count(sandbox.ROWS_SHOWN)))
    path = outcome.listed
    st.download_button(
        say("policy.download_loans"),
        path.read_bytes,
        path.name,
        "text/csv",
        on_click="ignore",
        icon=":material/download:",
    )
