"""How what a rule measures is to be read: by a code list, as a list of what is missing, or as a plain value."""

from dataclasses import dataclass

from sqlglot import exp

from data import dictionary
from data.language import functions
from data.language.expressions import ExpressionError, parse
from pages.ui.format.name_resolution import NameResolver
from policy.model.policy_cache import cached_by_policy
from policy.model.records import Policy, Rule


@dataclass(frozen=True)
class MeasureType:
    """`code_list`: that of the measured codes; `is_lacking`: the measure lists what is missing."""

    code_list: str = ""
    is_lacking: bool = False

    @property
    def is_coded(self) -> bool:
        return bool(self.code_list) or self.is_lacking


def resolve_measure_type(policy: Policy, rule: Rule) -> MeasureType:
    """How the measure of the rule is to be read; one that cannot be parsed is a plain value."""
    return _resolve_cached_measure_type(policy, rule.subject, rule.measure)


@cached_by_policy
def _resolve_cached_measure_type(policy: Policy, subject: str, measure: str) -> MeasureType:
    try:
        return _infer_measure_type(parse(measure), NameResolver(policy, subject))
    except ExpressionError:
        return MeasureType()


def _infer_measure_type(tree: exp.Expr, names: NameResolver) -> MeasureType:
    tree = tree.unnest()
    if isinstance(tree, exp.Column):
        code_list = names.resolve_kind(tree)[1]
        return MeasureType(code_list if dictionary.codes_of_list(code_list) else "")
    if not isinstance(tree, exp.Anonymous):
        return MeasureType()
    function, arguments = str(tree.this).lower(), tree.expressions
    if function == "lacking":
        return MeasureType(names.resolve_kind(arguments[0])[1], is_lacking=True)
    if function == "if":
        return _infer_measure_type(arguments[1], names)
    return _infer_measure_type(arguments[0], names) if function in functions.CHOICES else MeasureType()
