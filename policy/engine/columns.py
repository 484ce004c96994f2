"""The columns of one subject: its facts, the fields that policy derives, and which limit row answers a record."""

from collections.abc import Iterable
from dataclasses import replace

from sqlglot import exp

from data import dictionary
from data.messages.catalogue import bilingual, term
from policy.decision_tables import lookups
from policy.language import dialects, functions
from policy.language.dialects import BOOK, Engine
from policy.language.expressions import KINDS, ExpressionError, NameResolver, TypedExpression, typed_fact
from policy.language.type_checking import compile_text
from policy.model.problem import Problem
from policy.model.records import AGGREGATES, DerivedField, Policy


class SubjectColumns:
    """Grows with what rules ask for; `select` gives the layered query over the subject's facts."""

    def __init__(self, policy: Policy, subject: str, *, today: bool = False, aggregates_given: bool = False) -> None:
        """`today`: the day of judgement picks the version; `given`: the base relation carries the aggregates."""
        self.policy, self.subject, self.today, self.given = policy, subject, today, aggregates_given
        self.facts = dictionary.facts_of_subject(subject)
        self.key = dictionary.load_subjects()[subject].key
        self.typed: dict[str, TypedExpression] = {name: typed_fact(field) for name, field in self.facts.items()}
        self.computed: dict[str, exp.Expression] = {}
        self.aggregates: dict[str, Aggregate] = {}
        self.rendered: dict[tuple[str, frozenset[str] | None, bool, bool, int, Engine], str] = {}
        self.parsed: dict[str, lookups.ParsedTable] = {}
        self.problems: list[Problem] = []
        for derived in policy.derived:
            if derived.subject == subject:
                self._add_derived(derived)

    def resolve_act_date(self, name: str) -> TypedExpression:
        """The date of the act that picks the version; the day of judgement for today's rules."""
        found = NameResolver(self.typed, lambda _t, _c: None, []).resolve_field("as_of" if self.today else name)
        if found.kind != "date":
            raise ExpressionError(bilingual("engine.no_date_cannot_say", name=name))
        return found

    def make_resolver(self, act: TypedExpression, rows: dict[str, int] | None = None) -> NameResolver:
        """What an expression judged by this act's date may refer to; `rows` pins a table to one of its rows."""

        def limit(table: str, column: str) -> TypedExpression | None:
            return self._resolve_limit(table, column, act, rows or {})

        return NameResolver(self.typed, limit, list(self.policy.limit_tables))

    def parsed_table(self, name: str) -> lookups.ParsedTable:
        if name not in self.parsed:
            table = self.policy.limit_tables[name]
            lists = {key.name: self.typed[key.name].code_list for key in table.key_columns if key.name in self.typed}
            self.parsed[name], problems = lookups.parse_table(table, lists)
            self.problems += problems
        return self.parsed[name]

    def add_computed(self, name: str, sql: exp.Expression) -> exp.Expression:
        """The expression as a column of its own, so that what uses it twice computes it once."""
        if isinstance(sql, exp.Column | exp.Literal | exp.Boolean | exp.Null):
            return sql
        self.computed[name] = sql
        return functions.column_reference(name)

    def add_hit_column(self, table: str, act: TypedExpression) -> str:
        """The computed column that holds the number of the row that answers."""
        name = f"hit:{table}:{act.sql.name}"
        if name not in self.computed:
            self.computed[name] = lookups.matching_row_case(
                lookups.row_conditions(self.parsed_table(table), self.typed, act.sql)
            )
        return name

    def _resolve_limit(
        self, table: str, column: str, act: TypedExpression, rows: dict[str, int]
    ) -> TypedExpression | None:
        declared = self.policy.limit_tables[table].find_column(column)
        if declared is None or declared.role != "limit":
            return None
        keys = lookups.resolve_key_fields(self.policy.limit_tables[table], self.typed)
        parsed = self.parsed_table(table)
        if not parsed.table.rows:
            raise ExpressionError(bilingual("engine.limit_table_no_rows", table=table))
        pinned = rows.get(table)
        if pinned is None:
            sql = lookups.limit_value_case(parsed, column, functions.column_reference(self.add_hit_column(table, act)))
        else:
            sql = parsed.values[pinned][column].copy()
        inputs = tuple(dict.fromkeys((*act.inputs, *(name for key in keys for name in key.inputs))))
        return TypedExpression(sql, KINDS[declared.type], declared.unit or None, None, inputs, (table,))

    def _add_derived(self, derived: DerivedField) -> None:
        try:
            kind = KINDS[derived.type]
            if derived.from_subject:
                if derived.from_subject not in dictionary.load_subjects():
                    raise ExpressionError(bilingual("engine.unknown_subject", from_subject=derived.from_subject))
                self.aggregates[derived.name] = Aggregate(self.policy, derived, today=self.today)
                inputs: tuple[str, ...] = (derived.name,)
            else:
                typed = compile_text(derived.expression, self.make_resolver(self.resolve_act_date(derived.act_date)))
                if typed.kind != kind:
                    raise ExpressionError(
                        bilingual("engine.gives_but_declared", kind=term(typed.kind), type=derived.type)
                    )
                self.require_single_row(typed)
                self.computed[derived.name] = typed.sql
                inputs = (*typed.inputs, derived.name)
        except (ExpressionError, KeyError) as error:
            message = (
                error.full_message
                if isinstance(error, ExpressionError)
                else bilingual("engine.unknown_type", type=derived.type)
            )
            place = derived.place
            self.problems.append(
                Problem("error", place.table, place.row, "expression", message, bilingual("engine.mend_row"))
            )
            inputs, kind = (derived.name,), KINDS.get(derived.type, "number")
            self.computed[derived.name] = exp.null()
        column = functions.column_reference(derived.name)
        self.typed[derived.name] = TypedExpression(column, kind, derived.unit or None, derived.codes or None, inputs)

    def require_single_row(self, typed: TypedExpression) -> None:
        """Raises ExpressionError for a table of which several rows may answer: a field has one value."""
        for table in typed.lookups:
            if self.policy.limit_tables[table].hit_policy == "collect":
                raise ExpressionError(bilingual("engine.several_rows_may_answer", table=table))

    def find_hit_columns(self, roots: Iterable[str]) -> dict[str, str]:
        """The computed columns that hold which limit row answers, and their tables, behind these columns."""
        return {name: name.split(":")[1] for name in sorted(self._needed_columns(roots)) if name.startswith("hit:")}

    def _columns_read_by(self, name: str) -> set[str]:
        return {column.name for column in self.computed[name].find_all(exp.Column)}

    def _needed_columns(self, roots: Iterable[str]) -> set[str]:
        """The computed and aggregated columns that the roots are made of."""
        found: set[str] = set()
        todo = set(roots)
        while todo:
            name = todo.pop()
            if name not in found and (name in self.computed or name in self.aggregates):
                found.add(name)
                todo |= self._columns_read_by(name) if name in self.computed else set()
        return found

    def _order_in_layers(self, needed: set[str]) -> list[dict[str, exp.Expression]]:
        """Computed columns in the order they can be computed: each layer reads only the ones before it."""
        level: dict[str, int] = {}

        def level_of(name: str) -> int:
            if name not in self.computed:
                return 0
            if name not in level:
                level[name] = 1 + max(map(level_of, self._columns_read_by(name)), default=0)
            return level[name]

        found: list[dict[str, exp.Expression]] = []
        for name in (name for name in self.computed if name in needed):
            index = level_of(name) - 1
            found += [{} for _ in range(index + 1 - len(found))]
            found[index][name] = self.computed[name]
        return found

    def render_query(
        self,
        base: str,
        roots: frozenset[str] | None = None,
        *,
        narrow: bool = False,
        pruned: bool = False,
        engine: Engine = BOOK,
    ) -> str:
        """SQL of CTEs ending in `columns`: the relation `base` with the computed columns behind `roots` (all if None).

        `narrow`: the records are few, so aggregate only over what belongs to them. `pruned`: only the facts that the
        roots are made of, which plans several times faster than all of them.
        """
        key = (base, roots, narrow, pruned, len(self.computed), engine)
        if key not in self.rendered:
            needed = self._needed_columns(roots if roots is not None else [*self.computed, *self.aggregates])
            shown = self._facts_select_list(needed | set(roots), engine) if pruned and roots is not None else "facts.*"
            self.rendered[key] = self._render_ctes(base, needed, shown, engine, narrow=narrow)
        return self.rendered[key]

    def _facts_select_list(self, names: set[str], engine: Engine) -> str:
        """The facts that the columns are made of, and the key that joins what is aggregated."""
        read = {self.key} | names
        for name in names:
            read |= self._columns_read_by(name) if name in self.computed else set()
        return ", ".join(f"facts.{dialects.quote_identifier(name, engine)}" for name in self.facts if name in read)

    def _render_ctes(self, base: str, needed: set[str], shown: str, engine: Engine, *, narrow: bool) -> str:
        ctes = [f"base AS ({self._render_base(base, needed, shown, engine, narrow=narrow)})"]
        before = "base"
        for number, layer in enumerate(self._order_in_layers(needed)):
            added = ", ".join(
                f"{functions.render(sql, engine)} AS {dialects.quote_identifier(name, engine)}"
                for name, sql in layer.items()
            )
            ctes.append(f"layer{number} AS (SELECT *, {added} FROM {before})")
            before = f"layer{number}"
        ctes.append(f"columns AS (SELECT * FROM {before})")
        return "WITH " + ",\n".join(ctes)

    def _render_base(self, base: str, needed: set[str], shown: str, engine: Engine, *, narrow: bool) -> str:
        if self.given:
            return f"SELECT * FROM {base} AS facts"
        joins, added = [], ""
        for number, name in enumerate(name for name in self.aggregates if name in needed):
            key = dialects.quote_identifier(self.key, engine)
            only = f" AND {key} IN (SELECT {key} FROM {base} AS narrow)" if narrow else ""
            joins.append(
                f"LEFT JOIN ({self.aggregates[name].render_from_facts(only, engine)}) AS child{number} USING ({key})"
            )
            added += f", child{number}.value AS {dialects.quote_identifier(name, engine)}"
        return f"SELECT {shown}{added} FROM {base} AS facts " + " ".join(joins)


