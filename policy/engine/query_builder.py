"""The query over the facts of one subject: what is aggregated from other subjects, then computed columns in layers.

The compiler adds the columns that rules need; `render_query` writes those that are asked for. What names mean is
settled by policy.engine.scope.
"""

from collections.abc import Iterable

from sqlglot import exp

from data.language import dialects, functions
from data.language.dialects import BOOK, Engine
from data.language.expressions import ExpressionError, TypedExpression
from data.language.type_checking import compile_text
from data.messages.catalogue import bilingual
from policy.engine.scope import HitColumn, Scope, build_scope, make_derived_problem
from policy.model.policy_cache import cached_on_owner
from policy.model.problem import Problem
from policy.model.records import AGGREGATES, DerivedField


def column_names(*trees: exp.Expr) -> frozenset[str]:
    """The columns that these expressions read."""
    return frozenset(column.name for tree in trees for column in tree.find_all(exp.Column))


class QueryBuilder:
    """The computed and aggregated columns of one subject, and the query that computes them.

    `computed`: the SQL of each computed column by name. `aggregates`: the fields gathered from other subjects.
    `problems`: aggregates that cannot be used; these are NULL.
    """

    def __init__(self, scope: Scope, *, aggregates_given: bool = False) -> None:
        """`aggregates_given`: the relation that the query reads carries the aggregates already."""
        self.scope, self.aggregates_given = scope, aggregates_given
        self.computed: dict[str, exp.Expr] = {}
        self.aggregates: dict[str, Aggregate] = {}
        self.problems: list[Problem] = []
        for name, sql in scope.derived.items():
            self.add_lookups(sql)
            self.computed[name] = sql
        for name, derived in scope.gathered.items():
            self._add_aggregate(name, derived)

    def _add_aggregate(self, name: str, derived: DerivedField) -> None:
        try:
            self.aggregates[name] = Aggregate(self.scope, derived)
        except ExpressionError as error:
            self.problems.append(make_derived_problem(derived, error))
            self.computed[name] = exp.null()

    def add_column(self, name: str, sql: exp.Expr) -> exp.Expr:
        """The expression as a column of its own, so that what uses it twice computes it once."""
        if isinstance(sql, exp.Column | exp.Literal | exp.Boolean | exp.Null):
            return sql
        self.computed[name] = sql
        return functions.column_reference(name)

    def add_lookups(self, *trees: exp.Expr) -> None:
        """The hit columns that these expressions read."""
        for tree in trees:
            for column in tree.find_all(exp.Column, bfs=False):
                hit = HitColumn.from_name(column.name)
                if hit and hit.name not in self.computed:
                    self.computed[hit.name] = self.scope.hit_sql(hit)

    def find_hit_columns(self, roots: Iterable[str]) -> dict[str, str]:
        """The hit columns behind these columns, and the limit table of each."""
        hits = {name: HitColumn.from_name(name) for name in sorted(self._needed_columns(roots))}
        return {name: hit.table for name, hit in hits.items() if hit}

    @cached_on_owner
    def source_facts(self, names: frozenset[str]) -> frozenset[str]:
        """The facts and aggregates that these columns are made of."""
        read = names | {name for needed in self._needed_columns(names) for name in self._columns_read_by(needed)}
        return frozenset(name for name in read if name not in self.computed and self._is_source(name))

    def _is_source(self, name: str) -> bool:
        return name in self.scope.facts or name in self.aggregates

    def _columns_read_by(self, name: str) -> frozenset[str]:
        """The columns that a computed column reads; none for any other."""
        return column_names(self.computed[name]) if name in self.computed else frozenset()

    def _needed_columns(self, roots: Iterable[str]) -> set[str]:
        """The computed and aggregated columns that the roots are made of."""
        found: set[str] = set()
        todo = set(roots)
        while todo:
            name = todo.pop()
            if name not in found and (name in self.computed or name in self.aggregates):
                found.add(name)
                todo |= self._columns_read_by(name)
        return found

    def _order_in_layers(self, needed: set[str]) -> list[dict[str, exp.Expr]]:
        """Computed columns in the order they can be computed: each layer reads only the ones before it."""
        level: dict[str, int] = {}

        def level_of(name: str) -> int:
            if name not in self.computed:
                return 0
            if name not in level:
                level[name] = 1 + max(map(level_of, self._columns_read_by(name)), default=0)
            return level[name]

        found: list[dict[str, exp.Expr]] = []
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
        # The number of columns is part of the key: a compiler may still be adding some.
        return self._render_cached(base, roots, narrow, pruned, engine, len(self.computed))

    @cached_on_owner
    def _render_cached(
        self, base: str, roots: frozenset[str] | None, narrow: bool, pruned: bool, engine: Engine, _columns: int
    ) -> str:
        needed = self._needed_columns(roots if roots is not None else [*self.computed, *self.aggregates])
        shown = self._facts_select_list(needed | set(roots), engine) if pruned and roots is not None else "facts.*"
        ctes = [f"base AS ({self._base_sql(base, needed, shown, engine, narrow=narrow)})"]
        before = "base"
        for number, layer in enumerate(self._order_in_layers(needed)):
            ctes.append(f"layer{number} AS (SELECT *, {_select_list(layer, engine)} FROM {before})")
            before = f"layer{number}"
        ctes.append(f"columns AS (SELECT * FROM {before})")
        return "WITH " + ",\n".join(ctes)

    def _facts_select_list(self, names: set[str], engine: Engine) -> str:
        """The facts that the columns are made of, and the key that joins what is aggregated."""
        read = {self.scope.key, *names}.union(*(self._columns_read_by(name) for name in names))
        return ", ".join(
            f"facts.{dialects.quote_identifier(name, engine)}" for name in self.scope.facts if name in read
        )

    def _base_sql(self, base: str, needed: set[str], shown: str, engine: Engine, *, narrow: bool) -> str:
        if self.aggregates_given:
            return f"SELECT * FROM {base} AS facts"
        key = dialects.quote_identifier(self.scope.key, engine)
        only = f" AND {key} IN (SELECT {key} FROM {base} AS narrow)" if narrow else ""
        joins, added = [], ""
        for number, name in enumerate(name for name in self.aggregates if name in needed):
            gathered = self.aggregates[name].render_from_facts(only, engine)
            joins.append(f"LEFT JOIN ({gathered}) AS child{number} USING ({key})")
            added += f", child{number}.value AS {dialects.quote_identifier(name, engine)}"
        return f"SELECT {shown}{added} FROM {base} AS facts " + " ".join(joins)


