"""What the what-if page says: the loan, the request that the address holds, the decision and the frontier."""

from datetime import date, timedelta

import polars as pl
import streamlit as st

from data import maturities
from pages.ui import access, address, charts, evidence, frame, language, numbers, tables
from pages.ui.frame import View
from pages.ui.language import pick, say
from policy import extension
from policy.extension import Decision, Request
from policy.frontier import strip

FACTS = (
    "borrower_name",
    "branch_name",
    "product_code",
    "guarantee_type",
    "balance",
    "disbursed_on",
    "original_maturity",
    "current_maturity",
    "extension_count",
    "classification",
    "days_past_due",
    "status",
)
BOXES = {"allowed": st.success, "blocked": st.error, "not_assessable": st.warning}
MATCHES = {
    "loan_id": "text",
    "contract_no": "text",
    "borrower_name": "text",
    "branch_name": "text",
    "balance": "amount",
    "current_maturity": "date",
}
LINES = {
    "verdict": "text",
    "title": "text",
    "reason": "text",
    "measured": "text",
    "limit_value": "text",
    "severity": "text",
    "clause": "text",
    "rule_id": "text",
}


def offer(view: View, wanted: str) -> None:
    """What the words searched for may mean; picking one puts its number into the address."""
    matches = access.ask(maturities.found, view.as_of, wanted) if wanted else pl.DataFrame()
    if matches.is_empty():
        st.info(say("whatif.none_found" if wanted else "whatif.search_first"))
        return
    st.caption(say("whatif.matches", n=numbers.count(matches.height)))
    row = tables.show(matches, MATCHES, key=f"matches:{wanted}", pick=True)
    if row is not None:
        address.put("loan", [matches["loan_id"][row]])
        st.rerun()


def about(view: View, loan: dict[str, object]) -> None:
    """The loan's own facts in words, each under its name."""
    with st.grid(min_column_width=140, gap="small"):
        for name in FACTS:
            label = say("col.borrower_name") if name == "borrower_name" else language.field_label("loan", name)
            frame.fact(label, evidence.field_text(view.policy, "loan", name, _text(loan[name])))


def _text(value: object) -> str | None:
    return None if value is None else str(value)


def request(view: View, loan: dict[str, object]) -> Request:
    """The widgets of the request, drawn from the address."""
    maturity = loan["current_maturity"] or view.as_of
    first, second, third = st.columns([1, 1, 2])
    with first:
        wished = address.day(
            "to",
            say("whatif.new_maturity"),
            _months_on(maturity),
            date(1990, 1, 1),
            maturity.replace(year=maturity.year + extension.FRONTIER_YEARS, day=min(maturity.day, 28)),
        )
    with second:
        applied = address.day(
            "applied", say("whatif.applied"), view.as_of, date(1990, 1, 1), maturity + timedelta(3660)
        )
    with third:
        consent = _consent(view, str(loan["loan_id"]))
    return Request(str(loan["loan_id"]), applied, wished, consent)


def _months_on(day: date) -> date:
    """Where the new maturity starts out: half a year on."""
    return pl.Series([day]).dt.offset_by("6mo")[0]


def _consent(view: View, loan_id: str) -> str | None:
    """all, none, the providers chosen, or None while nobody said."""
    providers = access.ask(maturities.providers, view.as_of, loan_id)
    words = language.terms("consent")
    codes = words if providers.height else {code: word for code, word in words.items() if code != "some"}
    answer = address.switch(
        "consent", say("whatif.consent", n=numbers.count(providers.height)), codes, default="unknown"
    )
    if answer == "some":
        labels = {row["provider"]: _provider(row) for row in providers.iter_rows(named=True)}
        chosen = address.several("provider", say("whatif.who"), labels, say("whatif.nobody"))
        return ",".join(chosen) or "none"
    return None if answer == "unknown" else answer


def _provider(row: dict[str, object]) -> str:
    kinds = language.code_labels("guarantee_type")
    named = " ".join(dict.fromkeys(filter(None, (row["provider"], row["provider_name"]))))
    return f"{named} ({', '.join(kinds.get(kind, kind) for kind in row['kinds'] if kind)})"


