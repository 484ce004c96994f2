"""Records on the edges of a rule: one unit below, at and above each bound, days around each date, what is unknown.

They are found with the independent evaluator: from the rule's examples, one field is moved until a comparison turns.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

from data import dictionary
from policy.model.records import Policy
from tests.policy.evaluator import semantics, syntax, tables, unary_tests
from tests.policy.evaluator.judge import PolicyTables, Record, SubjectRules
from tests.policy.evaluator.syntax import Node

Facts = dict[str, Any]
SMALLEST_STEP = {
    "money": Decimal("0.01"),
    "rate": Decimal("0.000001"),
    "integer": Decimal(1),
    "number": Decimal("0.000001"),
    "date": 1,
}
MAX_STEPS = {"date": 2**14, "integer": 2**14, "money": 2**44, "rate": 2**32, "number": 2**32}
MAX_SEEDS = 24
OTHER_TEXT = "another"


@dataclass(frozen=True)
class ComparisonPair:
    """Two sides of a comparison (or a ratio and its limit), judged by the date of an act."""

    left: Node
    right: Node
    act_date: str
    is_rule_limit: bool = False


class RuleAnalysis:
    """One rule of a policy as it is written, and the fields that stand behind it."""

    def __init__(self, policy: Policy, rule_id: str, read: PolicyTables | None = None) -> None:
        """`read`: the evaluator's tables of the policy, when they are read already."""
        self.rule_id = rule_id
        self.versions = [rule for rule in policy.versions if rule.rule_id == rule_id]
        self.name = self.versions[0].subject
        self.subject = SubjectRules(read or PolicyTables(policy.texts), self.name, with_aggregates=False)
        self.types = {name: field.type for name, field in dictionary.facts_of_subject(self.name).items()}
        self.lists = {
            name: field.code_list for name, field in dictionary.facts_of_subject(self.name).items() if field.code_list
        }
        gathered = [d for d in policy.derived if d.subject == self.name and d.from_subject]
        self.types |= {d.name: d.type for d in gathered}
        self.act = self.subject.act_date_of(self.versions[0].act_date)
        self.nodes: list[tuple[Node, str]] = []
        self.pairs: list[ComparisonPair] = []
        self.asked: dict[str, str] = {}
        self.derived: set[str] = set()
        self.limits: set[str] = set()
        self._read_versions()
        self.fields = [name for name in dict.fromkeys(self._all_facts_read()) if name in self.types]
        self.seeds = [self._parse_inputs(e.inputs, e.as_of) for e in policy.examples if e.rule_id == rule_id]

    def _read_versions(self) -> None:
        ends: set[date] = set()
        for version in self.versions:
            measure, limit = syntax.parse(version.measure), syntax.parse(version.limit)
            self.nodes += [(node, self.act) for node in (syntax.parse(version.scope or "true"), measure, limit)]
            self.pairs.append(ComparisonPair(measure, limit, self.act, is_rule_limit=True))
            ends |= {version.effective_from, version.effective_to}
        for node, act in list(self.nodes):
            self._collect_dependencies(node, act)
        self._collect_dependencies(("field", self.act), self.act)
        for table, act in self.asked.items():
            for row in self.subject.policy.limits[table].rows:
                force = tables.validity_period(row)
                self.pairs += [
                    ComparisonPair(("field", act), ("literal", d), act)
                    for d in (force.start, force.end)
                    if d.year < 9999
                ]
        self.pairs += [
            ComparisonPair(("field", self.act), ("literal", day), self.act) for day in ends if day.year < 9999
        ]
        for node, act in self.nodes:
            self.pairs += [ComparisonPair(left, right, act) for left, right in _find_comparisons(node)]
        self.pairs = list(dict.fromkeys(self.pairs))

    def _collect_dependencies(self, node: Node, act: str) -> None:
        """Takes in the expressions of derived fields and the keys of limit tables behind an expression."""
        for leaf in _walk_leaves(node):
            if leaf[0] == "field" and leaf[1] in self.subject.derived:
                self.derived.add(leaf[1])
                row = self.subject.derived[leaf[1]]
                inner = (syntax.parse(row["expression"]), self.subject.act_date_of(row["act_date"]))
                if inner not in self.nodes:
                    self.nodes.append(inner)
                    self._collect_dependencies(*inner)
            if leaf[0] == "limit":
                self.limits.add(f"{leaf[1]}.{leaf[2]}")
            if leaf[0] == "limit" and leaf[1] not in self.asked:
                self.asked[leaf[1]] = act
                for key in self.subject.policy.limits[leaf[1]].keys:
                    self._collect_dependencies(("field", key), act)
                self._collect_dependencies(("field", act), act)

    def _all_facts_read(self) -> Iterator[str]:
        yield from ("as_of", self.act)
        for node, act in self.nodes:
            yield from self.facts_read(node, act)

    def facts_read(self, node: Node, act: str) -> Iterator[str]:
        """The facts behind an expression, also those only asked whether they are known."""
        for leaf in _walk_leaves(node):
            if leaf[0] == "limit":
                for name in (act, *self.subject.policy.limits[leaf[1]].keys):
                    yield from self.facts_read(("field", name), act)
            elif leaf[0] == "field" and leaf[1] in self.subject.derived:
                row = self.subject.derived[leaf[1]]
                yield from self.facts_read(syntax.parse(row["expression"]), self.subject.act_date_of(row["act_date"]))
            elif leaf[0] == "field":
                yield leaf[1]

    def _parse_inputs(self, inputs: dict[str, str], as_of: date) -> Facts:
        texts: dict[str, Any] = dict.fromkeys(self.fields) | {k: v for k, v in inputs.items() if k in self.fields}
        return {k: None if v is None else parse_value(v, self.types[k]) for k, v in texts.items()} | {"as_of": as_of}

    def value_function(self, node: Node, act: str) -> Callable[[Facts], Any]:
        work = self.subject.compile_expression(node, act)
        return lambda facts: work(Record(self.subject, facts, {}))

    def difference_function(self, pair: ComparisonPair) -> Callable[[Facts], Fraction | None]:
        """Left less right, exactly (days between dates); None where one is unknown."""
        right = self.value_function(pair.right, pair.act_date)
        if pair.left[0] == "/":
            over, under = (self.value_function(part, pair.act_date) for part in pair.left[1:])
            left: Callable[[Facts], Any] = lambda facts: semantics.exact_ratio(over(facts), under(facts))  # noqa: E731
        else:
            left = self.value_function(pair.left, pair.act_date)

        def difference(facts: Facts) -> Fraction | None:
            try:
                a, b = left(facts), right(facts)
            except (OverflowError, ValueError):  # past the calendar's end
                return None
            if a is None or b is None or isinstance(a, str | bool | list | tuple):
                return None
            return Fraction((a - b).days) if isinstance(a, date) else Fraction(a) - Fraction(b)

        return difference


