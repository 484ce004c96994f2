"""The columns of one subject: its facts, the fields that policy derives, and which limit row answers a record."""

from collections.abc import Iterable
from dataclasses import replace

from sqlglot import exp

from data import dictionary
from data.messages.catalogue import bilingual, term
from policy.decision_tables import lookups
from policy.language import dialects, functions
from policy.language.dialects import BOOK, Engine
from policy.language.expressions import KINDS, ExpressionError, Names, Typed, fact
from policy.language.type_checking import compile_text
from policy.model.records import AGGREGATES, Derived, Policy, Problem


class Columns:
    """Grows with what rules ask for; `select` gives the layered query over the subject's facts."""

    def __init__(self, policy: Policy, subject: str, *, today: bool = False, given: bool = False) -> None:
        """`today`: the day of judgement picks the version; `given`: the base relation carries the aggregates."""
        self.policy, self.subject, self.today, self.given = policy, subject, today, given
        self.facts = dictionary.facts(subject)
        self.key = dictionary.subjects()[subject].key
        self.typed: dict[str, Typed] = {name: fact(field) for name, field in self.facts.items()}
        self.computed: dict[str, exp.Expression] = {}
        self.aggregates: dict[str, Aggregate] = {}
        self.rendered: dict[tuple[str, frozenset[str] | None, bool, bool, int, Engine], str] = {}
        self.parsed: dict[str, lookups.ParsedTable] = {}
        self.problems: list[Problem] = []
        for derived in policy.derived:
            if derived.subject == subject:
                self._derive(derived)

    def act(self, name: str) -> Typed:
        """The date of the act that picks the version; the day of judgement for today's rules."""
        found = Names(self.typed, lambda _t, _c: None, []).column("as_of" if self.today else name)
        if found.kind != "date":
            raise ExpressionError(bilingual("engine.no_date_cannot_say", name=name))
        return found

    def names(self, act: Typed, rows: dict[str, int] | None = None) -> Names:
        """What an expression judged by this act's date may refer to; `rows` pins a table to one of its rows."""

        def limit(table: str, column: str) -> Typed | None:
            return self._limit(table, column, act, rows or {})

        return Names(self.typed, limit, list(self.policy.limit_tables))

    def table(self, name: str) -> lookups.ParsedTable:
        if name not in self.parsed:
            table = self.policy.limit_tables[name]
            lists = {key.name: self.typed[key.name].code_list for key in table.keys if key.name in self.typed}
            self.parsed[name], problems = lookups.parse_table(table, lists)
            self.problems += problems
        return self.parsed[name]

    def compute(self, name: str, sql: exp.Expression) -> exp.Expression:
        """The expression as a column of its own, so that what uses it twice computes it once."""
        if isinstance(sql, exp.Column | exp.Literal | exp.Boolean | exp.Null):
            return sql
        self.computed[name] = sql
        return functions.column(name)

    def hit_column(self, table: str, act: Typed) -> str:
        """The computed column that holds the number of the row that answers."""
        name = f"hit:{table}:{act.sql.name}"
        if name not in self.computed:
            self.computed[name] = lookups.hit(lookups.conditions(self.table(table), self.typed, act.sql))
        return name

    def _limit(self, table: str, column: str, act: Typed, rows: dict[str, int]) -> Typed | None:
        declared = self.policy.limit_tables[table].column(column)
        if declared is None or declared.role != "limit":
            return None
        keys = lookups.key_columns(self.policy.limit_tables[table], self.typed)
        parsed = self.table(table)
        if not parsed.table.rows:
            raise ExpressionError(bilingual("engine.limit_table_no_rows", table=table))
        pinned = rows.get(table)
        if pinned is None:
            sql = lookups.value_at(parsed, column, functions.column(self.hit_column(table, act)))
        else:
            sql = parsed.values[pinned][column].copy()
        inputs = tuple(dict.fromkeys((*act.inputs, *(name for key in keys for name in key.inputs))))
        return Typed(sql, KINDS[declared.type], declared.unit or None, None, inputs, (table,))

    def _derive(self, derived: Derived) -> None:
        try:
            kind = KINDS[derived.type]
            if derived.from_subject:
                if derived.from_subject not in dictionary.subjects():
                    raise ExpressionError(bilingual("engine.unknown_subject", from_subject=derived.from_subject))
                self.aggregates[derived.name] = Aggregate(self.policy, derived, today=self.today)
                inputs: tuple[str, ...] = (derived.name,)
            else:
                typed = compile_text(derived.expression, self.names(self.act(derived.as_of or "as_of")))
                if typed.kind != kind:
                    raise ExpressionError(
                        bilingual("engine.gives_but_declared", kind=term(typed.kind), type=derived.type)
                    )
                self.one_row(typed)
                self.computed[derived.name] = typed.sql
                inputs = (*typed.inputs, derived.name)
        except (ExpressionError, KeyError) as error:
            message = (
                error.told
                if isinstance(error, ExpressionError)
                else bilingual("engine.unknown_type", type=derived.type)
            )
            place = derived.place
            self.problems.append(
                Problem("error", place.table, place.row, "expression", message, bilingual("engine.mend_row"))
            )
            inputs, kind = (derived.name,), KINDS.get(derived.type, "number")
            self.computed[derived.name] = exp.null()
        column = functions.column(derived.name)
        self.typed[derived.name] = Typed(column, kind, derived.unit or None, derived.codes or None, inputs)

    def one_row(self, typed: Typed) -> None:
        """Raises ExpressionError for a table of which several rows may answer: a field has one value."""
        for table in typed.lookups:
            if self.policy.limit_tables[table].hit_policy == "collect":
                raise ExpressionError(bilingual("engine.several_rows_may_answer", table=table))

    def hits_behind(self, roots: Iterable[str]) -> dict[str, str]:
        """The computed columns that hold which limit row answers, and their tables, behind these columns."""
        return {name: name.split(":")[1] for name in sorted(self._needed(roots)) if name.startswith("hit:")}

    def _reads(self, name: str) -> set[str]:
        return {column.name for column in self.computed[name].find_all(exp.Column)}

    def _needed(self, roots: Iterable[str]) -> set[str]:
        """The computed and aggregated columns that the roots are made of."""
        found: set[str] = set()
        todo = set(roots)
        while todo:
            name = todo.pop()
            if name not in found and (name in self.computed or name in self.aggregates):
                found.add(name)
                todo |= self._reads(name) if name in self.computed else set()
        return found

    def _layers(self, needed: set[str]) -> list[dict[str, exp.Expression]]:
        """Computed columns in the order they can be computed: each layer reads only the ones before it."""
        level: dict[str, int] = {}

        def level_of(name: str) -> int:
            if name not in self.computed:
                return 0
            if name not in level:
                level[name] = 1 + max(map(level_of, self._reads(name)), default=0)
            return level[name]

        found: list[dict[str, exp.Expression]] = []
        for name in (name for name in self.computed if name in needed):
            index = level_of(name) - 1
            found += [{} for _ in range(index + 1 - len(found))]
            found[index][name] = self.computed[name]
        return found

    def select(
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
            needed = self._needed(roots if roots is not None else [*self.computed, *self.aggregates])
            shown = self._facts_behind(needed | set(roots), engine) if pruned and roots is not None else "facts.*"
            self.rendered[key] = self._select(base, needed, shown, engine, narrow=narrow)
        return self.rendered[key]

    def _facts_behind(self, names: set[str], engine: Engine) -> str:
        """The facts that the columns are made of, and the key that joins what is aggregated."""
        read = {self.key} | names
        for name in names:
            read |= self._reads(name) if name in self.computed else set()
        return ", ".join(f"facts.{dialects.identifier(name, engine)}" for name in self.facts if name in read)

    def _select(self, base: str, needed: set[str], shown: str, engine: Engine, *, narrow: bool) -> str:
        ctes = [f"base AS ({self._with_aggregates(base, needed, shown, engine, narrow=narrow)})"]
        before = "base"
        for number, layer in enumerate(self._layers(needed)):
            added = ", ".join(
                f"{functions.render(sql, engine)} AS {dialects.identifier(name, engine)}" for name, sql in layer.items()
            )
            ctes.append(f"layer{number} AS (SELECT *, {added} FROM {before})")
            before = f"layer{number}"
        ctes.append(f"columns AS (SELECT * FROM {before})")
        return "WITH " + ",\n".join(ctes)

    def _with_aggregates(self, base: str, needed: set[str], shown: str, engine: Engine, *, narrow: bool) -> str:
        if self.given:
            return f"SELECT * FROM {base} AS facts"
        joins, added = [], ""
        for number, name in enumerate(name for name in self.aggregates if name in needed):
            key = dialects.identifier(self.key, engine)
            only = f" AND {key} IN (SELECT {key} FROM {base} AS narrow)" if narrow else ""
            joins.append(f"LEFT JOIN ({self.aggregates[name].sql(only, engine)}) AS child{number} USING ({key})")
            added += f", child{number}.value AS {dialects.identifier(name, engine)}"
        return f"SELECT {shown}{added} FROM {base} AS facts " + " ".join(joins)


class Aggregate:
    """A derived field that gathers the rows of a child subject over their parent; unknown where one row is."""

    def __init__(self, policy: Policy, derived: Derived, *, today: bool) -> None:
        """Raises ExpressionError when the expression cannot be used."""
        same_row = tuple(other for other in policy.derived if not other.from_subject)
        self.columns = Columns(replace(policy, derived=same_row), derived.from_subject, today=today)
        self.derived, self.key = derived, dictionary.subjects()[derived.subject].key
        if self.key not in self.columns.facts:
            raise ExpressionError(
                bilingual(
                    "engine.no_which_would_say",
                    from_subject=derived.from_subject,
                    key=self.key,
                )
            )
        names = self.columns.names(self.columns.act(derived.as_of or "as_of"))
        self.value = compile_text(derived.expression, names)
        self.columns.one_row(self.value)
        if derived.aggregate not in AGGREGATES:
            raise ExpressionError(bilingual("engine.none", aggregate=derived.aggregate, known=", ".join(AGGREGATES)))

    def sql(self, only: str, engine: Engine = BOOK) -> str:
        return self.over(engine.booked(self.derived.from_subject, only), engine)

    def over(self, source: str, engine: Engine = BOOK) -> str:
        """[the parent's key, value] of the child rows of a relation."""
        key = dialects.identifier(self.key, engine)
        value = functions.render(self.value.sql, engine)
        total = f"{self.derived.aggregate.upper()}({value})"
        total = f"CAST({total} AS {functions.WIDE})" if self.derived.aggregate == "sum" else total
        whole = total if self.derived.aggregate == "count" else f"CASE WHEN COUNT(*) = COUNT({value}) THEN {total} END"
        roots = frozenset(column.name for column in self.value.sql.find_all(exp.Column)) | {self.key}
        select = self.columns.select(source, roots, pruned=True, engine=engine)
        return f"{select} SELECT {key}, {whole} AS value FROM columns GROUP BY {key}"


def identifier(name: str) -> str:
    """A column name that came from a table, safe to stand in the SQL of the book."""
    return dialects.identifier(name)
