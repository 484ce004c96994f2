"""What the expressions about one subject may read: facts, derived fields, and limits in force at the date of an act.

Read-only: the query that computes what they name is put together by policy.engine.query_builder.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from sqlglot import exp

from data import dictionary
from data.dictionary import Field
from data.language import functions
from data.language.expressions import KINDS, ExpressionError, NameResolver, TypedExpression, typed_fact
from data.language.type_checking import compile_text
from data.messages.catalogue import bilingual, term
from policy.decision_tables import lookups
from policy.decision_tables.lookups import ParsedTables
from policy.model.problem import Problem
from policy.model.records import DerivedField, Policy

DAY_OF_JUDGEMENT = "as_of"
HIT_PREFIX = "hit"


@dataclass(frozen=True)
class HitColumn:
    """The computed column with the number of the row of `table` that matches, by the date in the fact `act`."""

    table: str
    act: str

    @property
    def name(self) -> str:
        return f"{HIT_PREFIX}:{self.table}:{self.act}"

    @classmethod
    def from_name(cls, name: str) -> "HitColumn | None":
        """The hit column of this name; None for the name of any other column."""
        prefix, _, rest = name.partition(":")
        table, _, act = rest.partition(":")
        return cls(table, act) if prefix == HIT_PREFIX and act else None


@dataclass(frozen=True, eq=False)
class Scope:
    """The names that expressions about one subject may use, and their types.

    `uses_today`: the day of judgement picks the version in force, not the date of the act. `columns`: facts and
    derived fields by name. `derived`: the SQL of the fields computed from the same record. `gathered`: the fields
    aggregated from the records of another subject. `problems`: derived fields that cannot be used.
    """

    policy: Policy
    subject: str
    uses_today: bool
    tables: ParsedTables
    facts: Mapping[str, Field]
    columns: Mapping[str, TypedExpression]
    derived: Mapping[str, exp.Expr] = field(default_factory=dict)
    gathered: Mapping[str, DerivedField] = field(default_factory=dict)
    problems: tuple[Problem, ...] = ()

    @property
    def key(self) -> str:
        """The fact by which records of other subjects belong to one of these."""
        return dictionary.load_subjects()[self.subject].key

    def resolve_act_date(self, name: str) -> TypedExpression:
        """The date of the act that picks the version; the day of judgement for today's rules.

        Raises ExpressionError for a name that is unknown or is not a date.
        """
        names = NameResolver(self.columns, lambda _table, _column: None, [])
        found = names.resolve_field(DAY_OF_JUDGEMENT if self.uses_today else name)
        if found.kind != "date":
            raise ExpressionError(bilingual("engine.act_not_a_date", name=name))
        return found

    def make_resolver(self, act: TypedExpression, rows: Mapping[str, int] | None = None) -> NameResolver:
        """What an expression judged by this act's date may refer to; `rows` pins a table to one of its rows."""

        def resolve(table: str, column: str) -> TypedExpression | None:
            return self._resolve_limit(table, column, act, (rows or {}).get(table))

        return NameResolver(self.columns, resolve, list(self.policy.limit_tables))

    def hit_sql(self, hit: HitColumn) -> exp.Expr:
        """The number of the matching row, lookups.NO_ROW, or NULL where a key is unknown."""
        return lookups.matching_row_case(self.row_conditions(hit.table, functions.column_reference(hit.act)))

    def row_conditions(self, table: str, act: exp.Expr) -> list[exp.Expr]:
        """One condition for each row of a limit table over the columns of this subject."""
        return lookups.row_conditions(self.tables[table], self.columns, act)

    def require_single_row(self, typed: TypedExpression) -> None:
        """Raises ExpressionError for a table of which several rows may match: a field has one value."""
        for table in typed.lookups:
            if self.policy.limit_tables[table].hit_policy == "collect":
                raise ExpressionError(bilingual("engine.collect_table_outside_limit", table=table))

    def find_table_problems(self, table: str) -> list[Problem]:
        """The cells of a limit table that cannot be read, or whose code its column's list does not have."""
        parsed = self.tables[table]
        keys = [key.name for key in parsed.table.key_columns if key.name in self.columns]
        unknown = lookups.find_unknown_codes(parsed, {name: self.columns[name].code_list for name in keys})
        return sorted((*parsed.problems, *unknown), key=lambda problem: problem.row)

    def _resolve_limit(
        self, table: str, column: str, act: TypedExpression, pinned_row: int | None
    ) -> TypedExpression | None:
        declared = self.policy.limit_tables[table].find_column(column)
        if declared is None or declared.role != "limit":
            return None
        if declared.type not in KINDS:
            raise ExpressionError(bilingual("engine.unknown_type", type=declared.type))
        keys = lookups.resolve_key_fields(self.policy.limit_tables[table], self.columns)
        parsed = self.tables[table]
        if not parsed.table.rows:
            raise ExpressionError(bilingual("engine.limit_table_without_rows", table=table))
        if pinned_row is None:
            hit = functions.column_reference(HitColumn(table, act.sql.name).name)
            sql = lookups.limit_value_case(parsed, column, hit)
        else:
            sql = parsed.values[pinned_row][column].copy()
        inputs = tuple(dict.fromkeys((*act.inputs, *(name for key in keys for name in key.inputs))))
        return TypedExpression(sql, KINDS[declared.type], declared.unit or None, None, inputs, (table,))


