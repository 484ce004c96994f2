"""Mutants of policy rows: each differs from the policy in one cell, in one small way."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal

from data import dictionary
from policy.model.records import FOREVER, LimitColumn, LimitRow, LimitTable, Policy
from policy.model.records import Rule as Row
from tests.policy.evaluator import syntax

Tokens = list[tuple[str, str]]
SIGN_MUTATIONS = {"<=": ["<", ">="], "<": ["<=", ">"], ">=": [">", "<="], ">": [">=", "<"], "=": ["<>"], "<>": ["="]}
WORD_MUTATIONS = {
    "and": "or",
    "or": "and",
    "+": "-",
    "-": "+",
    "true": "false",
    "false": "true",
    "earliest": "latest",
    "latest": "earliest",
    "least": "greatest",
    "greatest": "least",
}
SMALLEST_STEP = {"money": "0.01", "rate": "0.000001", "number": "0.000001", "integer": "1"}


@dataclass(frozen=True)
class Mutant:
    """`rules`: those that the mutated row may touch."""

    policy: Policy
    rules: tuple[str, ...]
    table: str
    row: int
    column: str
    before: str
    after: str

    def __str__(self) -> str:
        return f"{self.table}, row {self.row}, {self.column}: {self.before!r} -> {self.after!r}"


def _join_tokens(tokens: Tokens) -> str:
    return re.sub(r" ?\. ?", ".", " ".join(word for _, word in tokens)) if tokens else ""


def _replace_tokens(tokens: Tokens, at: int, *new: str, drop: int = 1) -> str:
    return _join_tokens([*tokens[:at], *(("sign", word) for word in new), *tokens[at + drop :]])


def _is_between_and(tokens: Tokens, at: int) -> bool:
    """Whether this `and` belongs to a between."""
    depth = 0
    for _, word in reversed(tokens[:at]):
        depth += (word == ")") - (word == "(")
        if depth < 0 or (depth == 0 and word in ("and", "or")):
            return False
        if depth == 0 and word == "between":
            return True
    return False


def mutate_expression(text: str, lists: dict[str, str]) -> Iterator[str]:
    """`lists`: the code list of each field, for codes put in another's place."""
    words = syntax.tokenize(text)
    for at, (kind, word) in enumerate(words):
        before = words[at - 1] if at else ("", "")
        if kind == "sign" and word in SIGN_MUTATIONS:
            yield from (_replace_tokens(words, at, other) for other in SIGN_MUTATIONS[word])
        elif word in WORD_MUTATIONS and kind in ("sign", "name") and not (word == "and" and _is_between_and(words, at)):
            if word != "-" or before[0] in ("name", "number", "text") or before[1] == ")":
                yield _replace_tokens(words, at, WORD_MUTATIONS[word])
        elif word == "not":
            yield _replace_tokens(words, at)
        elif word == "is":
            negated = words[at + 1][1] == "not"
            yield _replace_tokens(words, at, "is", drop=2) if negated else _replace_tokens(words, at, "is", "not")
        elif kind == "number":
            yield from (_replace_tokens(words, at, number) for number in _mutate_number(word))
        elif kind == "text" and before[1] == "date":
            yield from (
                _replace_tokens(words, at, f"'{day}'") for day in _neighbouring_days(date.fromisoformat(word[1:-1]))
            )
        elif kind == "text":
            yield from _mutate_text(words, at, lists)


def _mutate_number(word: str) -> list[str]:
    number = Decimal(word)
    step = Decimal(1).scaleb(int(number.as_tuple().exponent))
    return [f"{number + step:f}", f"{number - step:f}" if number >= step else f"({number - step:f})"]


def _neighbouring_days(day: date) -> list[date]:
    return [day - timedelta(days=1), day + timedelta(days=1)]