def parse_value(text: str, kind: str) -> Any:
    if kind == "date":
        return date.fromisoformat(text)
    if kind in SMALLEST_STEP:
        return Decimal(text)
    if kind == "boolean":
        return text == "true"
    return tuple(text.split("|")) if kind == "list" else text


def _walk_leaves(node: Node) -> Iterator[Node]:
    if node[0] in ("field", "limit"):
        yield node
    elif node[0] != "literal":
        for part in node[1:]:
            if isinstance(part, tuple):
                yield from _walk_leaves(part)


def _walk_nodes(node: Node) -> Iterator[Node]:
    yield node
    if node[0] not in ("literal", "field", "limit"):
        for part in node[1:]:
            if isinstance(part, tuple):
                yield from _walk_nodes(part)


def _find_comparisons(node: Node) -> Iterator[tuple[Node, Node]]:
    for part in _walk_nodes(node):
        if part[0] == "compare":
            yield part[2], part[3]
        elif part[0] == "between":
            yield part[1], part[2]
            yield part[1], part[3]


def shift_value(value: Any, steps: int, kind: str) -> Any:
    return value + timedelta(days=steps) if kind == "date" else value + steps * SMALLEST_STEP[kind]


def find_sign_changes(sign: Callable[[int], int | None], farthest: int) -> Iterator[int]:
    """The steps next to which the sign turns, in either direction: before, at and after."""
    here = sign(0)
    if here is None:
        return
    for way in (1, -1):
        for wanted in ((lambda s: s >= 0), (lambda s: s > 0)):
            near, far = 0, way
            while abs(far) <= farthest and (s := sign(far)) is not None and wanted(s) == wanted(here):
                near, far = far, far * 2
            if abs(far) > farthest or sign(far) is None:
                continue
            while abs(far - near) > 1:
                middle = (near + far) // 2
                s = sign(middle)
                near, far = (middle, far) if s is not None and wanted(s) == wanted(here) else (near, middle)
            yield from (near - way, near, far, far + way)