class Aggregate:
    """A derived field that gathers the rows of a child subject over their parent; unknown where one row is."""

    def __init__(self, policy: Policy, derived: DerivedField, *, today: bool) -> None:
        """Raises ExpressionError when the expression cannot be used."""
        same_row = tuple(other for other in policy.derived if not other.from_subject)
        self.columns = SubjectColumns(replace(policy, derived=same_row), derived.from_subject, today=today)
        self.derived, self.key = derived, dictionary.load_subjects()[derived.subject].key
        if self.key not in self.columns.facts:
            raise ExpressionError(
                bilingual(
                    "engine.no_which_would_say",
                    from_subject=derived.from_subject,
                    key=self.key,
                )
            )
        names = self.columns.make_resolver(self.columns.resolve_act_date(derived.act_date))
        self.value = compile_text(derived.expression, names)
        self.columns.require_single_row(self.value)
        if derived.aggregate not in AGGREGATES:
            raise ExpressionError(bilingual("engine.none", aggregate=derived.aggregate, known=", ".join(AGGREGATES)))

    def render_from_facts(self, only: str, engine: Engine = BOOK) -> str:
        return self.render_over(engine.facts_sql(self.derived.from_subject, only), engine)

    def render_over(self, source: str, engine: Engine = BOOK) -> str:
        """[the parent's key, value] of the child rows of a relation."""
        key = dialects.quote_identifier(self.key, engine)
        value = functions.render(self.value.sql, engine)
        total = f"{self.derived.aggregate.upper()}({value})"
        total = f"CAST({total} AS {functions.WIDE})" if self.derived.aggregate == "sum" else total
        whole = total if self.derived.aggregate == "count" else f"CASE WHEN COUNT(*) = COUNT({value}) THEN {total} END"
        roots = frozenset(column.name for column in self.value.sql.find_all(exp.Column)) | {self.key}
        select = self.columns.render_query(source, roots, pruned=True, engine=engine)
        return f"{select} SELECT {key}, {whole} AS value FROM columns GROUP BY {key}"


def quote_identifier(name: str) -> str:
    """A column name that came from a table, safe to stand in the SQL of the book."""
    return dialects.quote_identifier(name)
