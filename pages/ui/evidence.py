"""The evidence of one verdict: measured against limit, the inputs, the limit rows, the clause in both languages."""

from datetime import date
from decimal import Decimal, InvalidOperation

import polars as pl
import streamlit as st

from data import dictionary
from pages.ui import access, citations, frame, language, numbers, tables
from pages.ui.frame import View
from pages.ui.language import pick, say
from policy import verdicts
from policy.model import FOREVER, Policy, clause_ids
from policy.verdicts import Verdict

SIGNS = {"<=": "≤", ">=": "≥", "<>": "≠"}
INPUTS = {"input": "text", "value": "text"}
LIMIT_ROWS = dict.fromkeys(("cells", "clause", "evidence", "reading", "row_id"), "text")
HALF = 400  # pixels that the inputs need, and the clause beside them; on a narrower screen they stand under each other
MARKS = {"pass": "✔", "violation": "✘", "not_applicable": "–", "not_assessable": "?"}


def written(value: str | None, unit: str) -> str:
    """A measured value or limit as people write it; a text that is neither number nor date stays as it is."""
    if value is None:
        return numbers.NOTHING
    if value in ("true", "false"):
        return say(f"word.{value}")
    try:
        return numbers.day(date.fromisoformat(value))
    except ValueError:
        pass
    try:
        number = Decimal(value)
    except InvalidOperation:
        return value
    if unit == "ratio":
        return numbers.share(number)
    if unit == "yuan":
        return numbers.amount(number)
    if unit == "year":
        return value
    return f"{numbers.plain(number)} {unit_word(unit, number)}".strip()


def unit_word(unit: str, number: Decimal | None = None) -> str:
    """What stands behind a number, this one if it is given; a mere count needs no word."""
    many = language.terms("unit").get(unit, "")
    return language.terms("unit_of_one").get(unit, many) if number == 1 else many


def _field(policy: Policy, subject: str, name: str) -> tuple[str, str, str]:
    """(label, unit, code list) of a fact or of a field the policy derives."""
    field = dictionary.facts(subject).get(name)
    if field:
        return pick(field.zh, field.en), field.unit, field.code_list or ""
    derived = next((d for d in policy.derived if d.name == name and d.subject == subject), None)
    return (pick(derived.zh, derived.en), derived.unit, derived.codes.rstrip("?")) if derived else (name, "", "")


def field_label(policy: Policy, subject: str, name: str) -> str:
    return _field(policy, subject, name)[0]


def field_text(policy: Policy, subject: str, name: str, value: str | None) -> str:
    """A fact's value in words: the label of a code, else as `written`."""
    _, unit, code_list = _field(policy, subject, name)
    labels = language.code_labels(code_list) if code_list else {}
    return labels.get(value or "", "") or written(value, unit)


def compared(verdict: Verdict) -> str:
    """The limit with its sign: ≤ 70.00%."""
    if verdict.limit is None:
        return numbers.NOTHING
    return f"{SIGNS.get(verdict.comparator, verdict.comparator)} {written(verdict.limit, verdict.unit)}"


def find(view: View, violation: dict[str, object]) -> Verdict | None:
    """The verdict behind a stored violation, rebuilt; None when today's tables no longer find it."""
    subject, loan_id = str(violation["subject"]), violation["any_loan_id"]
    if loan_id and dictionary.subjects()[subject].key in ("loan_id", "borrower_id"):
        judged = access.ask(verdicts.of_loan, view.policy, view.as_of, loan_id)
    else:
        judged = access.ask(verdicts.of_subject, view.policy, view.as_of, subject, violation["subject_id"])
    wanted = (violation["rule_id"], violation["subject_id"])
    return next((v for v in judged if (v.rule_id, v.subject_id) == wanted and v.verdict == "violation"), None)


def severity(code: str) -> str:
    return f"{say(f'mark.{code}')} {say(f'severity.{code}')}"


def title(verdict: Verdict) -> str:
    return pick(verdict.title_zh, verdict.title_en)


