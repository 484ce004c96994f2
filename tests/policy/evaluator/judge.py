"""Judges one record at a time: derived fields, limit rows, versions in force, and the verdict with its reason."""

from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

from tests.policy.evaluator import semantics, syntax, tables, unary_tests
from tests.policy.evaluator.syntax import Node

Value = Any
Evaluation = Callable[["Record"], Value]


class Judgement(NamedTuple):
    verdict: str
    reason: str | None = None
    missing: str | None = None
    measured: str | None = None
    limit: str | None = None
    in_force: bool = True


class Record:
    """The facts of one subject; what is derived from them is computed once, when asked."""

    def __init__(
        self, subject: "SubjectRules", facts: dict[str, Value], children: dict[str, list[dict[str, Value]]]
    ) -> None:
        self.subject, self.facts, self.children = subject, facts, children
        self.derived: dict[str, Value] = {}
        self.answers: dict[tuple[str, str], list[bool | None]] = {}
        self.pinned: dict[str, int] = {}

    def value(self, name: str) -> Value:
        if name not in self.subject.derived:
            return self.facts[name]
        if name not in self.derived:
            self.derived[name] = self.subject.derived_value(name, self)
        return self.derived[name]

    def matching_rows(self, table: str, act_date: str) -> list[bool | None]:
        """Row by row, whether it answers for this record on the day of the act."""
        key = (table, act_date)
        if key not in self.answers:
            day = self.value(act_date)
            self.answers[key] = [test(self, day) for test in self.subject.policy.row_predicates(table)]
        return self.answers[key]

    def limit_value(self, table: str, column: str, act_date: str) -> Value:
        row = self.pinned.get(table)
        if row is None:
            hits = [n for n, hit in enumerate(self.matching_rows(table, act_date)) if hit]
            row = hits[0] if hits else None
        return None if row is None else self.subject.policy.limit_values[table][row][column]


class PolicyTables:
    """The tables of one policy, ready to be asked."""

    def __init__(self, texts: dict[str, str]) -> None:
        self.texts = texts
        self.limits = tables.read_limit_tables(texts)
        self.derived = tables.read_rows(texts["derived.csv"])
        self.limit_values = {
            name: [{c: tables.parse_limit(row[c], kind) for c, kind in table.values.items()} for row in table.rows]
            for name, table in self.limits.items()
        }
        self._tests: dict[str, list[Callable[[Record, Value], bool | None]]] = {}

    def row_predicates(self, name: str) -> list[Callable[[Record, Value], bool | None]]:
        if name not in self._tests:
            table = self.limits[name]
            self._tests[name] = [_row_predicate(table, row) for row in table.rows]
        return self._tests[name]


def _row_predicate(table: tables.LimitTable, row: dict[str, str]) -> Callable[[Record, Value], bool | None]:
    force = tables.validity_period(row)
    cells = [(key, unary_tests.parse_cell(row[key], unary_tests.VALUE_KINDS[kind])) for key, kind in table.keys.items()]

    def test(record: Record, day: Value) -> bool | None:
        found = force.contains(day)
        for key, cell in cells:
            found = semantics.conjunction(found, cell(record.value(key)))
        return found

    return test


