"""Expressions of the policy in plain words: labels of the dictionary, codes by their names, operators spelled out."""

from collections.abc import Callable

from sqlglot import exp

from data.language.expressions import ExpressionError, parse
from pages.ui.format import values
from pages.ui.format.name_resolution import NameResolver, ValueKind
from pages.ui.i18n import language
from pages.ui.i18n.language import t
from policy.model.policy_cache import cached_by_policy
from policy.model.records import Policy, Rule

COMPARISON_WORDS: dict[type[exp.Expr], str] = {
    exp.EQ: "is",
    exp.NEQ: "is_not",
    exp.LT: "below",
    exp.LTE: "at_most",
    exp.GT: "above",
    exp.GTE: "at_least",
}
COMPARATOR_WORDS = {"=": "is", "<>": "is_not", "<": "below", "<=": "at_most", ">": "above", ">=": "at_least"}
ARITHMETIC_WORDS: dict[type[exp.Expr], str] = {exp.Add: "plus", exp.Sub: "minus", exp.Mul: "times", exp.Div: "over"}


def format_expression(policy: Policy, subject: str, text: str, unit: str = "") -> str:
    """The expression in the language that is on; one that cannot be read comes as it is written."""
    return _format_cached_expression(policy, subject, text, unit, language.current_language())


@cached_by_policy
def _format_cached_expression(policy: Policy, subject: str, text: str, unit: str, _lang: str) -> str:
    if not text:
        return ""
    try:
        tree = parse(text)
    except ExpressionError:
        return text
    return format_node(tree, NameResolver(policy, subject), (unit, ""))


def format_node(tree: exp.Expr, names: NameResolver, kind: ValueKind = ("", "")) -> str:
    """One node; `kind` says how a bare value is to be read."""
    if isinstance(tree, exp.Binary) and type(tree) in COMPARISON_WORDS:
        return _format_comparison(tree, names)
    if isinstance(tree, exp.Binary) and type(tree) in ARITHMETIC_WORDS:
        sides = (format_node(tree.this, names, kind), format_node(tree.expression, names, kind))
        return t(f"expression.{ARITHMETIC_WORDS[type(tree)]}", a=sides[0], b=sides[1])
    handler = _HANDLERS.get(type(tree))
    return handler(tree, names, kind) if handler else tree.sql()


def _format_comparison(tree: exp.Binary, names: NameResolver) -> str:
    left, right = tree.this, tree.expression
    if isinstance(right, exp.Boolean) and isinstance(tree, exp.EQ):
        return format_node(left, names) if right.this else _format_not(exp.Not(this=left), names, ("", ""))
    if isinstance(right, exp.Literal) and right.is_string and not right.name and _is_lacking_call(left):
        return t("expression.nothing_is_missing", a=format_node(left, names))
    sign = _format_sign(COMPARISON_WORDS[type(tree)], dated=names.is_date(left))
    return t(
        "expression.compare",
        a=format_node(left, names),
        sign=sign,
        b=format_node(right, names, names.resolve_kind(left)),
    )


def _format_sign(name: str, *, dated: bool) -> str:
    """A day is no later than another; a number is at most another."""
    return t(f"expression.day_{name}") if dated else t(f"expression.{name}")


def _is_lacking_call(tree: exp.Expr) -> bool:
    return isinstance(tree, exp.Anonymous) and str(tree.this).lower() == "lacking"


def _format_literal(tree: exp.Literal, _: NameResolver, kind: ValueKind) -> str:
    unit, code_list = kind
    if tree.is_string:
        return values.format_code(tree.name, language.code_labels(code_list) if code_list else {})
    return values.format_value(tree.name, unit)


def _format_connective(tree: exp.And | exp.Or, names: NameResolver, _: ValueKind) -> str:
    """A chain of one connective is one list."""
    parts = [format_node(_add_brackets(part, tree), names) for part in tree.flatten()]
    return t("expression.and" if isinstance(tree, exp.And) else "expression.or").join(parts)


