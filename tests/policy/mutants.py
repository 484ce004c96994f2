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

Words = list[tuple[str, str]]
SIGNS = {"<=": ["<", ">="], "<": ["<=", ">"], ">=": [">", "<="], ">": [">=", "<"], "=": ["<>"], "<>": ["="]}
SWAPS = {
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
LAST_PLACE = {"money": "0.01", "rate": "0.000001", "number": "0.000001", "integer": "1"}


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


def _text(words: Words) -> str:
    return re.sub(r" ?\. ?", ".", " ".join(word for _, word in words)) if words else ""


def _with(words: Words, at: int, *new: str, drop: int = 1) -> str:
    return _text([*words[:at], *(("sign", word) for word in new), *words[at + drop :]])


def _is_between(words: Words, at: int) -> bool:
    """Whether this `and` belongs to a between."""
    depth = 0
    for _, word in reversed(words[:at]):
        depth += (word == ")") - (word == "(")
        if depth < 0 or (depth == 0 and word in ("and", "or")):
            return False
        if depth == 0 and word == "between":
            return True
    return False


def expressions(text: str, lists: dict[str, str]) -> Iterator[str]:
    """`lists`: the code list of each field, for codes put in another's place."""
    words = syntax.tokens(text)
    for at, (kind, word) in enumerate(words):
        before = words[at - 1] if at else ("", "")
        if kind == "sign" and word in SIGNS:
            yield from (_with(words, at, other) for other in SIGNS[word])
        elif word in SWAPS and kind in ("sign", "name") and not (word == "and" and _is_between(words, at)):
            if word != "-" or before[0] in ("name", "number", "text") or before[1] == ")":
                yield _with(words, at, SWAPS[word])
        elif word == "not":
            yield _with(words, at)
        elif word == "is":
            negated = words[at + 1][1] == "not"
            yield _with(words, at, "is", drop=2) if negated else _with(words, at, "is", "not")
        elif kind == "number":
            yield from (_with(words, at, number) for number in _numbers(word))
        elif kind == "text" and before[1] == "date":
            yield from (_with(words, at, f"'{day}'") for day in _days(date.fromisoformat(word[1:-1])))
        elif kind == "text":
            yield from _texts(words, at, lists)


def _numbers(word: str) -> list[str]:
    number = Decimal(word)
    step = Decimal(1).scaleb(int(number.as_tuple().exponent))
    return [f"{number + step:f}", f"{number - step:f}" if number >= step else f"({number - step:f})"]


def _days(day: date) -> list[date]:
    return [day - timedelta(days=1), day + timedelta(days=1)]


def _texts(words: Words, at: int, lists: dict[str, str]) -> Iterator[str]:
    """A code for another, a member of a list dropped or added, an item of a wish list dropped."""
    code = words[at][1][1:-1]
    field = next((word for kind, word in reversed(words[:at]) if kind == "name" and word in lists), None)
    known = list(dictionary.codes(lists[field])) if field else []
    taken = {word[1:-1] for kind, word in words if kind == "text"}
    other = next((c for c in known if c not in taken), None)
    follows, precedes = words[at + 1 : at + 2], words[at - 1][1] if at else ""
    if other and code in known:
        yield _with(words, at, f"'{other}'")
        if precedes in ("(", ",") and follows and follows[0][1] in (",", ")") and not _is_call(words, at):
            yield _with(words, at, f"'{code}'", ",", f"'{other}'")
    if precedes == ",":
        if not _is_call(words, at):
            yield _text([*words[: at - 1], *words[at + 1 :]])
    elif precedes == "(" and follows and follows[0][1] == ",":
        yield _text([*words[:at], *words[at + 2 :]])
    if ", " in code:
        yield from (_with(words, at, f"'{rest}'") for rest in _shorter(code))


def _is_call(words: Words, at: int) -> bool:
    """Whether the bracket before belongs to a function, not to `in (…)`."""
    depth = 0
    for n in range(at - 1, -1, -1):
        depth += (words[n][1] == ")") - (words[n][1] == "(")
        if depth < 0:
            return n == 0 or words[n - 1][1] != "in"
    return True


def _shorter(text: str) -> list[str]:
    items = text.split(", ")
    return [", ".join(items[:n] + items[n + 1 :]) for n in range(len(items))] if len(items) > 1 else []


def _dates(row: Row | LimitRow) -> Iterator[tuple[str, date]]:
    yield from (("effective_from", day) for day in _days(row.effective_from))
    if row.effective_to != FOREVER:
        yield from (("effective_to", day) for day in _days(row.effective_to))


def of_rules(policy: Policy, date_fields: dict[str, list[str]]) -> Iterator[Mutant]:
    """`date_fields`: the dates that stand in for the act of each rule."""
    for number, rule in enumerate(policy.versions):
        for column, value in _rule_cells(rule, date_fields[rule.rule_id]):
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


def _rule_cells(rule: Row, dates: list[str]) -> Iterator[tuple[str, object]]:
    lists = {name: field.code_list for name, field in dictionary.facts(rule.subject).items() if field.code_list}
    for comparator in SIGNS[rule.comparator]:
        yield "comparator", comparator
    for column in ("scope", "measure", "limit"):
        for text in dict.fromkeys(expressions(getattr(rule, column), lists)):
            yield column, text
    yield "scope", f"not ({rule.scope or 'true'})"
    yield from _dates(rule)
    other = next((name for name in dates if name != rule.act_date), None)
    if other:
        yield "as_of", other


def of_limits(policy: Policy, askers: dict[str, tuple[str, ...]]) -> Iterator[Mutant]:
    """`askers`: the rules that ask each table, or one limit (`table.column`), themselves or through a derived field."""
    for table in policy.limit_tables.values():
        if not askers.get(table.name):
            continue
        for number, row in enumerate(table.rows):
            for column, changed in _limit_cells(table, row):
                declared = table.column(column)
                if declared and declared.role == "limit" and f"{table.name}.{column}" not in askers:
                    continue
                rows = (*table.rows[:number], changed, *table.rows[number + 1 :])
                tables = policy.limit_tables | {table.name: replace(table, rows=rows)}
                before, after = (r.cells.get(column) or str(getattr(r, column, "")) for r in (row, changed))
                yield Mutant(
                    replace(policy, limit_tables=tables),
                    askers.get(f"{table.name}.{column}", askers[table.name]),
                    row.place.table,
                    row.place.row,
                    column,
                    before,
                    after,
                )


def _limit_cells(table: LimitTable, row: LimitRow) -> Iterator[tuple[str, LimitRow]]:
    for column in table.columns:
        text = row.cells[column.name]
        cells = _keys(column, text) if column.role == "key" else _values(column, text)
        for cell in dict.fromkeys(cells):
            yield column.name, replace(row, cells=row.cells | {column.name: cell})
    for name, day in _dates(row):
        yield name, replace(row, **{name: day})


def _values(column: LimitColumn, text: str) -> Iterator[str]:
    if not text:
        return
    if column.type in LAST_PLACE:
        step = Decimal(LAST_PLACE[column.type])
        yield from (f"{Decimal(text) + sign * step:f}" for sign in (1, -1))
    elif column.type == "boolean":
        yield "false" if text == "true" else "true"
    elif column.type == "date":
        yield from map(str, _days(date.fromisoformat(text)))
    else:
        yield from _shorter(text)


def _keys(column: LimitColumn, text: str) -> Iterator[str]:
    if text in ("", "-"):
        return
    if column.type == "boolean":
        yield "false" if text == "true" else "true"
    elif column.type in LAST_PLACE or column.type == "date":
        yield from _bounds(column, text)
    else:
        negated = text.startswith("not(")
        members = text.removeprefix("not(").removesuffix(")") if negated else text
        yield members if negated else f"not({text})"
        yield from (f"not({rest})" if negated else rest for rest in _shorter(members))


def _bounds(column: LimitColumn, text: str) -> Iterator[str]:
    for match in re.finditer(r"\d{4}-\d\d-\d\d|-?\d+(?:\.\d+)?", text):
        word = match.group()
        if column.type == "date":
            near = [str(day) for day in _days(date.fromisoformat(word))]
        else:
            step = Decimal(LAST_PLACE[column.type])
            near = [f"{Decimal(word) + sign * step:f}" for sign in (1, -1)]
        yield from (text[: match.start()] + other + text[match.end() :] for other in near)
    for sign, others in SIGNS.items():
        if text.startswith(sign) and sign != "=" and not text.startswith(sign + "="):
            yield others[0] + text[len(sign) :]
    if ".." in text:
        yield {"(": "[", "]": "[", "[": "("}[text[0]] + text[1:]
        yield text[:-1] + {")": "]", "[": "]", "]": ")"}[text[-1]]


def of_derived(policy: Policy, users: dict[str, tuple[str, ...]]) -> Iterator[Mutant]:
    """`users`: the rules behind which each derived field stands; gathered ones are given to the records."""
    for number, derived in enumerate(policy.derived):
        if derived.from_subject or not users.get(f"{derived.subject}.{derived.name}"):
            continue
        lists = {name: f.code_list for name, f in dictionary.facts(derived.subject).items() if f.code_list}
        for text in dict.fromkeys(expressions(derived.expression, lists)):
            changed = replace(derived, expression=text)
            every = (*policy.derived[:number], changed, *policy.derived[number + 1 :])
            yield Mutant(
                replace(policy, derived=every),
                users[f"{derived.subject}.{derived.name}"],
                derived.place.table,
                derived.place.row,
                "expression",
                derived.expression,
                text,
            )
