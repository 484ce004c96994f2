"""Rules compiled to SQL: one code a rule for every record, and the measured value and limit behind it."""

from dataclasses import dataclass, field, replace
from functools import reduce

from sqlglot import exp

from policy import functions, lookups
from policy.columns import Columns
from policy.expressions import ExpressionError, Typed, comparable, compile_measure, compile_text, parse
from policy.model import COMPARATORS, Policy, Problem, Rule

PASS, NOT_APPLICABLE, VIOLATION = 0, 1, 2
NOT_IN_FORCE, NO_LIMIT_ROW, ZERO_DIVISOR, UNDETERMINED, MISSING = 4, 5, 6, 7, 10
REASONS = {
    NOT_IN_FORCE: "no_rule_in_force",
    NO_LIMIT_ROW: "no_limit_row",
    ZERO_DIVISOR: "zero_divisor",
    UNDETERMINED: "undetermined",
}
MOST_INPUTS = 200
NODES = {"<=": exp.LTE, "<": exp.LT, ">=": exp.GTE, ">": exp.GT, "=": exp.EQ, "<>": exp.NEQ}


@dataclass(frozen=True)
class CompiledRule:
    """`code`: PASS, NOT_APPLICABLE, VIOLATION, a key of REASONS, or MISSING + n for the n-th of `inputs`.

    `harmless`: whether the rule applies is unknown, but the record would pass it. `bound`: the field whose upper
    bound the rule states. `hits`: the numbers of the limit rows that answered, a list a table asked.
    """

    rule_id: str
    versions: tuple[Rule, ...]
    inputs: tuple[str, ...]
    code: exp.Expression
    measured: exp.Expression
    limit: exp.Expression
    hits: exp.Expression
    harmless: exp.Expression
    kind: str
    bound: str | None = None
    bound_open: bool = False

    @property
    def newest(self) -> Rule:
        return self.versions[-1]


@dataclass
class CompiledSubject:
    """All rules of one subject over one set of columns."""

    columns: Columns
    rules: list[CompiledRule] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)

    @property
    def all_problems(self) -> list[Problem]:
        return self.problems + self.columns.problems


@dataclass(frozen=True)
class _Version:
    """One version's parts: three-valued scope and comparison, values, and what each depends on."""

    scope: Typed
    measured: exp.Expression
    limit: exp.Expression
    compared: exp.Expression
    uncovered: exp.Expression | None
    divisor: exp.Expression | None
    inputs: tuple[str, ...]
    hits: list[exp.Expression]
    kind: str
    bound: str | None


def compile_subject(policy: Policy, subject: str, *, today: bool = False, given: bool = False) -> CompiledSubject:
    """Compiles every rule of the subject; a rule that cannot be compiled is a problem, not an exception."""
    compiled = CompiledSubject(Columns(policy, subject, today=today, given=given))
    for rule_id, versions in policy.of_subject(subject).items():
        parts = [_try_version(compiled, rule) for rule in versions]
        if all(part is not None for part in parts):
            compiled.rules.append(_rule(compiled.columns, rule_id, versions, [p for p in parts if p]))
    return compiled


def _try_version(compiled: CompiledSubject, rule: Rule) -> _Version | None:
    cell = "as_of"
    try:
        act = compiled.columns.act(rule.act_date)
        names = compiled.columns.names(act)
        cell = "scope"
        scope = compile_text(rule.scope or "true", names)
        if scope.kind != "boolean":
            raise ExpressionError(f"gives a {scope.kind}, where true or false is needed.")
        cell = "measure"
        measure = compile_measure(rule.measure, names)
        cell = "limit"
        limit = compile_text(rule.limit, names)
        comparable(measure, limit)
        cell = "comparator"
        _check_comparator(rule, measure)
        return _version(compiled.columns, rule, act, scope, measure, limit)
    except ExpressionError as error:
        place = rule.place
        compiled.problems.append(
            Problem("error", place.table, place.row, cell, f"{rule.rule_id}: {error}", "Mend the cell.")
        )
        return None


def _check_comparator(rule: Rule, measure: Typed) -> None:
    if rule.comparator not in COMPARATORS:
        raise ExpressionError(f"'{rule.comparator}' is none of {', '.join(COMPARATORS)}.")
    if measure.kind in ("boolean", "text") and rule.comparator not in ("=", "<>"):
        raise ExpressionError(f"a {measure.kind} can only be compared by = or <>.")
    if measure.kind == "list":
        raise ExpressionError("a list cannot be compared; use has(list, 'code').")


