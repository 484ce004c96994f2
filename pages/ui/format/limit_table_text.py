"""Limit tables of the policy in plain words: their cells, their rows, and what they limit."""

from sqlglot import exp

from data import dictionary
from data.language.expressions import parse
from pages.ui.format import values
from pages.ui.format.name_resolution import NameResolver
from pages.ui.i18n import language
from pages.ui.i18n.language import by_language, t
from policy.engine.table_usage import list_usages
from policy.model.policy_cache import cached_by_policy
from policy.model.records import LimitColumn, LimitRow, LimitTable, Policy


def find_code_lists(policy: Policy, table: LimitTable) -> dict[str, str]:
    """The code list of each column of a limit table, by the facts that the rules using it compare with it."""
    return _find_cached_code_lists(policy, table.name)


@cached_by_policy
def _find_cached_code_lists(policy: Policy, name: str) -> dict[str, str]:
    table = policy.limit_tables[name]
    found: dict[str, str] = {}
    for asking in list_usages(policy):
        if asking.table == table.name:
            reader = NameResolver(policy, asking.subject)
            found |= {key.name: reader.resolve_kind(exp.column(key.name))[1] for key in table.key_columns}
            found |= _find_compared_code_lists(policy, asking.subject, name)
    return {c.name: c.name for c in table.columns if c.role == "limit" and dictionary.codes_of_list(c.name)} | found


def _find_compared_code_lists(policy: Policy, subject: str, table: str) -> dict[str, str]:
    """The code list of each limit column that rules compare with a coded fact: required documents, risk grades …"""
    reader, found = NameResolver(policy, subject), {}
    for rule in policy.versions:
        texts = [text for text in (rule.scope, rule.measure, rule.limit) if f"{table}." in text]
        if rule.subject != subject or not texts:
            continue
        whole = [f"{rule.measure} = {rule.limit}"] if rule.limit in texts else []
        for node in (node for text in (*texts, *whole) for node in parse(text).find_all(exp.Anonymous, exp.Binary)):
            sides = node.expressions if isinstance(node, exp.Anonymous) else [node.this, node.expression]
            if len(sides) == 2 and isinstance(sides[1], exp.Column) and sides[1].table == table:
                found[sides[1].name] = reader.resolve_kind(sides[0])[1]
    return {column: code_list for column, code_list in found.items() if dictionary.codes_of_list(code_list)}


def format_cell(column: LimitColumn, text: str, code_list: str) -> str:
    """A cell of a limit table; keys are tests (`<= 12`, `not(credit)`), limits are values."""
    if text in ("", "-"):
        return t("expression.any") if column.role == "key" else t("expression.no_limit")
    if column.role == "limit" and not code_list and text != values.NONE:
        return values.format_value(text, column.unit)
    inner, negated = (text[4:-1], True) if text.startswith("not(") else (text, False)
    text = values.format_codes(inner, code_list)
    return t("expression.not", a=text) if negated else text


def format_row(table: LimitTable, limit_row: LimitRow, lists: dict[str, str]) -> tuple[str, str]:
    """A row in words: what it applies to, and what it allows; `lists` from find_code_lists."""
    parts = {
        role: [
            f"{by_language(c.zh, c.en)} {format_cell(c, limit_row.cells[c.name], lists.get(c.name, ''))}"
            for c in table.columns
            if c.role == role and (role == "key" or limit_row.cells[c.name])
        ]
        for role in ("key", "limit")
    }
    if len(table.key_columns) == 1:
        key = table.key_columns[0]
        parts["key"] = [format_cell(key, limit_row.cells[key.name], lists.get(key.name, ""))]
    return " · ".join(parts["key"]) or t("expression.any"), " · ".join(parts["limit"]) or t("expression.no_limit")


def format_table_name(policy: Policy, file: str) -> str:
    """The name of a policy table by its content: limits/npl_limits → Longest … (by …), metrics → Metric."""
    limits = policy.limit_tables.get(file.removeprefix("limits/")) if file.startswith("limits/") else None
    return (
        format_limit_table_name(limits)
        if limits
        else language.labels_of_kind("part_of_policy").get(file.split("/", maxsplit=1)[0], file)
    )


def format_limit_table_name(table: LimitTable) -> str:
    """A limit table by what it limits and by what."""
    limits, keys = (
        t("expression.comma").join(by_language(c.zh, c.en) for c in table.columns if c.role == role)
        for role in ("limit", "key")
    )
    return t("expression.table", limits=limits, keys=keys) if keys else limits