def _select_list(layer: dict[str, exp.Expr], engine: Engine) -> str:
    return ", ".join(
        f"{functions.render(sql, engine)} AS {dialects.quote_identifier(name, engine)}" for name, sql in layer.items()
    )


class Aggregate:
    """A derived field gathered from the records of a child subject; unknown where one of them is."""

    def __init__(self, parent: Scope, derived: DerivedField) -> None:
        """Raises ExpressionError when the expression cannot be used."""
        self.derived, self.key = derived, parent.key
        self.query = QueryBuilder(
            build_scope(
                parent.policy,
                derived.from_subject,
                uses_today=parent.uses_today,
                tables=parent.tables,
                with_aggregates=False,
            )
        )
        self.value = self._compile_value()

    def _compile_value(self) -> TypedExpression:
        scope, derived = self.query.scope, self.derived
        if self.key not in scope.facts:
            raise ExpressionError(bilingual("engine.child_without_key", subject=derived.from_subject, key=self.key))
        act = scope.resolve_act_date(derived.act_date)
        value = compile_text(derived.expression, scope.make_resolver(act))
        scope.require_single_row(value)
        self.query.add_lookups(value.sql)
        if derived.aggregate not in AGGREGATES:
            raise ExpressionError(
                bilingual("engine.unknown_aggregate", aggregate=derived.aggregate, known=", ".join(AGGREGATES))
            )
        return value

    def render_from_facts(self, only: str, engine: Engine = BOOK) -> str:
        """[the parent's key, value] of the child records at the day of judgement; `only`: one more condition."""
        return self.render_over(engine.facts_sql(self.derived.from_subject, only), engine)

    def render_over(self, source: str, engine: Engine = BOOK) -> str:
        """[the parent's key, value] of the child records of a relation."""
        key = dialects.quote_identifier(self.key, engine)
        value = functions.render(self.value.sql, engine)
        total = f"{self.derived.aggregate.upper()}({value})"
        total = f"CAST({total} AS {functions.WIDE})" if self.derived.aggregate == "sum" else total
        whole = total if self.derived.aggregate == "count" else f"CASE WHEN COUNT(*) = COUNT({value}) THEN {total} END"
        roots = column_names(self.value.sql) | {self.key}
        select = self.query.render_query(source, roots, pruned=True, engine=engine)
        return f"{select} SELECT {key}, {whole} AS value FROM columns GROUP BY {key}"


def quote_identifier(name: str) -> str:
    """A column name that came from a table, safe to use in the SQL of the book."""
    return dialects.quote_identifier(name)
