"""The list behind the violations page: what is on screen, what goes into the workbook, what could not be judged."""

import polars as pl
import streamlit as st

from data import findings
from pages.ui import access, address, evidence, frame, language, numbers, workbook
from pages.ui.filters import Chosen
from pages.ui.frame import View
from pages.ui.language import pick, say

PAGE = 500  # rows on screen at a time; the workbook has all


def _worded(view: View, rows: pl.DataFrame) -> pl.DataFrame:
    """Add what the policy says of each row's rule: severity, title, clause, unit, remedy, all in words."""
    about = [
        (
            r.rule_id,
            evidence.severity(r.severity),
            pick(r.title_zh, r.title_en),
            r.clause_id.replace("|", ", "),
            evidence.unit_word(r.unit),
            pick(r.remedy_zh, r.remedy_en),
        )
        for r in view.policy.rules.values()
    ]
    schema = dict.fromkeys(["rule_id", "severity", "title", "clause", "unit", "remedy"], pl.String)
    subjects = language.terms("subject")
    return rows.join(
        pl.DataFrame(about, schema=schema, orient="row"), on="rule_id", how="left", maintain_order="left"
    ).with_columns(subject=pl.col("subject").replace(subjects))


def page(view: View, chosen: Chosen, number: int) -> pl.DataFrame:
    """One page of the list, from 1."""
    offset = (number - 1) * PAGE
    rows = access.ask(findings.listed, view.run, chosen.rules, chosen.branches, chosen.officers, PAGE, offset)
    units = {rule.rule_id: rule.unit for rule in view.policy.rules.values()}
    worded = _worded(view, rows)
    return worded.with_columns(
        numbers.texts(
            worded.select(pl.struct("rule_id", name)).to_series(),
            lambda row, name=name: evidence.written(row[name], units.get(row["rule_id"], "")),
        ).alias(name)
        for name in ("measured", "limit_value")
    )


def pages(chosen: Chosen) -> int:
    return max(1, -(-chosen.violations // PAGE))


def by_severity(chosen: Chosen) -> str:
    return " · ".join(f"{evidence.severity(code)} {numbers.count(n)}" for code, n in chosen.by_severity)


def cover(view: View, chosen: Chosen) -> dict[str, str]:
    chosen_filters = "\n".join(f"{name}: {values}" for name, values in chosen.said)
    return {
        say("frame.as_of"): numbers.day(view.as_of),
        say("workbook.filters"): chosen_filters or say("workbook.no_filters"),
        say("workbook.policy"): view.run.policy_version,
        say("workbook.run"): view.run.run_id,
        say("workbook.judged_at"): f"{view.run.judged_at:%Y-%m-%d %H:%M:%S}",
        say("workbook.rows"): numbers.count(chosen.violations),
    }


def as_workbook(view: View, chosen: Chosen) -> bytes:
    """All rows the filters leave. Does not touch the session: it runs on a thread of its own when clicked."""
    rows = access.ask(findings.listed, view.run, chosen.rules, chosen.branches, chosen.officers)
    columns = [
        "severity",
        "rule_id",
        "title",
        "subject",
        "subject_id",
        "loan_id",
        "borrower_id",
        "borrower_name",
        "branch_id",
        "branch_name",
        "officer_id",
        "balance",
        "measured",
        "limit_value",
        "unit",
        "clause",
        "remedy",
    ]
    return workbook.make(say("page.violations"), cover(view, chosen), _worded(view, rows).select(columns))


def not_assessable(view: View) -> pl.DataFrame:
    """[severity, rule_id, title, reason, field, subjects, share] of what could not be judged, the commonest first."""
    counts = access.ask(findings.not_assessable, view.run.run_id)
    totals = access.ask(findings.subjects, view.run.run_id)
    fields = [
        name and evidence.field_label(view.policy, subject, name)
        for subject, name in counts.select("subject", "field").iter_rows()
    ]
    rows = counts.with_columns(
        share=pl.col("subjects") / pl.col("subject").replace_strict(totals, default=None),
        reason=pl.col("reason").replace(language.terms("reason")),
        field=pl.Series(fields, dtype=pl.String),
    )
    return _worded(view, rows)


def panel(view: View) -> None:
    """The evidence of the violation that the address names."""
    wanted = address.get("violation")
    violation = access.ask(findings.one, view.run, wanted) if wanted else None
    if violation is None:
        st.info(say("violations.pick"))
        return
    rule = view.policy.rules.get(violation["rule_id"])
    st.subheader(f"{violation['rule_id']} {pick(rule.title_zh, rule.title_en) if rule else ''}", anchor=False)
    named = [
        say(f"subject.{violation['subject']}"),
        violation["subject_id"],
        violation["loan_id"],
        violation["borrower_name"],
    ]
    st.text(" · ".join(dict.fromkeys(filter(None, named))))
    if violation["loan_id"]:
        frame.link("extension_what_if", loan=str(violation["loan_id"]))
    verdict = evidence.find(view, violation)
    if verdict is None:
        st.warning(say("violations.not_rebuilt"))
        frame.fact(say("evidence.measured"), str(violation["measured"]))
        frame.fact(say("evidence.limit"), str(violation["limit_value"]))
    else:
        evidence.show(view, verdict)