def headline(view: View, decision: Decision) -> None:
    """The verdict in a word and a colour, and the days that matter."""
    titles = [pick(rule.title_zh, rule.title_en) for rule in map(view.policy.rules.get, decision.blocked_by) if rule]
    said = say(f"decision.{decision.verdict}") + (
        f" {'；'.join(titles) if pick(True, False) else '; '.join(titles)}" if titles else ""
    )
    BOXES[decision.verdict](said, icon=say(f"icon.{decision.verdict}"))
    classes = language.code_labels("term_class")
    first, second, third = st.columns(3)
    first.metric(say("health.by_term_class"), classes.get(decision.term_class or "", numbers.NOTHING), border=True)
    second.metric(say("whatif.latest"), numbers.day(decision.latest_permitted), border=True)
    third.metric(say("whatif.apply_by"), numbers.day(decision.apply_by), border=True)


def lines(view: View, decision: Decision) -> pl.DataFrame:
    """Every line of the decision, in the columns of LINES: what blocks first, then what is not known."""
    order = {verdict: rank for rank, verdict in enumerate(("violation", "not_assessable", "pass", "not_applicable"))}
    rows = [
        (
            n,
            order[v.verdict],
            f"{evidence.MARKS[v.verdict]} {say(f'verdict.{v.verdict}')}",
            evidence.title(v),
            evidence.why(view.policy, v),
            evidence.written(v.measured, v.unit),
            evidence.compared(v),
            evidence.severity(v.severity),
            v.clause_id,
            v.rule_id,
        )
        for n, v in enumerate(decision.lines)
    ]
    return pl.DataFrame(rows, schema=["n", "rank", *LINES], orient="row").sort("rank", "n")


def columns(lines: pl.DataFrame) -> dict[str, str]:
    """The columns to show: reasons only where there are any."""
    return {name: kind for name, kind in LINES.items() if name != "reason" or (lines["reason"] != "").any()}


def frontier(view: View, asked: Request) -> pl.DataFrame:
    """The strip: one line for the verdict, one for each rule that blocks somewhere, in stretches of like days."""
    days = access.ask(strip, view.policy, view.as_of, asked.loan_id, asked.application_date, asked.consent)
    if days.is_empty():
        return days
    overall = _stretches(days.select("requested_maturity", "verdict", "blocked_by"), say("whatif.overall"))
    blocking = days["blocked_by"].explode().drop_nulls().unique(maintain_order=True)
    one = pl.col("blocked_by").list.contains
    each = [
        _stretches(
            days.select(
                "requested_maturity",
                verdict=pl.when(one(rule)).then(pl.lit("blocked")).otherwise(pl.lit("clear")),
                blocked_by=pl.concat_list(pl.lit(rule)),
            ).with_columns(pl.col("verdict")),
            rule,
        ).filter(pl.col("code") == "blocked")
        for rule in blocking
    ]
    titles = {rule_id: f"{rule_id} {pick(r.title_zh, r.title_en)}" for rule_id, r in view.policy.rules.items()}
    words = language.terms("decision_short")
    stretches = pl.concat([overall, *each])
    ends = stretches.select("start", "last").iter_rows()
    spans = [f"{numbers.day(start)} – {numbers.day(last)}" for start, last in ends]
    return stretches.with_columns(
        pl.col("line").replace(titles),
        verdict=pl.col("code").replace(words),
        why=pl.col("rules").list.eval(pl.element().replace(titles)).list.join("; "),
        days=pl.Series(spans, dtype=pl.String),
    )


def _stretches(days: pl.DataFrame, line: str) -> pl.DataFrame:
    """Days in order folded into stretches with the same verdict and rules: [line, code, start, last, end, rules]."""
    state = pl.struct("verdict", "blocked_by")
    return (
        days.with_columns(stretch=state.rle_id())
        .group_by("stretch", maintain_order=True)
        .agg(
            line=pl.lit(line),
            code=pl.col("verdict").first(),
            start=pl.col("requested_maturity").min(),
            last=pl.col("requested_maturity").max(),
            rules=pl.col("blocked_by").first(),
        )
        .with_columns(end=pl.col("last").dt.offset_by("1d"))
        .drop("stretch")
    )


def chart(view: View, decision: Decision, asked: Request) -> None:
    stretches = frontier(view, asked)
    if stretches.is_empty():
        st.info(say("whatif.no_frontier"))
        return
    days = [("whatif.new_maturity", asked.requested_maturity), ("whatif.latest", decision.latest_permitted)]
    marks = pl.DataFrame(
        [(say(name), day, numbers.day(day)) for name, day in days if day], schema=["name", "day", "text"], orient="row"
    )
    charts.put(charts.strip(stretches, marks, list(language.terms("decision_short").values())))