def edge_records(rule: RuleAnalysis, facts: Facts, pair: ComparisonPair, field: str) -> Iterator[Facts]:
    """The record with one field moved to where the comparison turns."""
    kind = rule.types[field]
    start = facts[field]
    if kind not in SMALLEST_STEP:
        return
    if start is None:
        start = facts["as_of"] if kind == "date" else Decimal(1)
    gap = rule.difference_function(pair)

    def sign(steps: int) -> int | None:
        try:
            found = gap(facts | {field: shift_value(start, steps, kind)})
        except OverflowError:  # no such day
            return None
        return None if found is None else (found > 0) - (found < 0)

    for steps in dict.fromkeys(find_sign_changes(sign, MAX_STEPS[kind])):
        try:
            yield facts | {field: shift_value(start, steps, kind)}
        except OverflowError:
            continue


def _named_codes(rule: RuleAnalysis) -> dict[str, set[str]]:
    """The codes and texts that the rule's expressions and limit tables name, by field."""
    found: dict[str, set[str]] = {}
    for node, _ in rule.nodes:
        for part in _walk_nodes(node):
            literals = {p[1] for p in part[1:] if isinstance(p, tuple) and p[0] == "literal" and isinstance(p[1], str)}
            if part[0] == "call" and part[1] == "lacking":
                literals = {w for text in literals for item in text.split(", ") for w in item.split("/")}
            fields = [p for p in part[1:] if isinstance(p, tuple) and p[0] != "literal"]
            for leaf in (leaf for p in fields for leaf in _walk_leaves(p) if part[0] in ("compare", "in", "call")):
                found.setdefault(leaf[1], set()).update(literals)
    for version in rule.versions:
        literal, measure = syntax.parse(version.limit), syntax.parse(version.measure)
        if literal[0] == "literal" and isinstance(literal[1], str) and measure[0] == "field":
            found.setdefault(measure[1], set()).add(literal[1])
    for table in rule.asked:
        limits = rule.subject.policy.limits[table]
        for key, kind in limits.keys.items():
            if unary_tests.VALUE_KINDS[kind] == "text":
                cells = [row[key].removeprefix("not(").removesuffix(")") for row in limits.rows]
                found.setdefault(key, set()).update(
                    p.strip().strip('"') for c in cells for p in c.split(",") if p != "-"
                )
        for column, kind in limits.values.items():
            if unary_tests.VALUE_KINDS[kind] == "text":
                words = {w for row in limits.rows for item in row[column].split(", ") for w in item.split("/") if w}
                for node, _ in rule.nodes:
                    for part in _walk_nodes(node):
                        if part[0] == "call" and ("limit", table, column) in part[2:]:
                            for leaf in (p for p in part[2:] if p[0] == "field"):
                                found.setdefault(leaf[1], set()).update(words)
    return found


def _vary_fields(rule: RuleAnalysis, facts: Facts, named: dict[str, set[str]]) -> Iterator[Facts]:
    """Each field with another value of its kind, and unknown."""
    texts = [name for name in rule.fields if rule.types[name] in ("text", "code")]
    spread = {w for name, words in named.items() if name in rule.subject.derived for w in words}
    for name in rule.fields:
        if name == "as_of":
            continue
        kind, value = rule.types[name], facts[name]
        if value is not None:
            yield facts | {name: None}
        if kind == "boolean":
            yield from (facts | {name: known} for known in (True, False))
        elif kind == "list":
            members = tuple(value or ())
            yield facts | {name: ("none",)}
            for word in sorted(named.get(name, set())):
                yield facts | {name: tuple(m for m in members if m != word) or ("none",)}
                yield facts | {name: (*members, word)}
                yield facts | {name: (word,)}
        elif name in texts:
            words = named.get(name, set()) | spread | {str(facts[other]) for other in texts if facts[other] is not None}
            known = list(dictionary.codes_of_list(rule.lists[name])) if name in rule.lists else [OTHER_TEXT]
            unnamed = [code for code in known if code not in words]
            yield from (
                facts | {name: word} for word in sorted(words | set(unnamed[:1] or [OTHER_TEXT])) if word != value
            )
        elif kind in SMALLEST_STEP and value is None:
            yield facts | {name: facts["as_of"] if kind == "date" else Decimal(1)}
        elif kind in SMALLEST_STEP:
            yield from (facts | {name: shift_value(value, steps, kind)} for steps in (-1, 1))
            if kind != "date":
                yield facts | {name: Decimal(0)}


