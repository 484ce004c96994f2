"""Which fields and limit tables the cells of a rule name, read from their text alone."""

from sqlglot import exp

from data.language.expressions import parse
from policy.model.records import Rule


def fields_of_rule(rule: Rule) -> list[str]:
    """Every field the rule's cells name, in order: the evidence shown with a verdict. Raises ExpressionError."""
    trees = (tree.find_all(exp.Column) for tree in _parse_cells(rule))
    return list(dict.fromkeys(column.name for columns in trees for column in columns if not column.table))


def limit_tables_of_rule(rule: Rule) -> list[str]:
    """The limit tables the rule reads, in the order of the compiled rule's hits. Raises ExpressionError."""
    trees = (tree.find_all(exp.Column, bfs=False) for tree in _parse_cells(rule))
    return list(dict.fromkeys(column.table for columns in trees for column in columns if column.table))


def _parse_cells(rule: Rule) -> list[exp.Expr]:
    return [parse(text) for text in (rule.scope or "true", rule.measure, rule.limit)]