def why(policy: Policy, verdict: Verdict) -> str:
    """For a verdict that could not be reached: the reason, and the fields that are missing."""
    if not verdict.reason:
        return ""
    fields = [field_label(policy, verdict.subject, name) for name in verdict.missing]
    said = say(f"reason.{verdict.reason}")
    return f"{said}{pick('：', ': ')}{pick('、', ', ').join(fields)}" if fields else said


def _inputs(policy: Policy, verdict: Verdict) -> pl.DataFrame:
    rows = [
        (field_label(policy, verdict.subject, name), field_text(policy, verdict.subject, name, value))
        for name, value in verdict.inputs.items()
    ]
    return pl.DataFrame(rows, schema=["input", "value"], orient="row")


def _limit_rows(policy: Policy, verdict: Verdict) -> pl.DataFrame:
    """One row a limit row that answered: its cells in words, its clause, its dates, how sure its source is."""
    rows = []
    for row in verdict.limit_rows:
        columns = policy.limit_tables[row["table"]].columns
        cells = [
            f"{pick(c.zh, c.en)} {_cell(c.name, row['cells'][c.name])}" for c in columns if row["cells"].get(c.name)
        ]
        rows.append((" · ".join(cells), citations.of(policy, row["clause_id"]), grade(row["evidence"]),
                     pick(row["reading_zh"], row["reading_en"]) or None, row["row_id"]))  # fmt: skip
    return pl.DataFrame(rows, schema=dict.fromkeys(LIMIT_ROWS, pl.String), orient="row")


def _cell(name: str, cell: str) -> str:
    """A cell of a limit table, with the words of its codes where the dictionary has a list of that name."""
    labels = language.code_labels(name)
    return ", ".join(labels.get(part, part) for part in cell.split(", "))


def grade(evidence: str) -> str:
    """How sure the source is; a bank default says that it is one."""
    return language.terms("grade").get(evidence.replace(" ", "_"), evidence)


def in_force(view: View, rule_id: str) -> str:
    rule = view.policy.rules[rule_id]
    ends = say("evidence.open_end") if rule.effective_to == FOREVER else numbers.day(rule.effective_to)
    return say("evidence.in_force", begins=numbers.day(rule.effective_from), ends=ends)


def _clause(view: View, clause_id: str) -> None:
    clause = view.policy.clauses.get(clause_id)
    if clause is None:
        st.text(clause_id)
        return
    place = citations.section(clause.section)
    st.text(f"{clause.clause_id} · {pick(clause.document_zh, clause.document_en)} {place}")
    for text in (clause.gist_zh, clause.gist_en):
        st.text(text)
    if clause.reading_zh or clause.reading_en:
        st.caption(say("evidence.reading"))
        st.text(pick(clause.reading_zh, clause.reading_en))


def show(view: View, verdict: Verdict) -> None:
    """The panel. Text of the book and of the tables is shown as text, never as markdown."""
    facts = {
        say("evidence.measured"): written(verdict.measured, verdict.unit),
        say("evidence.limit"): compared(verdict),
        say("filter.severity"): severity(verdict.severity),
    }
    for column, (label, value) in zip(st.columns(len(facts), border=True), facts.items(), strict=True):
        with column:
            frame.fact(label, value)
    with st.grid(min_column_width=HALF, gap=("medium", "large")):
        left, right = st.container(), st.container()
    with left:
        st.markdown(f"**{say('evidence.inputs')}**")
        tables.show(_inputs(view.policy, verdict), INPUTS, height="content")
    with right:
        st.markdown(f"**{say('evidence.clause')}**")
        for clause_id in clause_ids(verdict.clause_id) or (numbers.NOTHING,):
            _clause(view, clause_id)
        st.markdown(f"**{say('evidence.remedy')}**")
        st.text(pick(verdict.remedy_zh, verdict.remedy_en) or numbers.NOTHING)
        source = f"{say('evidence.grade')}{pick('：', ': ')}{grade(verdict.evidence)}"
        st.caption(" · ".join([source, in_force(view, verdict.rule_id), say("evidence.rule", rule=verdict.rule_id)]))
    if verdict.limit_rows:
        st.markdown(f"**{say('evidence.limit_rows')}**")
        rows = _limit_rows(view.policy, verdict)
        tables.show(rows, tables.filled(rows, LIMIT_ROWS), height="content")
