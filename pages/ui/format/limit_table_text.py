"""Limit tables of the policy in plain words: their cells, their rows, and what they limit."""

from functools import lru_cache

from sqlglot import exp

from data import dictionary
from pages.ui.format import values
from pages.ui.format.expression_text import Held, Reader
from pages.ui.i18n import language
from pages.ui.i18n.language import pick, say
from policy.engine.table_usage import asked
from policy.language.expressions import parse
from policy.model.records import LimitColumn, LimitRow, LimitTable, Policy


def code_lists(policy: Policy, table: LimitTable) -> dict[str, str]:
    """The code list of each column of a limit table, by what the records that ask it carry there."""
    return _code_lists(policy.version, table.name, Held(policy))


@lru_cache(maxsize=500)
def _code_lists(_version: str, name: str, held: Held) -> dict[str, str]:
    policy, table = held.policy, held.policy.limit_tables[name]
    found: dict[str, str] = {}
    for asking in asked(policy):
        if asking.table == table.name:
            reader = Reader(policy, asking.subject)
            found |= {key.name: reader.kind(exp.column(key.name))[1] for key in table.keys}
            found |= _compared_with(policy, asking.subject, name)
    return {c.name: c.name for c in table.columns if c.role == "limit" and dictionary.codes(c.name)} | found


def _compared_with(policy: Policy, subject: str, table: str) -> dict[str, str]:
    """The code list of each limit column that rules compare with a coded fact: wish lists of papers, classes …"""
    reader, found = Reader(policy, subject), {}
    for rule in policy.versions:
        texts = [text for text in (rule.scope, rule.measure, rule.limit) if f"{table}." in text]
        if rule.subject != subject or not texts:
            continue
        whole = [f"{rule.measure} = {rule.limit}"] if rule.limit in texts else []
        for node in (node for text in (*texts, *whole) for node in parse(text).find_all(exp.Anonymous, exp.Binary)):
            sides = node.expressions if isinstance(node, exp.Anonymous) else [node.this, node.expression]
            if len(sides) == 2 and isinstance(sides[1], exp.Column) and sides[1].table == table:
                found[sides[1].name] = reader.kind(sides[0])[1]
    return {column: code_list for column, code_list in found.items() if dictionary.codes(code_list)}


def cell(column: LimitColumn, text: str, code_list: str) -> str:
    """A cell of a limit table; keys are tests (`<= 12`, `not(credit)`), limits are values."""
    if text in ("", "-"):
        return say("words.any") if column.role == "key" else say("words.no_limit")
    if column.role == "limit" and not code_list and text != values.NONE:
        return values.written(text, column.unit)
    inner, negated = (text[4:-1], True) if text.startswith("not(") else (text, False)
    said = values.codes(inner, code_list)
    return say("words.not", a=said) if negated else said


def row(table: LimitTable, found: LimitRow, lists: dict[str, str]) -> tuple[str, str]:
    """A row in words: for whom it answers, and what it allows; `lists` as code_lists gives them."""
    parts = {
        role: [
            f"{pick(c.zh, c.en)} {cell(c, found.cells[c.name], lists.get(c.name, ''))}"
            for c in table.columns
            if c.role == role and (role == "key" or found.cells[c.name])
        ]
        for role in ("key", "limit")
    }
    if len(table.keys) == 1:
        key = table.keys[0]
        parts["key"] = [cell(key, found.cells[key.name], lists.get(key.name, ""))]
    return " · ".join(parts["key"]) or say("words.any"), " · ".join(parts["limit"]) or say("words.no_limit")


def place(policy: Policy, file: str) -> str:
    """A table of the policy by what stands in it: limits/npl_limits → Longest … (by …), metrics → Metric."""
    limits = policy.limit_tables.get(file.removeprefix("limits/")) if file.startswith("limits/") else None
    return table_label(limits) if limits else language.terms("part_of_policy").get(file.split("/", maxsplit=1)[0], file)


def table_label(table: LimitTable) -> str:
    """A limit table by what it limits and by what."""
    limits, keys = (
        say("words.comma").join(pick(c.zh, c.en) for c in table.columns if c.role == role) for role in ("limit", "key")
    )
    return say("words.table", limits=limits, keys=keys) if keys else limits
