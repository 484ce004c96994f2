"""What a verdict measured and what it is held against, in words: numbers with their units, codes by their names."""

import polars as pl

from pages.ui.format import values
from pages.ui.format.measure_type import resolve_measure_type
from pages.ui.i18n import numbers
from pages.ui.i18n.language import t
from policy.engine.verdict_evidence import Verdict
from policy.model.records import Policy, Rule

SIGNS = {"<=": "≤", ">=": "≥", "<>": "≠"}


def format_measured_value(policy: Policy, verdict: Verdict) -> str:
    return _format_value(policy, policy.rules[verdict.rule_id], verdict.measured, verdict.unit)


def format_limit(policy: Policy, verdict: Verdict) -> str:
    """The limit with its sign: ≤ 70.00%."""
    if verdict.limit is None:
        return numbers.NOTHING
    rule = policy.rules[verdict.rule_id]
    limit = _format_value(policy, rule, verdict.limit, verdict.unit)
    if resolve_measure_type(policy, rule).is_lacking:
        return limit
    return f"{SIGNS.get(verdict.comparator, verdict.comparator)} {limit}"


def format_rule_value(policy: Policy, rule_id: str, text: str | None) -> str:
    """A measured value or a limit of a rule; one that the policy no longer has is written without a unit."""
    rule = policy.rules.get(rule_id)
    return _format_value(policy, rule, text, rule.unit) if rule else values.format_value(text, "")


def _format_value(policy: Policy, rule: Rule, text: str | None, unit: str) -> str:
    kind = resolve_measure_type(policy, rule)
    if text is None or not kind.is_coded:
        return values.format_value(text, unit)
    if kind.is_lacking and not text:
        return t("expression.none_missing")
    codes = values.format_codes(text, kind.code_list)
    return t("expression.missing", a=codes) if kind.is_lacking else codes


def label_codes(policy: Policy, rows: pl.DataFrame, column: str) -> pl.DataFrame:
    """Rows of [rule_id, column]: codes in the column by their names, numbers and dates as they are."""
    rules = [rule.rule_id for rule in policy.rules.values() if resolve_measure_type(policy, rule).is_coded]
    pairs = rows.filter(pl.col("rule_id").is_in(rules)).select("rule_id", column).unique()
    texts = [format_rule_value(policy, rule_id, text) for rule_id, text in pairs.iter_rows()]
    labelled = pairs.with_columns(value_text=pl.Series(texts, dtype=pl.String))
    joined = rows.join(labelled, on=["rule_id", column], how="left", maintain_order="left")
    return joined.with_columns(pl.coalesce("value_text", column).alias(column)).drop("value_text")
