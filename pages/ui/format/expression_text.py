"""Expressions of the policy in plain words: labels of the dictionary, codes by their names, operators spelled out."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

from sqlglot import exp

from data import dictionary
from pages.ui.format import values
from pages.ui.i18n import language
from pages.ui.i18n.language import pick, say
from policy.language import functions
from policy.language.expressions import ExpressionError, parse
from policy.model.records import LimitColumn, Policy, Rule

COMPARED = {
    exp.EQ: "is",
    exp.NEQ: "is_not",
    exp.LT: "below",
    exp.LTE: "at_most",
    exp.GT: "above",
    exp.GTE: "at_least",
}
SIGNS = {"=": "is", "<>": "is_not", "<": "below", "<=": "at_most", ">": "above", ">=": "at_least"}
COUNTED = {exp.Add: "plus", exp.Sub: "minus", exp.Mul: "times", exp.Div: "over"}
Unit = tuple[str, str]  # unit, code list


@dataclass(frozen=True)
class Reader:
    """What the names of an expression about one subject mean."""

    policy: Policy
    subject: str

    def label(self, column: exp.Column) -> str:
        if not column.table:
            return values.field_label(self.policy, self.subject, column.name)
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
    return _expression(policy.version, subject, text, unit, language.on(), Held(policy))


class Held:
    """A policy carried past the cache, which goes by its version."""

    def __init__(self, policy: Policy) -> None:
        self.policy = policy

    def __hash__(self) -> int:
        return 0

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Held)


@lru_cache(maxsize=5000)
def _expression(_version: str, subject: str, text: str, unit: str, _lang: str, held: Held) -> str:
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
        return values.coded(tree.name, language.code_labels(code_list) if code_list else {})
    return values.written(tree.name, unit)


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
    exp.Cast: lambda tree, _reader, _kind: values.written(tree.this.name, ""),
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


@dataclass(frozen=True)
class Result:
    """How what a rule measures is to be read: by which code list, and whether it tells what is lacking."""

    code_list: str = ""
    is_lacking: bool = False

    @property
    def is_coded(self) -> bool:
        return bool(self.code_list) or self.is_lacking


def result(policy: Policy, rule: Rule) -> Result:
    return _result(policy.version, rule.subject, rule.measure, Held(policy))


@lru_cache(maxsize=2000)
def _result(_version: str, subject: str, measure: str, held: Held) -> Result:
    try:
        return _read_as(parse(measure), Reader(held.policy, subject))
    except ExpressionError:
        return Result()


def _read_as(tree: exp.Expression, reader: Reader) -> Result:
    tree = tree.unnest()
    if isinstance(tree, exp.Column):
        code_list = reader.kind(tree)[1]
        return Result(code_list if dictionary.codes(code_list) else "")
    if not isinstance(tree, exp.Anonymous):
        return Result()
    name, arguments = str(tree.this).lower(), tree.expressions
    if name == "lacking":
        return Result(reader.kind(arguments[0])[1], is_lacking=True)
    if name == "if":
        return _read_as(arguments[1], reader)
    return _read_as(arguments[0], reader) if name in functions.CHOICES else Result()