def _match_row(rule: RuleAnalysis, facts: Facts, table: str, row: dict[str, str]) -> Facts:
    """The record with the keys of a limit table set so that a row answers, as far as they are facts."""
    found = dict(facts)
    for key, kind in rule.subject.policy.limits[table].keys.items():
        if (
            key in rule.types
            and (sample := _sample_value(row[key], unary_tests.VALUE_KINDS[kind], rule.types[key])) is not None
        ):
            found[key] = sample
        elif key in rule.subject.derived and unary_tests.VALUE_KINDS[kind] == "text":
            word = row[key].split(",")[0].strip().strip('"')
            found |= _inputs_for_derived(rule, found, key, word)
    return found


def _inputs_for_derived(rule: RuleAnalysis, facts: Facts, key: str, word: str) -> Facts:
    for name in rule.facts_read(("field", key), rule.act):
        tried = facts | {name: word}
        if rule.types[name] in ("text", "code") and rule.value_function(("field", key), rule.act)(tried) == word:
            return {name: word}
    return {}


def _sample_value(cell: str, kind: str, type_: str) -> Any:
    """A value that a key cell accepts; None when any will do."""
    if cell in ("", "-"):
        return None
    negated = cell.startswith("not")
    inner = cell[cell.index("(") + 1 : cell.rindex(")")] if negated else cell
    if kind == "text":
        return OTHER_TEXT if negated else inner.split(",")[0].strip().strip('"')
    if kind == "boolean":
        return (inner.strip() == "true") is not negated
    test = unary_tests.parse_cell(cell, kind)
    bounds = [unary_tests.parse_value(word, kind) for part in inner.split(",") for word in _split_range(part)]
    near = [shift_value(bound, steps, type_) for bound in bounds for steps in (0, 1, -1)]
    return next((value for value in near if test(value)), None)


def _split_range(part: str) -> list[str]:
    return [word for word in part.strip().strip("<>=[]()").split("..") if word.strip()]


def _key_edge_records(rule: RuleAnalysis, facts: Facts) -> Iterator[Facts]:
    """One unit below, at and above each bound of an ordered key; the value of each cell of the others."""
    for table in rule.asked:
        limits = rule.subject.policy.limits[table]
        for key, kind in limits.keys.items():
            if rule.types.get(key) not in SMALLEST_STEP:
                continue
            for row in limits.rows:
                cell = row[key].removeprefix("not(").removesuffix(")") if row[key].startswith("not") else row[key]
                bounds = [
                    unary_tests.parse_value(w, unary_tests.VALUE_KINDS[kind])
                    for part in cell.split(",")
                    if part != "-"
                    for w in _split_range(part)
                ]
                for bound in bounds:
                    yield from (facts | {key: shift_value(bound, steps, rule.types[key])} for steps in (-1, 0, 1))


def _derived_key_pairs(rule: RuleAnalysis) -> list[ComparisonPair]:
    """Bounds of ordered keys that are derived: their own inputs have to be moved."""
    found = []
    for table, act in rule.asked.items():
        limits = rule.subject.policy.limits[table]
        for key, kind in limits.keys.items():
            if key in rule.types or unary_tests.VALUE_KINDS[kind] not in ("number", "date"):
                continue
            for row in limits.rows:
                for part in row[key].split(","):
                    words = _split_range(part) if part != "-" else []
                    found += [
                        ComparisonPair(
                            ("field", key), ("literal", unary_tests.parse_value(w, unary_tests.VALUE_KINDS[kind])), act
                        )
                        for w in words
                    ]
    return found


def deduplicate(records: Iterable[Facts]) -> list[Facts]:
    return list({tuple(sorted(r.items(), key=lambda item: item[0])): r for r in records}.values())