class SubjectRules:
    """The rules about one kind of record. `today`: the day of judgement picks every version."""

    def __init__(self, policy: PolicyTables, name: str, *, today: bool = False, with_aggregates: bool = True) -> None:
        self.policy, self.name, self.today = policy, name, today
        own = [row for row in policy.derived if row["subject"] == name]
        self.derived = {row["field"]: row for row in own if with_aggregates or not row["from_subject"]}
        self._derive: dict[str, Evaluation] = {}
        self._inputs: dict[tuple[str, str], tuple[str, ...]] = {}
        self._children: dict[str, SubjectRules] = {}
        self.written = tables.read_rules(policy.texts, name)
        self._versions: dict[str, list[RuleVersion]] = {}

    @property
    def rule_ids(self) -> list[str]:
        return list(self.written)

    def versions(self, rule_id: str) -> list["RuleVersion"]:
        if rule_id not in self._versions:
            self._versions[rule_id] = [RuleVersion(self, row) for row in self.written[rule_id]]
        return self._versions[rule_id]

    def act_date_of(self, name: str) -> str:
        return "as_of" if self.today else (name or "as_of")

    def derived_value(self, name: str, record: Record) -> Value:
        if name not in self._derive:
            row = self.derived[name]
            if row["from_subject"]:
                self._derive[name] = self._compile_aggregate(row)
            else:
                self._derive[name] = self.compile_expression(
                    syntax.parse(row["expression"]), self.act_date_of(row["act_date"])
                )
        return self._derive[name](record)

    def _compile_aggregate(self, row: dict[str, str]) -> Evaluation:
        """Over the rows of a child subject: unknown where there is none, or where one row's value is unknown."""
        child = SubjectRules(self.policy, row["from_subject"], today=self.today, with_aggregates=False)
        work = child.compile_expression(syntax.parse(row["expression"]), child.act_date_of(row["act_date"]))

        def gather(record: Record) -> Value:
            values = [work(Record(child, facts, {})) for facts in record.children.get(child.name, [])]
            if not values:
                return None
            if row["aggregate"] == "count":
                return sum(value is not None for value in values)
            if any(value is None for value in values):
                return None
            return {"sum": sum, "min": min, "max": max}[row["aggregate"]](values)

        return gather

    def compile_expression(self, node: Node, act_date: str) -> Evaluation:
        """The expression as a function of a record."""
        kind = node[0]
        if kind == "literal":
            return lambda _: node[1]
        if kind == "field":
            return lambda record: record.value(node[1])
        if kind == "limit":
            return lambda record: record.limit_value(node[1], node[2], act_date)
        if kind == "in":
            return self._compile_membership(node, act_date)
        parts = [self.compile_expression(part, act_date) for part in node[1:] if isinstance(part, tuple)]
        operation = _operator_function(node)
        return lambda record: operation(*(part(record) for part in parts))

    def _compile_membership(self, node: Node, act: str) -> Evaluation:
        inner, members = self.compile_expression(node[1], act), [part[1] for part in node[2:]]
        return lambda record: None if (value := inner(record)) is None else value in members

    def fields_read(self, node: Node, act_date: str) -> list[str]:
        """The fields an expression reads, in the order in which a missing one is named."""
        kind = node[0]
        if kind == "field":
            return self.fields_behind(node[1])
        if kind == "limit":
            return [
                *self.fields_behind(act_date),
                *(n for key in self.policy.limits[node[1]].keys for n in self.fields_behind(key)),
            ]
        if kind in ("literal", "is_null"):
            return []
        return [name for part in node[1:] if isinstance(part, tuple) for name in self.fields_read(part, act_date)]

    def fields_behind(self, name: str) -> list[str]:
        row = self.derived.get(name)
        if row is None or row["from_subject"]:
            return [name]
        return [*self.fields_read(syntax.parse(row["expression"]), self.act_date_of(row["act_date"])), name]

    def judge(self, rule_id: str, facts: dict[str, Value], children: dict[str, list[dict[str, Value]]]) -> Judgement:
        return self.judge_record(rule_id, Record(self, facts, children))

    def judge_record(self, rule_id: str, record: Record) -> Judgement:
        versions = self.versions(rule_id)
        act = versions[0].act
        day = record.value(act)
        for version in versions:
            if version.force.contains(day):
                return version.judge(record)
        if all(version.scope(record) is False for version in versions):
            return Judgement("not_applicable", in_force=False)
        if day is None:
            missing = [name for name in self.fields_behind(act) if record.value(name) is None]
            return Judgement("not_assessable", "missing_field", missing[0], in_force=False)
        return Judgement("not_assessable", "no_rule_in_force", in_force=False)


def _operator_function(node: Node) -> Callable[..., Value]:
    kind = node[0]
    plain: dict[str, Callable[..., Value]] = {
        "and": semantics.conjunction,
        "or": semantics.disjunction,
        "not": semantics.negation,
        "between": semantics.between,
        "is_null": lambda value: value is None,
    }
    if kind == "compare":
        return semantics.null_propagating(semantics.COMPARISONS[node[1]])
    if kind == "call":
        return semantics.FUNCTIONS[node[1]]
    return plain[kind] if kind in plain else semantics.ARITHMETIC[kind]