def build_scope(
    policy: Policy,
    subject: str,
    *,
    uses_today: bool = False,
    tables: ParsedTables | None = None,
    with_aggregates: bool = True,
) -> Scope:
    """The scope of a subject; a derived field may read those before it in the table.

    `tables`: the policy's limit tables where they are parsed already. A derived field that cannot be used is a
    problem of the scope and is NULL.
    """
    facts = dictionary.facts_of_subject(subject)
    columns = {name: typed_fact(fact) for name, fact in facts.items()}
    scope = Scope(policy, subject, uses_today, tables or ParsedTables(policy.limit_tables), facts, columns)
    for derived in policy.derived:
        if derived.subject == subject and (with_aggregates or not derived.from_subject):
            scope = _add_derived(scope, derived)
    return scope


def _add_derived(scope: Scope, derived: DerivedField) -> Scope:
    """The scope with one more field."""
    kind = KINDS.get(derived.type, "number")
    column = functions.column_reference(derived.name)
    known = TypedExpression(column, kind, derived.unit or None, derived.codes or None, (derived.name,))
    try:
        if derived.from_subject:
            _require_gatherable(derived)
            return replace(
                scope,
                columns={**scope.columns, derived.name: known},
                gathered={**scope.gathered, derived.name: derived},
            )
        typed = _compile_derived(scope, derived)
    except ExpressionError as error:
        return replace(
            scope,
            columns={**scope.columns, derived.name: known},
            derived={**scope.derived, derived.name: exp.null()},
            problems=(*scope.problems, make_derived_problem(derived, error)),
        )
    return replace(
        scope,
        columns={**scope.columns, derived.name: replace(known, inputs=(*typed.inputs, derived.name))},
        derived={**scope.derived, derived.name: typed.sql},
    )


def _require_gatherable(derived: DerivedField) -> None:
    _require_known_type(derived)
    if derived.from_subject not in dictionary.load_subjects():
        raise ExpressionError(bilingual("engine.unknown_subject", subject=derived.from_subject))


def _require_known_type(derived: DerivedField) -> None:
    if derived.type not in KINDS:
        raise ExpressionError(bilingual("engine.unknown_type", type=derived.type))


def _compile_derived(scope: Scope, derived: DerivedField) -> TypedExpression:
    _require_known_type(derived)
    act = scope.resolve_act_date(derived.act_date)
    typed = compile_text(derived.expression, scope.make_resolver(act))
    if typed.kind != KINDS[derived.type]:
        raise ExpressionError(bilingual("engine.kind_not_as_declared", kind=term(typed.kind), type=derived.type))
    scope.require_single_row(typed)
    return typed


def make_derived_problem(derived: DerivedField, error: ExpressionError) -> Problem:
    """The finding that a derived field cannot be used."""
    place = derived.place
    return Problem(
        "error", place.table, place.row, "expression", error.full_message, bilingual("engine.correct_this_row")
    )