def _version(columns: Columns, rule: Rule, act: Typed, scope: Typed, measure: Typed, limit: Typed) -> _Version:
    asked = tuple(dict.fromkeys((*measure.lookups, *limit.lookups)))
    tables = columns.policy.limit_tables
    collect = [table for table in asked if tables[table].hit_policy == "collect"]
    if collect and asked != tuple(collect[:1]):
        raise ExpressionError(f"asks {', '.join(asked)}; a collect table can only be asked alone.")
    bound = _bound(rule, measure)
    inputs = tuple(dict.fromkeys((*act.inputs, *scope.inputs, *measure.inputs, *limit.inputs)))
    if collect:
        return _collected(columns, rule, act, scope, collect[0], inputs, bound)
    key = f"{rule.rule_id}:{rule.effective_from}"
    scope = replace(scope, sql=columns.compute(f"scope:{key}", scope.sql))
    measure = replace(measure, sql=columns.compute(f"measure:{key}", measure.sql))
    limit = replace(limit, sql=columns.compute(f"limit:{key}", limit.sql))
    hits = [functions.column(columns.hit_column(table, act)) for table in asked]
    misses = [exp.EQ(this=h, expression=functions.literal("number", str(lookups.NO_ROW))) for h in hits]
    return _Version(
        scope, _value(measure), limit.sql, columns.compute(f"kept:{key}", compare(measure, rule.comparator, limit)),
        _any(misses) if misses else None, measure.divisor, inputs, hits, measure.kind, bound,
    )  # fmt: skip


def _bound(rule: Rule, measure: Typed) -> str | None:
    """The field that the rule bounds from above: measured as it is, or with a stand-in while it is unknown."""
    plain = isinstance(measure.sql, exp.Column | exp.Coalesce) and measure.inputs
    return measure.inputs[0] if plain and rule.comparator in ("<=", "<") else None


def _collected(
    columns: Columns, rule: Rule, act: Typed, scope: Typed, table: str, inputs: tuple[str, ...], bound: str | None
) -> _Version:
    """Several rows may answer: each must be kept, the strictest is shown."""
    tests = lookups.conditions(columns.table(table), columns.typed, act.sql)
    compared, limits, measures = [], [], []
    for number, test in enumerate(tests):
        names = columns.names(act, {table: number})
        measure, limit = compile_measure(rule.measure, names), compile_text(rule.limit, names)
        kept = compare(measure, rule.comparator, limit)
        compared.append(exp.paren(exp.Or(this=exp.Not(this=test.copy()), expression=exp.paren(kept))))
        limits.append(exp.Case(ifs=[exp.If(this=test.copy(), true=limit.sql)]))
        measures.append(measure)
    strictest = exp.Greatest if rule.comparator in (">=", ">") else exp.Least
    hits = [
        exp.Case(ifs=[exp.If(this=test.copy(), true=exp.Literal.number(number))]) for number, test in enumerate(tests)
    ]
    return _Version(
        scope, _value(measures[0]), strictest(this=limits[0], expressions=limits[1:], ignore_nulls=True), _all(compared),
        lookups.none_of(tests), measures[0].divisor, inputs, hits, measures[0].kind, bound,
    )  # fmt: skip


def compare(measure: Typed, comparator: str, limit: Typed) -> exp.Expression:
    """The comparison; a ratio by cross-multiplication, so that a loan exactly at the limit is judged exactly."""
    node = NODES[comparator]
    left, right = exp.paren(measure.sql.copy()), exp.paren(limit.sql.copy())
    if measure.divisor is None:
        return node(this=left, expression=right)
    over = exp.Mul(this=right, expression=exp.paren(measure.divisor.copy()))
    positive = exp.GT(this=exp.paren(measure.divisor.copy()), expression=exp.Literal.number(0))
    return exp.Case(ifs=[exp.If(this=positive, true=node(this=left, expression=over))])


def _value(measure: Typed) -> exp.Expression:
    """The measured value as shown: a ratio rounded to six decimals, anything else as it is."""
    if measure.divisor is None:
        return measure.sql
    template = "CASE WHEN :b > 0 THEN CAST(ROUND(CAST(:a AS DOUBLE) / CAST(:b AS DOUBLE), 6) AS DECIMAL(18, 6)) END"
    return functions.fill(template, a=measure.sql, b=measure.divisor)


def _any(tests: list[exp.Expression]) -> exp.Expression:
    return exp.paren(reduce(lambda a, b: exp.Or(this=a, expression=b), tests))


def _all(tests: list[exp.Expression]) -> exp.Expression:
    return exp.paren(reduce(lambda a, b: exp.And(this=a, expression=b), tests))


def _number(value: int) -> exp.Expression:
    return exp.Literal.number(value)