def _limit_tables_read(nodes: Iterable[Node]) -> list[str]:
    """The limit tables an expression asks."""
    found: list[str] = []
    for node in nodes:
        if node[0] == "limit":
            found.append(node[1])
        elif node[0] != "literal":
            found += _limit_tables_read(part for part in node[1:] if isinstance(part, tuple))
    return list(dict.fromkeys(found))


class RuleVersion:
    """One version of a rule."""

    def __init__(self, subject: SubjectRules, row: dict[str, str]) -> None:
        self.subject, self.comparator = subject, row["comparator"]
        self.act = subject.act_date_of(row["act_date"])
        self.force = tables.validity_period(row)
        scope, measure, limit = (syntax.parse(row[cell] or "true") for cell in ("scope", "measure", "limit"))
        self.scope, self.limit = (
            subject.compile_expression(scope, self.act),
            subject.compile_expression(limit, self.act),
        )
        over, under = (measure[1], measure[2]) if measure[0] == "/" else (measure, None)
        self.over = subject.compile_expression(over, self.act)
        self.under = subject.compile_expression(under, self.act) if under else None
        self.scope_inputs = subject.fields_read(scope, self.act)
        every = (*subject.fields_behind(self.act), *self.scope_inputs)
        self.inputs = list(
            dict.fromkeys((*every, *subject.fields_read(measure, self.act), *subject.fields_read(limit, self.act)))
        )
        self.scope_tables, self.tables = _limit_tables_read([scope]), _limit_tables_read([measure, limit])
        collect = [t for t in self.tables if subject.policy.limits[t].hit_policy == "collect"]
        self.collect = collect[0] if collect else None

    def judge(self, record: Record) -> Judgement:
        applies = self.scope(record)
        measured, limit, kept = self._compare_with_limit(record)
        shown = (semantics.format_value(measured), semantics.format_value(limit))
        if applies is False:
            return Judgement("not_applicable", None, None, *shown)
        if applies is None:
            return Judgement(
                "not_assessable", *self._reason_unknown(record, self.scope_tables, self.scope_inputs), *shown
            )
        if self._has_no_row(record, self.tables):
            return Judgement("not_assessable", "no_limit_row", None, *shown)
        if kept is not None:
            return Judgement("pass" if kept else "violation", None, None, *shown)
        divisor = self.under(record) if self.under else None
        if divisor is not None and divisor <= 0:
            return Judgement("not_assessable", "zero_divisor", None, *shown)
        return Judgement("not_assessable", *self._reason_unknown(record, [], self.inputs), *shown)

    def _measured_value(self, record: Record) -> Value:
        if self.under is None:
            return self.over(record)
        return semantics.exact_ratio(self.over(record), self.under(record))

    def _compare_with_limit(self, record: Record) -> tuple[Value, Value, bool | None]:
        compare = semantics.null_propagating(semantics.COMPARISONS[self.comparator])
        if self.collect is None:
            measured, limit = self._measured_value(record), self.limit(record)
            return measured, limit, compare(measured, limit)
        kept: bool | None = True
        limits = []
        for row, answers in enumerate(record.matching_rows(self.collect, self.act)):
            record.pinned = {self.collect: row}
            limit = self.limit(record)
            kept = semantics.conjunction(
                kept, semantics.disjunction(semantics.negation(answers), compare(self._measured_value(record), limit))
            )
            limits.append(limit if answers else None)
            record.pinned = {}
        known = [limit for limit in limits if limit is not None]
        strictest = (max if self.comparator in (">", ">=") else min)(known) if known else None
        return self._measured_value(record), strictest, kept

    def _has_no_row(self, record: Record, asked: list[str]) -> bool:
        """Whether a table asked surely has no row for the record."""
        return any(all(hit is False for hit in record.matching_rows(table, self.act)) for table in asked)

    def _reason_unknown(self, record: Record, asked: list[str], inputs: list[str]) -> tuple[str, str | None]:
        if self._has_no_row(record, asked):
            return "no_limit_row", None
        missing = next((name for name in inputs if record.value(name) is None), None)
        return ("missing_field", missing) if missing else ("undetermined", None)
