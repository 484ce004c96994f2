"""Expressions of the policy in plain words: labels of the dictionary, codes by their names, operators spelled out."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

from sqlglot import exp

from data import dictionary
from pages.ui import evidence, language
from pages.ui.language import pick, say
from policy import functions
from policy.asking import asked
from policy.expressions import ExpressionError, parse
from policy.model import LimitColumn, LimitRow, LimitTable, Policy, Rule

COMPARED = {
    exp.EQ: "is", exp.NEQ: "is_not", exp.LT: "below", exp.LTE: "at_most", exp.GT: "above", exp.GTE: "at_least",
}  # fmt: skip
SIGNS = {"=": "is", "<>": "is_not", "<": "below", "<=": "at_most", ">": "above", ">=": "at_least"}
COUNTED = {exp.Add: "plus", exp.Sub: "minus", exp.Mul: "times", exp.Div: "over"}
NONE = "none"  # in a cell that lists what is asked for: nothing is
Unit = tuple[str, str]  # unit, code list


@dataclass(frozen=True)
class Reader:
    """What the names of an expression about one subject mean."""

    policy: Policy
    subject: str

    def label(self, column: exp.Column) -> str:
        if not column.table:
            return evidence.field_label(self.policy, self.subject, column.name)
        found = self._limit(column)
        return say("words.of_table", name=pick(found.zh, found.en)) if found else column.sql()

    def _limit(self, column: exp.Column) -> LimitColumn | None:
        table = self.policy.limit_tables.get(column.table)
        return table.column(column.name) if table else None

    def kind(self, tree: exp.Expression) -> Unit:
        """The unit and the code list in which the other side of a comparison is to be read."""
        for column in tree.find_all(exp.Column):
            limit = self._limit(column) if column.table else None
            field = dictionary.facts(self.subject).get(column.name)
            derived = next((d for d in self.policy.derived if (d.name, d.subject) == (column.name, self.subject)), None)
            if limit or field:
                own = limit or field
                return own.unit, (field.code_list or "" if field and not limit else limit.name if limit else "")
            if derived:
                return derived.unit, derived.codes.rstrip("?")
        return "", ""

    def is_date(self, tree: exp.Expression) -> bool:
        tree = tree.unnest()
        if isinstance(tree, exp.Anonymous):
            name = str(tree.this).lower()
            chosen = name in functions.CHOICES and self.is_date(tree.expressions[0])
            return chosen or (name in functions.FUNCTIONS and functions.FUNCTIONS[name].result == "date")
        if not isinstance(tree, exp.Column):
            return isinstance(tree, exp.Cast)
        field = dictionary.facts(self.subject).get(tree.name)
        derived = next((d for d in self.policy.derived if (d.name, d.subject) == (tree.name, self.subject)), None)
        known = self._limit(tree) if tree.table else field or derived
        return known is not None and known.type == "date"


def expression(policy: Policy, subject: str, text: str, unit: str = "") -> str:
    """The expression in the language that is on; one that cannot be read comes as it is written."""
    return _expression(policy.version, subject, text, unit, language.on(), _Held(policy))


class _Held:
    """A policy carried past the cache, which goes by its version."""

    def __init__(self, policy: Policy) -> None:
        self.policy = policy

    def __hash__(self) -> int:
        return 0

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Held)


@lru_cache(maxsize=5000)
def _expression(_version: str, subject: str, text: str, unit: str, _lang: str, held: _Held) -> str:
    if not text:
        return ""
    try:
        tree = parse(text)
    except ExpressionError:
        return text
    return words(tree, Reader(held.policy, subject), (unit, ""))


def words(tree: exp.Expression, reader: Reader, kind: Unit = ("", "")) -> str:
    """One node; `kind` says how a bare value is to be read."""
    if isinstance(tree, tuple(COMPARED)):
        return _comparison(tree, reader)
    if isinstance(tree, tuple(COUNTED)):
        sides = (words(tree.this, reader, kind), words(tree.expression, reader, kind))
        return say(f"words.{COUNTED[type(tree)]}", a=sides[0], b=sides[1])
    handler = _HANDLERS.get(type(tree))
    return handler(tree, reader, kind) if handler else tree.sql()


def _comparison(tree: exp.Binary, reader: Reader) -> str:
    left, right = tree.this, tree.expression
    if isinstance(right, exp.Boolean) and isinstance(tree, exp.EQ):
        return words(left, reader) if right.this else _not(exp.Not(this=left), reader, ("", ""))
    if isinstance(right, exp.Literal) and right.is_string and not right.name and _is_lacking(left):
        return say("words.nothing_lacking", a=words(left, reader))
    sign = _sign(COMPARED[type(tree)], dated=reader.is_date(left))
    return say("words.compare", a=words(left, reader), sign=sign, b=words(right, reader, reader.kind(left)))


def _sign(name: str, *, dated: bool) -> str:
    """A day is no later than another; a number is at most another."""
    return say(f"words.day_{name}") if dated else say(f"words.{name}")


def _is_lacking(tree: exp.Expression) -> bool:
    return isinstance(tree, exp.Anonymous) and str(tree.this).lower() == "lacking"


def _literal(tree: exp.Literal, _: Reader, kind: Unit) -> str:
    unit, code_list = kind
    if tree.is_string:
        return _coded(tree.name, language.code_labels(code_list) if code_list else {})
    return evidence.written(tree.name, unit)


def _joined(tree: exp.And | exp.Or, reader: Reader, _: Unit) -> str:
    """A chain of one connective is one list."""
    parts = [words(_bracketed(part, tree), reader) for part in tree.flatten()]
    return say("words.and" if isinstance(tree, exp.And) else "words.or").join(parts)


def _bracketed(part: exp.Expression, outer: exp.Expression) -> exp.Expression:
    inner = part.unnest()
    mixed = isinstance(inner, exp.And | exp.Or) and type(inner) is not type(outer)
    return exp.Paren(this=inner.copy()) if mixed else inner


def _paren(tree: exp.Paren, reader: Reader, kind: Unit) -> str:
    inner = words(tree.this, reader, kind)
    return f"({inner})" if isinstance(tree.this, exp.And | exp.Or | exp.Add | exp.Sub) else inner


def _not(tree: exp.Not, reader: Reader, _: Unit) -> str:
    inner = tree.this.unnest()
    if isinstance(inner, exp.Is):
        return say("words.known", a=words(inner.this, reader))
    if isinstance(inner, exp.In):
        return _in(inner, reader, ("", ""), key="not_in")
    return say("words.not", a=words(inner, reader))


def _in(tree: exp.In, reader: Reader, _: Unit, key: str = "in") -> str:
    kind = reader.kind(tree.this)
    members = say("words.comma").join(words(member, reader, kind) for member in tree.expressions)
    sign = say("words.in") if key == "in" else say("words.not_in")
    return say("words.compare", a=words(tree.this, reader), sign=sign, b=members)


def _between(tree: exp.Between, reader: Reader, _: Unit) -> str:
    kind = reader.kind(tree.this)
    low, high = (words(tree.args[end], reader, kind) for end in ("low", "high"))
    return say("words.between", a=words(tree.this, reader), low=low, high=high)


def _call(tree: exp.Anonymous, reader: Reader, kind: Unit) -> str:
    name, arguments = str(tree.this).lower(), tree.expressions
    if name in ("coalesce", "least", "greatest", "earliest", "latest"):
        said = [words(argument, reader, kind) for argument in arguments]
        return say(f"words.fn_{name}", list=say("words.semicolon").join(said))
    units = {"add_months": ("months", ""), "add_days": ("days", "")}
    listed = {"has": reader.kind(arguments[0])} if name == "has" else {}
    said = [words(a, reader, units.get(name) or listed.get(name) or ("", "")) for a in arguments]
    if name in ("add_months", "add_days") and isinstance(arguments[1], exp.Neg):
        back = words(arguments[1].this, reader, units[name])
        return say(f"words.before_{name}", a=said[0], b=back)
    key = f"words.fn_{name}{len(said) if name == 'if' else ''}"
    return say(key, **dict(zip("abc", said, strict=False))) if key in language.words() else tree.sql()


_HANDLERS: dict[type, Callable[..., str]] = {
    exp.Column: lambda tree, reader, _: reader.label(tree),
    exp.Literal: _literal,
    exp.Boolean: lambda tree, _reader, _kind: say("word.true") if tree.this else say("word.false"),
    exp.Cast: lambda tree, _reader, _kind: evidence.written(tree.this.name, ""),
    exp.Paren: _paren,
    exp.And: _joined,
    exp.Or: _joined,
    exp.Not: _not,
    exp.Is: lambda tree, reader, _: say("words.unknown", a=words(tree.this, reader)),
    exp.In: _in,
    exp.Between: _between,
    exp.Neg: lambda tree, reader, kind: f"−{words(tree.this, reader, kind)}",
    exp.Anonymous: _call,
}


def scope(policy: Policy, rule: Rule) -> str:
    if rule.scope in ("", "true"):
        return say("words.every", subject=say(f"subject.{rule.subject}"))
    return expression(policy, rule.subject, rule.scope)


def demand(policy: Policy, rule: Rule) -> str:
    """What the rule asks for: measure, comparator and limit as one sentence."""
    if rule.limit in ("true", "false"):
        text = rule.measure if rule.limit == "true" else f"not ({rule.measure})"
        return expression(policy, rule.subject, text)
    if rule.limit == "''":
        return expression(policy, rule.subject, f"{rule.measure} = ''")
    measure = expression(policy, rule.subject, rule.measure)
    limit = expression(policy, rule.subject, rule.limit, rule.unit)
    return say("words.compare", a=measure, sign=_sign(SIGNS[rule.comparator], dated=rule.unit == "date"), b=limit)


def code_lists(policy: Policy, table: LimitTable) -> dict[str, str]:
    """The code list of each column of a limit table, by what the records that ask it carry there."""
    return _code_lists(policy.version, table.name, _Held(policy))


@lru_cache(maxsize=500)
def _code_lists(_version: str, name: str, held: _Held) -> dict[str, str]:
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
    if column.role == "limit" and not code_list and text != NONE:
        return evidence.written(text, column.unit)
    inner, negated = (text[4:-1], True) if text.startswith("not(") else (text, False)
    labels = language.code_labels(code_list) if code_list else {}
    said = say("words.comma").join(_coded(part, labels) for part in inner.split(", "))
    return say("words.not", a=said) if negated else said


def _coded(part: str, labels: dict[str, str]) -> str:
    """A code by its label; of several that may stand for each other (a/b), each."""
    if part in ("true", "false", NONE) and part not in labels:
        return say(f"word.{part}")
    return labels.get(part) or "/".join(labels.get(one, _span(one)) for one in part.split("/"))


def _span(text: str) -> str:
    """A bound or an interval with the signs that people write: ≤ 12, > 12 … ≤ 60."""
    found = re.fullmatch(r"([\[\]()])(.+)\.\.(.+)([\[\]()])", text)
    if not found:
        return text.replace("<=", "≤").replace(">=", "≥")
    opens, low, high, closes = found.groups()
    return f"{'≥' if opens == '[' else '>'} {low} … {'≤' if closes == ']' else '<'} {high}"


def row(table: LimitTable, found: LimitRow, lists: dict[str, str]) -> tuple[str, str]:
    """A row in words: for whom it answers, and what it allows; `lists` as code_lists gives them."""
    parts = {
        role: [f"{pick(c.zh, c.en)} {cell(c, found.cells[c.name], lists.get(c.name, ''))}" for c in table.columns
               if c.role == role and (role == "key" or found.cells[c.name])]
        for role in ("key", "limit")
    }  # fmt: skip
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