def _mutate_text(tokens: Tokens, at: int, lists: dict[str, str]) -> Iterator[str]:
    """A code for another, a member of a list dropped or added, an item of a wish list dropped."""
    code = tokens[at][1][1:-1]
    field = next((word for kind, word in reversed(tokens[:at]) if kind == "name" and word in lists), None)
    known = list(dictionary.codes_of_list(lists[field])) if field else []
    taken = {word[1:-1] for kind, word in tokens if kind == "text"}
    other = next((c for c in known if c not in taken), None)
    follows, precedes = tokens[at + 1 : at + 2], tokens[at - 1][1] if at else ""
    if other and code in known:
        yield _replace_tokens(tokens, at, f"'{other}'")
        if precedes in ("(", ",") and follows and follows[0][1] in (",", ")") and not _is_function_call(tokens, at):
            yield _replace_tokens(tokens, at, f"'{code}'", ",", f"'{other}'")
    if precedes == ",":
        if not _is_function_call(tokens, at):
            yield _join_tokens([*tokens[: at - 1], *tokens[at + 1 :]])
    elif precedes == "(" and follows and follows[0][1] == ",":
        yield _join_tokens([*tokens[:at], *tokens[at + 2 :]])
    if ", " in code:
        yield from (_replace_tokens(tokens, at, f"'{rest}'") for rest in _drop_members(code))


def _is_function_call(tokens: Tokens, at: int) -> bool:
    """Whether the bracket before belongs to a function, not to `in (…)`."""
    depth = 0
    for n in range(at - 1, -1, -1):
        depth += (tokens[n][1] == ")") - (tokens[n][1] == "(")
        if depth < 0:
            return n == 0 or tokens[n - 1][1] != "in"
    return True


def _drop_members(text: str) -> list[str]:
    items = text.split(", ")
    return [", ".join(items[:n] + items[n + 1 :]) for n in range(len(items))] if len(items) > 1 else []


def _effective_dates(row: Row | LimitRow) -> Iterator[tuple[str, date]]:
    yield from (("effective_from", day) for day in _neighbouring_days(row.effective_from))
    if row.effective_to != FOREVER:
        yield from (("effective_to", day) for day in _neighbouring_days(row.effective_to))


def mutate_rules(policy: Policy, date_fields: dict[str, list[str]]) -> Iterator[Mutant]:
    """`date_fields`: the dates that stand in for the act of each rule."""
    for number, rule in enumerate(policy.versions):
        for column, value in _mutate_rule_row(rule, date_fields[rule.rule_id]):
            versions = (*policy.versions[:number], replace(rule, **{column: value}), *policy.versions[number + 1 :])
            yield Mutant(
                replace(policy, versions=versions),
                (rule.rule_id,),
                rule.place.table,
                rule.place.row,
                column,
                str(getattr(rule, column)),
                str(value),
            )


def _mutate_rule_row(rule: Row, dates: list[str]) -> Iterator[tuple[str, object]]:
    lists = {
        name: field.code_list for name, field in dictionary.facts_of_subject(rule.subject).items() if field.code_list
    }
    for comparator in SIGN_MUTATIONS[rule.comparator]:
        yield "comparator", comparator
    for column in ("scope", "measure", "limit"):
        for text in dict.fromkeys(mutate_expression(getattr(rule, column), lists)):
            yield column, text
    yield "scope", f"not ({rule.scope or 'true'})"
    yield from _effective_dates(rule)
    other = next((name for name in dates if name != rule.act_date), None)
    if other:
        yield "act_date", other


def mutate_limit_tables(policy: Policy, rules_by_limit: dict[str, tuple[str, ...]]) -> Iterator[Mutant]:
    """`askers`: the rules that ask each table, or one limit (`table.column`), themselves or through a derived field."""
    for table in policy.limit_tables.values():
        if not rules_by_limit.get(table.name):
            continue
        for number, row in enumerate(table.rows):
            for column, changed in _mutate_limit_row(table, row):
                declared = table.find_column(column)
                if declared and declared.role == "limit" and f"{table.name}.{column}" not in rules_by_limit:
                    continue
                rows = (*table.rows[:number], changed, *table.rows[number + 1 :])
                tables = policy.limit_tables | {table.name: replace(table, rows=rows)}
                before, after = (r.cells.get(column) or str(getattr(r, column, "")) for r in (row, changed))
                yield Mutant(
                    replace(policy, limit_tables=tables),
                    rules_by_limit.get(f"{table.name}.{column}", rules_by_limit[table.name]),
                    row.place.table,
                    row.place.row,
                    column,
                    before,
                    after,
                )


