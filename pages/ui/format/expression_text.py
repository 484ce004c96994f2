"""Expressions of the policy in plain words: labels of the dictionary, codes by their names, operators spelled out."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

from sqlglot import exp

from data import dictionary
from pages.ui.format import values
from pages.ui.i18n import language
from pages.ui.i18n.language import by_language, t
from policy.language import functions
from policy.language.expressions import ExpressionError, parse
from policy.model.records import LimitColumn, Policy, Rule

COMPARISON_WORDS = {
    exp.EQ: "is",
    exp.NEQ: "is_not",
    exp.LT: "below",
    exp.LTE: "at_most",
    exp.GT: "above",
    exp.GTE: "at_least",
}
COMPARATOR_WORDS = {"=": "is", "<>": "is_not", "<": "below", "<=": "at_most", ">": "above", ">=": "at_least"}
ARITHMETIC_WORDS = {exp.Add: "plus", exp.Sub: "minus", exp.Mul: "times", exp.Div: "over"}
ValueKind = tuple[str, str]  # unit, code list


@dataclass(frozen=True)
class NameResolver:
    """What the names of an expression about one subject mean."""

    policy: Policy
    subject: str

    def resolve_label(self, column: exp.Column) -> str:
        if not column.table:
            return values.field_label(self.policy, self.subject, column.name)
        found = self._find_limit_column(column)
        return t("words.of_table", name=by_language(found.zh, found.en)) if found else column.sql()

    def _find_limit_column(self, column: exp.Column) -> LimitColumn | None:
        table = self.policy.limit_tables.get(column.table)
        return table.find_column(column.name) if table else None

    def resolve_kind(self, tree: exp.Expression) -> ValueKind:
        """The unit and the code list in which the other side of a comparison is to be read."""
        for column in tree.find_all(exp.Column):
            limit = self._find_limit_column(column) if column.table else None
            field = dictionary.facts_of_subject(self.subject).get(column.name)
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
            return chosen or (name in functions.FUNCTIONS and functions.FUNCTIONS[name].result_kind == "date")
        if not isinstance(tree, exp.Column):
            return isinstance(tree, exp.Cast)
        field = dictionary.facts_of_subject(self.subject).get(tree.name)
        derived = next((d for d in self.policy.derived if (d.name, d.subject) == (tree.name, self.subject)), None)
        known = self._find_limit_column(tree) if tree.table else field or derived
        return known is not None and known.type == "date"


def format_expression(policy: Policy, subject: str, text: str, unit: str = "") -> str:
    """The expression in the language that is on; one that cannot be read comes as it is written."""
    return _format_cached_expression(
        policy.version, subject, text, unit, language.current_language(), UnhashedPolicy(policy)
    )


class UnhashedPolicy:
    """A policy carried past the cache, which goes by its version."""

    def __init__(self, policy: Policy) -> None:
        self.policy = policy

    def __hash__(self) -> int:
        return 0

    def __eq__(self, other: object) -> bool:
        return isinstance(other, UnhashedPolicy)


@lru_cache(maxsize=5000)
def _format_cached_expression(
    _version: str, subject: str, text: str, unit: str, _lang: str, unhashed: UnhashedPolicy
) -> str:
    if not text:
        return ""
    try:
        tree = parse(text)
    except ExpressionError:
        return text
    return format_node(tree, NameResolver(unhashed.policy, subject), (unit, ""))


def format_node(tree: exp.Expression, reader: NameResolver, kind: ValueKind = ("", "")) -> str:
    """One node; `kind` says how a bare value is to be read."""
    if isinstance(tree, tuple(COMPARISON_WORDS)):
        return _format_comparison(tree, reader)
    if isinstance(tree, tuple(ARITHMETIC_WORDS)):
        sides = (format_node(tree.this, reader, kind), format_node(tree.expression, reader, kind))
        return t(f"words.{ARITHMETIC_WORDS[type(tree)]}", a=sides[0], b=sides[1])
    handler = _HANDLERS.get(type(tree))
    return handler(tree, reader, kind) if handler else tree.sql()


def _format_comparison(tree: exp.Binary, reader: NameResolver) -> str:
    left, right = tree.this, tree.expression
    if isinstance(right, exp.Boolean) and isinstance(tree, exp.EQ):
        return format_node(left, reader) if right.this else _format_not(exp.Not(this=left), reader, ("", ""))
    if isinstance(right, exp.Literal) and right.is_string and not right.name and _is_lacking_call(left):
        return t("words.nothing_lacking", a=format_node(left, reader))
    sign = _format_sign(COMPARISON_WORDS[type(tree)], dated=reader.is_date(left))
    return t(
        "words.compare", a=format_node(left, reader), sign=sign, b=format_node(right, reader, reader.resolve_kind(left))
    )


def _format_sign(name: str, *, dated: bool) -> str:
    """A day is no later than another; a number is at most another."""
    return t(f"words.day_{name}") if dated else t(f"words.{name}")


def _is_lacking_call(tree: exp.Expression) -> bool:
    return isinstance(tree, exp.Anonymous) and str(tree.this).lower() == "lacking"


def _format_literal(tree: exp.Literal, _: NameResolver, kind: ValueKind) -> str:
    unit, code_list = kind
    if tree.is_string:
        return values.format_code(tree.name, language.code_labels(code_list) if code_list else {})
    return values.format_value(tree.name, unit)


def _format_connective(tree: exp.And | exp.Or, reader: NameResolver, _: ValueKind) -> str:
    """A chain of one connective is one list."""
    parts = [format_node(_add_brackets(part, tree), reader) for part in tree.flatten()]
    return t("words.and" if isinstance(tree, exp.And) else "words.or").join(parts)


def _add_brackets(part: exp.Expression, outer: exp.Expression) -> exp.Expression:
    inner = part.unnest()
    mixed = isinstance(inner, exp.And | exp.Or) and type(inner) is not type(outer)
    return exp.Paren(this=inner.copy()) if mixed else inner


def _format_paren(tree: exp.Paren, reader: NameResolver, kind: ValueKind) -> str:
    inner = format_node(tree.this, reader, kind)
    return f"({inner})" if isinstance(tree.this, exp.And | exp.Or | exp.Add | exp.Sub) else inner


def _format_not(tree: exp.Not, reader: NameResolver, _: ValueKind) -> str:
    inner = tree.this.unnest()
    if isinstance(inner, exp.Is):
        return t("words.known", a=format_node(inner.this, reader))
    if isinstance(inner, exp.In):
        return _format_in(inner, reader, ("", ""), key="not_in")
    return t("words.not", a=format_node(inner, reader))


def _format_in(tree: exp.In, reader: NameResolver, _: ValueKind, key: str = "in") -> str:
    kind = reader.resolve_kind(tree.this)
    members = t("words.comma").join(format_node(member, reader, kind) for member in tree.expressions)
    sign = t("words.in") if key == "in" else t("words.not_in")
    return t("words.compare", a=format_node(tree.this, reader), sign=sign, b=members)


def _format_between(tree: exp.Between, reader: NameResolver, _: ValueKind) -> str:
    kind = reader.resolve_kind(tree.this)
    low, high = (format_node(tree.args[end], reader, kind) for end in ("low", "high"))
    return t("words.between", a=format_node(tree.this, reader), low=low, high=high)


def _format_call(tree: exp.Anonymous, reader: NameResolver, kind: ValueKind) -> str:
    name, arguments = str(tree.this).lower(), tree.expressions
    if name in ("coalesce", "least", "greatest", "earliest", "latest"):
        said = [format_node(argument, reader, kind) for argument in arguments]
        return t(f"words.fn_{name}", list=t("words.semicolon").join(said))
    units = {"add_months": ("months", ""), "add_days": ("days", "")}
    listed = {"has": reader.resolve_kind(arguments[0])} if name == "has" else {}
    said = [format_node(a, reader, units.get(name) or listed.get(name) or ("", "")) for a in arguments]
    if name in ("add_months", "add_days") and isinstance(arguments[1], exp.Neg):
        back = format_node(arguments[1].this, reader, units[name])
        return t(f"words.before_{name}", a=said[0], b=back)
    key = f"words.fn_{name}{len(said) if name == 'if' else ''}"
    return t(key, **dict(zip("abc", said, strict=False))) if key in language.load_texts() else tree.sql()


_HANDLERS: dict[type, Callable[..., str]] = {
    exp.Column: lambda tree, reader, _: reader.resolve_label(tree),
    exp.Literal: _format_literal,
    exp.Boolean: lambda tree, _reader, _kind: t("word.true") if tree.this else t("word.false"),
    exp.Cast: lambda tree, _reader, _kind: values.format_value(tree.this.name, ""),
    exp.Paren: _format_paren,
    exp.And: _format_connective,
    exp.Or: _format_connective,
    exp.Not: _format_not,
    exp.Is: lambda tree, reader, _: t("words.unknown", a=format_node(tree.this, reader)),
    exp.In: _format_in,
    exp.Between: _format_between,
    exp.Neg: lambda tree, reader, kind: f"−{format_node(tree.this, reader, kind)}",
    exp.Anonymous: _format_call,
}


def format_scope(policy: Policy, rule: Rule) -> str:
    if rule.scope in ("", "true"):
        return t("words.every", subject=t(f"subject.{rule.subject}"))
    return format_expression(policy, rule.subject, rule.scope)


def format_requirement(policy: Policy, rule: Rule) -> str:
    """What the rule asks for: measure, comparator and limit as one sentence."""
    if rule.limit in ("true", "false"):
        text = rule.measure if rule.limit == "true" else f"not ({rule.measure})"
        return format_expression(policy, rule.subject, text)
    if rule.limit == "''":
        return format_expression(policy, rule.subject, f"{rule.measure} = ''")
    measure = format_expression(policy, rule.subject, rule.measure)
    limit = format_expression(policy, rule.subject, rule.limit, rule.unit)
    return t(
        "words.compare",
        a=measure,
        sign=_format_sign(COMPARATOR_WORDS[rule.comparator], dated=rule.unit == "date"),
        b=limit,
    )


@dataclass(frozen=True)
class MeasureType:
    """How what a rule measures is to be read: by which code list, and whether it tells what is lacking."""

    code_list: str = ""
    is_lacking: bool = False

    @property
    def is_coded(self) -> bool:
        return bool(self.code_list) or self.is_lacking


def resolve_measure_type(policy: Policy, rule: Rule) -> MeasureType:
    return _resolve_cached_measure_type(policy.version, rule.subject, rule.measure, UnhashedPolicy(policy))


@lru_cache(maxsize=2000)
def _resolve_cached_measure_type(_version: str, subject: str, measure: str, unhashed: UnhashedPolicy) -> MeasureType:
    try:
        return _infer_measure_type(parse(measure), NameResolver(unhashed.policy, subject))
    except ExpressionError:
        return MeasureType()


def _infer_measure_type(tree: exp.Expression, reader: NameResolver) -> MeasureType:
    tree = tree.unnest()
    if isinstance(tree, exp.Column):
        code_list = reader.resolve_kind(tree)[1]
        return MeasureType(code_list if dictionary.codes_of_list(code_list) else "")
    if not isinstance(tree, exp.Anonymous):
        return MeasureType()
    name, arguments = str(tree.this).lower(), tree.expressions
    if name == "lacking":
        return MeasureType(reader.resolve_kind(arguments[0])[1], is_lacking=True)
    if name == "if":
        return _infer_measure_type(arguments[1], reader)
    return _infer_measure_type(arguments[0], reader) if name in functions.CHOICES else MeasureType()