def seed_records(rule: RuleAnalysis) -> list[Facts]:
    """The examples, and each with the keys of each limit row; those that reach a verdict come first."""
    rows = [
        _match_row(rule, facts, table, row)
        for facts in rule.seeds[:4]
        for table in rule.asked
        for row in rule.subject.policy.limits[table].rows
    ]
    found = deduplicate([*rule.seeds, *rows])
    kinds = ("violation", "pass", "not_applicable", "not_assessable")
    judged = [rule.subject.judge(rule.rule_id, facts, {}).verdict for facts in found]
    order = sorted(range(len(found)), key=lambda n: (kinds.index(judged[n]), n))
    share = max(1, MAX_SEEDS // 3)
    chosen = [n for kind in kinds for n in [m for m in order if judged[m] == kind][: share if kind in kinds[:2] else 4]]
    return [found[n] for n in chosen]


def scale_amounts(rule: RuleAnalysis, facts: Facts) -> Facts:
    """Amounts so large that a ratio moves by less than its last place when one of them moves by a fen."""
    money = [name for name in rule.fields if rule.types[name] == "money" and facts[name] is not None]
    return facts | {name: facts[name] * 10**4 for name in money if abs(facts[name]) < 10**9}


def _row_date_records(rule: RuleAnalysis, facts: Facts) -> Iterator[Facts]:
    """The first and last days of each limit row, for a record that it answers, where the act is a fact."""
    for table, act in rule.asked.items():
        for row in rule.subject.policy.limits[table].rows if rule.types.get(act) == "date" else ():
            force = tables.validity_period(row)
            for day in (force.start, force.end):
                inside = _match_row(rule, facts, table, row)
                if day.year < 9999:
                    yield from (inside | {act: shift_value(day, steps, "date")} for steps in (-1, 0))


def records_around(rule: RuleAnalysis, pair: ComparisonPair, records: Iterable[Facts]) -> Iterator[Facts]:
    """Each record with each field behind the comparison moved to where it turns."""
    fields = dict.fromkeys((*rule.facts_read(pair.left, pair.act_date), *rule.facts_read(pair.right, pair.act_date)))
    for facts in records:
        for field in fields:
            yield from edge_records(rule, facts, pair, field)


def boundary_records(rule: RuleAnalysis) -> list[Facts]:
    """Every record that pins the rule down."""
    starts = seed_records(rule)
    named = _named_codes(rule)
    found = [*rule.seeds, *starts]
    decided = [f for f in starts if rule.subject.judge(rule.rule_id, f, {}).verdict in ("pass", "violation")]
    for facts in decided[:2]:
        found += _row_date_records(rule, facts)
    if decided and any(rule.types[name] == "money" for name in rule.fields):
        decided.append(scale_amounts(rule, decided[0]))
        starts.append(decided[-1])
    for facts in starts:
        found += _vary_fields(rule, facts, named)
        found += _key_edge_records(rule, facts)
    pairs = [*rule.pairs, *_derived_key_pairs(rule)]
    for pair in pairs:
        found += records_around(rule, pair, starts if len(pairs) < 12 else decided[:10] + starts[-2:])
    # From where one thing is unknown, or the other way about, the comparisons that only then matter.
    second = [f for facts in decided[:2] for f in _vary_fields(rule, facts, named)]
    for pair in rule.pairs:
        found += records_around(rule, pair, second[:MAX_SEEDS])
    return deduplicate(found)


def records_by_side(rule: RuleAnalysis) -> dict[int, list[Facts]]:
    """Sign of measure less limit -> records on that side of it, next to it; for the version in force."""
    found: dict[int, list[Facts]] = {-1: [], 0: [], 1: []}
    starts = seed_records(rule)
    for version, pair in zip(rule.versions, rule.pairs, strict=False):
        gap = rule.difference_function(pair)
        ordered = [
            n
            for part in (pair.left, pair.right)
            for n in rule.facts_read(part, pair.act_date)
            if rule.types[n] in SMALLEST_STEP
        ]
        for facts in deduplicate([*starts, *records_around(rule, pair, starts)]) if ordered else boundary_records(rule):
            day = rule.value_function(("field", rule.act), rule.act)(facts)
            difference = gap(facts)
            if difference is None or day is None or not version.effective_from <= day < version.effective_to:
                continue
            found[(difference > 0) - (difference < 0)].append(facts)
    return found