def _mutate_limit_row(table: LimitTable, row: LimitRow) -> Iterator[tuple[str, LimitRow]]:
    for column in table.columns:
        text = row.cells[column.name]
        cells = _mutate_key_cell(column, text) if column.role == "key" else _mutate_limit_value(column, text)
        for cell in dict.fromkeys(cells):
            yield column.name, replace(row, cells=row.cells | {column.name: cell})
    for name, day in _effective_dates(row):
        yield name, replace(row, **{name: day})


def _mutate_limit_value(column: LimitColumn, text: str) -> Iterator[str]:
    if not text:
        return
    if column.type in SMALLEST_STEP:
        step = Decimal(SMALLEST_STEP[column.type])
        yield from (f"{Decimal(text) + sign * step:f}" for sign in (1, -1))
    elif column.type == "boolean":
        yield "false" if text == "true" else "true"
    elif column.type == "date":
        yield from map(str, _neighbouring_days(date.fromisoformat(text)))
    else:
        yield from _drop_members(text)


def _mutate_key_cell(column: LimitColumn, text: str) -> Iterator[str]:
    if text in ("", "-"):
        return
    if column.type == "boolean":
        yield "false" if text == "true" else "true"
    elif column.type in SMALLEST_STEP or column.type == "date":
        yield from _mutate_bounds(column, text)
    else:
        negated = text.startswith("not(")
        members = text.removeprefix("not(").removesuffix(")") if negated else text
        yield members if negated else f"not({text})"
        yield from (f"not({rest})" if negated else rest for rest in _drop_members(members))


def _mutate_bounds(column: LimitColumn, text: str) -> Iterator[str]:
    for match in re.finditer(r"\d{4}-\d\d-\d\d|-?\d+(?:\.\d+)?", text):
        word = match.group()
        if column.type == "date":
            near = [str(day) for day in _neighbouring_days(date.fromisoformat(word))]
        else:
            step = Decimal(SMALLEST_STEP[column.type])
            near = [f"{Decimal(word) + sign * step:f}" for sign in (1, -1)]
        yield from (text[: match.start()] + other + text[match.end() :] for other in near)
    for sign, others in SIGN_MUTATIONS.items():
        if text.startswith(sign) and sign != "=" and not text.startswith(sign + "="):
            yield others[0] + text[len(sign) :]
    if ".." in text:
        yield {"(": "[", "]": "[", "[": "("}[text[0]] + text[1:]
        yield text[:-1] + {")": "]", "[": "]", "]": ")"}[text[-1]]


def mutate_derived_fields(policy: Policy, rules_by_field: dict[str, tuple[str, ...]]) -> Iterator[Mutant]:
    """`users`: the rules behind which each derived field stands; gathered ones are given to the records."""
    for number, derived in enumerate(policy.derived):
        if derived.from_subject or not rules_by_field.get(f"{derived.subject}.{derived.name}"):
            continue
        lists = {name: f.code_list for name, f in dictionary.facts_of_subject(derived.subject).items() if f.code_list}
        for text in dict.fromkeys(mutate_expression(derived.expression, lists)):
            changed = replace(derived, expression=text)
            every = (*policy.derived[:number], changed, *policy.derived[number + 1 :])
            yield Mutant(
                replace(policy, derived=every),
                rules_by_field[f"{derived.subject}.{derived.name}"],
                derived.place.table,
                derived.place.row,
                "expression",
                derived.expression,
                text,
            )
