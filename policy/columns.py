"""The columns of one subject: its facts, the fields that policy derives, and which limit row answers a record."""

from dataclasses import replace

from sqlglot import exp

from data import dictionary
from policy import functions, lookups
from policy.expressions import KINDS, ExpressionError, Names, Typed, compile_text, fact
from policy.model import Derived, Policy, Problem


class Columns:
    """Grows with what rules ask for; `select` gives the layered query over the subject's facts."""

    def __init__(self, policy: Policy, subject: str, *, today: bool = False, given: bool = False) -> None:
        """`today`: the day of judgement picks the version; `given`: the base relation carries the aggregates."""
        self.policy, self.subject, self.today, self.given = policy, subject, today, given
        self.facts = dictionary.facts(subject)
        self.typed: dict[str, Typed] = {name: fact(field) for name, field in self.facts.items()}
        self.computed: dict[str, exp.Expression] = {}
        self.aggregates: dict[str, Derived] = {}
        self.rendered: dict[tuple[str, bool, int], str] = {}
        self.parsed: dict[str, lookups.ParsedTable] = {}
        self.problems: list[Problem] = []
        for derived in policy.derived:
            if derived.subject == subject:
                self._derive(derived)

    def act(self, name: str) -> Typed:
        """The date of the act that picks the version; the day of judgement for today's rules."""
        found = Names(self.typed, lambda _t, _c: None, []).column("as_of" if self.today else name)
        if found.kind != "date":
            raise ExpressionError(f"'{name}' is no date, so it cannot say which version is in force.")
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
        name = f"hit:{table}:{act.inputs[0]}"
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
            raise ExpressionError(f"limit table '{table}' has no rows.")
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
                self.aggregates[derived.name] = derived
                inputs: tuple[str, ...] = (derived.name,)
            else:
                typed = compile_text(derived.expression, self.names(self.act(derived.as_of or "as_of")))
                if typed.kind != kind:
                    raise ExpressionError(f"gives a {typed.kind}, but is declared {derived.type}.")
                self.computed[derived.name] = typed.sql
                inputs = (*typed.inputs, derived.name)
        except (ExpressionError, KeyError) as error:
            message = str(error) if isinstance(error, ExpressionError) else f"unknown type '{derived.type}'."
            place = derived.place
            self.problems.append(Problem("error", place.table, place.row, "expression", message, "Mend the row."))
            inputs, kind = (derived.name,), KINDS.get(derived.type, "number")
            self.computed[derived.name] = exp.null()
        column = functions.column(derived.name)
        self.typed[derived.name] = Typed(column, kind, derived.unit or None, derived.codes or None, inputs)

    def layers(self) -> list[dict[str, exp.Expression]]:
        """Computed columns in the order they can be computed: each layer reads only the ones before it."""
        level: dict[str, int] = {}

        def level_of(name: str) -> int:
            if name not in self.computed:
                return 0
            if name not in level:
                read = {column.name for column in self.computed[name].find_all(exp.Column)}
                level[name] = 1 + max((level_of(other) for other in read), default=0)
            return level[name]

        found: list[dict[str, exp.Expression]] = []
        for name in self.computed:
            index = level_of(name) - 1
            found += [{} for _ in range(index + 1 - len(found))]
            found[index][name] = self.computed[name]
        return found

    def select(self, base: str, *, narrow: bool = False) -> str:
        """SQL of CTEs ending in `columns`: the relation `base` with every computed column. `narrow`: few records."""
        key = (base, narrow, len(self.computed))
        if key not in self.rendered:
            self.rendered[key] = self._select(base, narrow=narrow)
        return self.rendered[key]

    def _select(self, base: str, *, narrow: bool) -> str:
        ctes = [f"base AS ({self._with_aggregates(base, narrow=narrow)})"]
        before = "base"
        for number, layer in enumerate(self.layers()):
            added = ", ".join(f"{functions.render(sql)} AS {_quoted(name)}" for name, sql in layer.items())
            ctes.append(f"layer{number} AS (SELECT *, {added} FROM {before})")
            before = f"layer{number}"
        ctes.append(f"columns AS (SELECT * FROM {before})")
        return "WITH " + ",\n".join(ctes)

    def _with_aggregates(self, base: str, *, narrow: bool) -> str:
        joins, added = [], ""
        if self.given:
            return f"SELECT * FROM {base} AS facts"
        for number, derived in enumerate(self.aggregates.values()):
            joins.append(f"LEFT JOIN ({self._child(derived, base, narrow=narrow)}) AS child{number} USING (loan_id)")
            added += f", child{number}.value AS {_quoted(derived.name)}"
        return f"SELECT facts.*{added} FROM {base} AS facts " + " ".join(joins)

    def _child(self, derived: Derived, base: str, *, narrow: bool) -> str:
        child = Columns(replace(self.policy, derived=()), derived.from_subject, today=self.today)
        typed = compile_text(derived.expression, child.names(child.act(derived.as_of or "as_of")))
        value = functions.render(typed.sql)
        total = f"{derived.aggregate.upper()}({value})"
        whole = total if derived.aggregate == "count" else f"CASE WHEN COUNT(*) = COUNT({value}) THEN {total} END"
        only = f" AND loan_id IN (SELECT loan_id FROM {base} AS narrow)" if narrow else ""
        source = f"(SELECT * FROM facts_{derived.from_subject} WHERE as_of = $as_of{only})"
        return f"{child.select(source)} SELECT loan_id, {whole} AS value FROM columns GROUP BY loan_id"


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def identifier(name: str) -> str:
    """A column name that came from a table, safe to stand in SQL."""
    return _quoted(name)