def _missing(names: tuple[str, ...], inputs: tuple[str, ...]) -> list[exp.If]:
    """The first unknown input decides what is said to be missing."""
    return [
        exp.If(
            this=exp.Is(this=functions.column(name), expression=exp.null()), true=_number(MISSING + inputs.index(name))
        )
        for name in names
    ]


def _code_in_force(version: _Version, inputs: tuple[str, ...]) -> exp.Expression:
    scope = exp.paren(version.scope.sql)
    compared = exp.paren(version.compared)
    ifs = [
        exp.If(this=exp.Not(this=scope.copy()), true=_number(NOT_APPLICABLE)),
        exp.If(
            this=exp.Is(this=scope.copy(), expression=exp.null()),
            true=exp.Case(ifs=_missing(version.scope.inputs, inputs), default=_number(UNDETERMINED))
            if version.scope.inputs
            else _number(UNDETERMINED),
        ),
    ]
    if version.uncovered is not None:
        ifs.append(exp.If(this=version.uncovered.copy(), true=_number(NO_LIMIT_ROW)))
    ifs += [
        exp.If(this=compared.copy(), true=_number(PASS)),
        exp.If(this=exp.Not(this=compared.copy()), true=_number(VIOLATION)),
    ]
    if version.divisor is not None:
        below = exp.LTE(this=exp.paren(version.divisor.copy()), expression=_number(0))
        ifs.append(exp.If(this=below, true=_number(ZERO_DIVISOR)))
    return exp.Case(ifs=[*ifs, *_missing(version.inputs, inputs)], default=_number(UNDETERMINED))


def _rule(columns: Columns, rule_id: str, versions: tuple[Rule, ...], parts: list[_Version]) -> CompiledRule:
    inputs = tuple(dict.fromkeys(name for part in parts for name in part.inputs))[:MOST_INPUTS]
    act = columns.act(versions[0].act_date)
    force = [lookups.in_force(rule.effective_from, rule.effective_to, act.sql) for rule in versions]
    never = _all([exp.Not(this=exp.paren(part.scope.sql.copy())) for part in parts])
    code = exp.Case(
        ifs=[
            *(exp.If(this=f.copy(), true=_code_in_force(p, inputs)) for f, p in zip(force, parts, strict=True)),
            exp.If(this=never, true=_number(NOT_APPLICABLE)),
            *_missing(act.inputs[:1], inputs),
        ],
        default=_number(NOT_IN_FORCE),
    )
    return CompiledRule(
        rule_id, versions, inputs, code,
        _by_version(force, [part.measured for part in parts]), _by_version(force, [part.limit for part in parts]),
        _by_version(force, [exp.Array(expressions=[h.copy() for h in p.hits] or [exp.null()]) for p in parts]),
        _by_version(force, [_harmless(part) for part in parts]), parts[-1].kind, parts[-1].bound,
        versions[-1].comparator == "<",
    )  # fmt: skip


def _by_version(force: list[exp.Expression], values: list[exp.Expression]) -> exp.Expression:
    if len(values) == 1:
        return values[0]
    return exp.Case(ifs=[exp.If(this=f.copy(), true=v.copy()) for f, v in zip(force, values, strict=True)])


def _harmless(version: _Version) -> exp.Expression:
    unknown = exp.Is(this=exp.paren(version.scope.sql.copy()), expression=exp.null())
    return exp.And(this=exp.paren(unknown), expression=exp.paren(version.compared.copy()))


def shown(value: exp.Expression, kind: str) -> exp.Expression:
    """A value as text; numbers without the zeros that only their type adds."""
    if kind != "number":
        return exp.cast(value, "VARCHAR")
    return functions.fill(
        "REGEXP_REPLACE(REGEXP_REPLACE(CAST(:v AS VARCHAR), '(\\.[0-9]*[1-9])0+$', '\\1'), '\\.0*$', '')", v=value
    )


def mentioned(rule: Rule) -> list[str]:
    """Every field the rule's cells name, in order: the evidence shown with a verdict."""
    trees = [parse(text) for text in (rule.scope or "true", rule.measure, rule.limit)]
    found = [column.name for tree in trees for column in tree.find_all(exp.Column) if not column.table]
    return list(dict.fromkeys(found))


def asked_tables(rule: Rule) -> list[str]:
    """The limit tables the rule asks, in the order in which the compiler numbers their hits."""
    trees = [parse(text) for text in (rule.measure, rule.limit)]
    return list(dict.fromkeys(c.table for tree in trees for c in _in_order(tree) if c.table))


def _in_order(tree: exp.Expression) -> list[exp.Column]:
    return [node for node in tree.walk(bfs=False) if isinstance(node, exp.Column)]