def _add_brackets(part: exp.Expr, outer: exp.Expr) -> exp.Expr:
    inner = part.unnest()
    mixed = isinstance(inner, exp.And | exp.Or) and type(inner) is not type(outer)
    return exp.Paren(this=inner.copy()) if mixed else inner


def _format_paren(tree: exp.Paren, names: NameResolver, kind: ValueKind) -> str:
    inner = format_node(tree.this, names, kind)
    return f"({inner})" if isinstance(tree.this, exp.And | exp.Or | exp.Add | exp.Sub) else inner


def _format_not(tree: exp.Not, names: NameResolver, _: ValueKind) -> str:
    inner = tree.this.unnest()
    if isinstance(inner, exp.Is):
        return t("expression.known", a=format_node(inner.this, names))
    if isinstance(inner, exp.In):
        return _format_in(inner, names, ("", ""), key="not_in")
    return t("expression.not", a=format_node(inner, names))


def _format_in(tree: exp.In, names: NameResolver, _: ValueKind, key: str = "in") -> str:
    kind = names.resolve_kind(tree.this)
    members = t("expression.comma").join(format_node(member, names, kind) for member in tree.expressions)
    sign = t("expression.in") if key == "in" else t("expression.not_in")
    return t("expression.compare", a=format_node(tree.this, names), sign=sign, b=members)


def _format_between(tree: exp.Between, names: NameResolver, _: ValueKind) -> str:
    kind = names.resolve_kind(tree.this)
    low, high = (format_node(tree.args[end], names, kind) for end in ("low", "high"))
    return t("expression.between", a=format_node(tree.this, names), low=low, high=high)


def _format_call(tree: exp.Anonymous, names: NameResolver, kind: ValueKind) -> str:
    name, arguments = str(tree.this).lower(), tree.expressions
    if name in ("coalesce", "least", "greatest", "earliest", "latest"):
        texts = [format_node(argument, names, kind) for argument in arguments]
        return t(f"expression.fn_{name}", list=t("expression.semicolon").join(texts))
    units = {"add_months": ("months", ""), "add_days": ("days", "")}
    listed = {"has": names.resolve_kind(arguments[0])} if name == "has" else {}
    texts = [format_node(a, names, units.get(name) or listed.get(name) or ("", "")) for a in arguments]
    if name in ("add_months", "add_days") and isinstance(arguments[1], exp.Neg):
        back = format_node(arguments[1].this, names, units[name])
        return t(f"expression.before_{name}", a=texts[0], b=back)
    key = f"expression.fn_{name}{len(texts) if name == 'if' else ''}"
    return t(key, **dict(zip("abc", texts, strict=False))) if key in language.load_texts() else tree.sql()


_HANDLERS: dict[type, Callable[..., str]] = {
    exp.Column: lambda tree, names, _: names.resolve_label(tree),
    exp.Literal: _format_literal,
    exp.Boolean: lambda tree, _names, _kind: t("word.true") if tree.this else t("word.false"),
    exp.Cast: lambda tree, _names, _kind: values.format_value(tree.this.name, ""),
    exp.Paren: _format_paren,
    exp.And: _format_connective,
    exp.Or: _format_connective,
    exp.Not: _format_not,
    exp.Is: lambda tree, names, _: t("expression.unknown", a=format_node(tree.this, names)),
    exp.In: _format_in,
    exp.Between: _format_between,
    exp.Neg: lambda tree, names, kind: f"−{format_node(tree.this, names, kind)}",
    exp.Anonymous: _format_call,
}


def format_scope(policy: Policy, rule: Rule) -> str:
    if rule.scope in ("", "true"):
        return t("expression.every", subject=t(f"subject.{rule.subject}"))
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
        "expression.compare",
        a=measure,
        sign=_format_sign(COMPARATOR_WORDS[rule.comparator], dated=rule.unit == "date"),
        b=limit,
    )
