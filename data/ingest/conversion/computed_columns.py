"""Fields that a profile computes from others of the same row, in the language of the rules."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter

import duckdb
import polars as pl

from data.dictionary import Field
from data.ingest.files.sheet_cells import ROW
from data.ingest.mapping.mapping import VALUES, ColumnMapping
from data.ingest.parsing.blank_cells import build_notes
from data.ingest.parsing.cell_parsing import ParsedColumn, parse_cells
from data.language import functions
from data.language.expressions import KINDS, ExpressionError, NameResolver, TypedExpression, did_you_mean
from data.language.fractions import Fraction, compile_fraction
from data.messages.catalogue import bilingual, term

DECIMALS = {"money": 2, "rate": 6, "number": 6, "integer": 0}
SCALED = 12
"""Decimals of the numbers of the language; scaled by them they are whole."""


@dataclass(frozen=True)
class ComputedColumn:
    """A checked expression and the field that it makes; `name` and the names of its inputs are table.field."""

    name: str
    target: Field
    fraction: Fraction


class RowNames(NameResolver):
    """What an expression of a profile may refer to: fields and values of the same row.

    A field of the file's own table or a value by its name alone, another by table.field or, where only one table has
    it, by its name alone.
    """

    def __init__(self, table: str, targets: Mapping[str, Field]) -> None:
        self._typed = {name: _type_column(name, target) for name, target in targets.items()}
        short: dict[str, list[str]] = {}
        for name in targets:
            short.setdefault(name.rpartition(".")[2], []).append(name)
        columns = {
            field: self._typed[found]
            for field, names in short.items()
            if (found := self._choose(names, (f"{table}.{field}", f"{VALUES}.{field}")))
        }
        super().__init__(columns, lambda owner, name: self._typed.get(f"{owner}.{name}"), [])

    @staticmethod
    def _choose(names: list[str], preferred: tuple[str, str]) -> str:
        found = next((name for name in preferred if name in names), "")
        return found or (names[0] if len(names) == 1 else "")

    def resolve_limit(self, table: str, name: str) -> TypedExpression:
        found = self._typed.get(f"{table}.{name}")
        if found is None:
            near = did_you_mean(f"{table}.{name}", self._typed)
            raise ExpressionError(bilingual("language.unknown_field", name=f"{table}.{name}", near=near))
        return found


def _type_column(name: str, target: Field) -> TypedExpression:
    return TypedExpression(
        functions.column_reference(name), KINDS[target.type], target.unit or None, target.code_list, (name,)
    )


def compile_columns(
    table: str, targets: Mapping[str, Field], expressions: Mapping[str, str]
) -> tuple[ComputedColumn, ...]:
    """The computed columns in an order in which each comes after its inputs; names are table.field.

    Raises ExpressionError for an expression that cannot be used, with the name of its field in the message.
    """
    names = RowNames(table, targets)
    found = {name: _compile_column(name, targets[name], text, names) for name, text in expressions.items()}
    graph = {name: [part for part in column.fraction.inputs if part in found] for name, column in found.items()}
    try:
        return tuple(found[name] for name in TopologicalSorter(graph).static_order())
    except CycleError as error:
        raise ExpressionError(bilingual("profiles.computed_circle", fields=" -> ".join(error.args[1]))) from error


def _compile_column(name: str, target: Field, text: str, names: RowNames) -> ComputedColumn:
    try:
        fraction = compile_fraction(text, names)
        kind, wanted = fraction.over.kind, KINDS[target.type]
        if kind != wanted:
            raise ExpressionError(bilingual("profiles.computed_kind", kind=term(kind), wanted=term(wanted)))
        if fraction.unit and target.unit and fraction.unit != target.unit:
            unit, other = term(fraction.unit), term(target.unit)
            raise ExpressionError(bilingual("profiles.computed_unit", unit=unit, wanted=other))
    except ExpressionError as error:
        raise ExpressionError(bilingual("profiles.computed_field", field=name, message=error.full_message)) from error
    return ComputedColumn(name, target, fraction)


def compute_columns(
    table: str, feeds: Iterable[ColumnMapping], typed: pl.DataFrame, rows: pl.DataFrame
) -> dict[str, ParsedColumn]:
    """The computed feeds over the typed columns of the others, by name."""
    targets = {feed.name: feed.target for feed in feeds}
    own = {feed.name: feed for feed in feeds if feed.how == "compute"}
    found: dict[str, ParsedColumn] = {}
    for column in compile_columns(table, targets, {name: feed.text for name, feed in own.items()}):
        found[column.name] = _compute_column(column, own[column.name], typed, rows)
        typed = typed.with_columns(found[column.name].values.alias(column.name))
    return found


def _compute_column(
    column: ComputedColumn, feed: ColumnMapping, typed: pl.DataFrame, rows: pl.DataFrame
) -> ParsedColumn:
    with duckdb.connect() as con:
        con.register(
            "typed", typed.select(column.fraction.inputs or ROW).to_arrow(compat_level=pl.CompatLevel.newest())
        )
        result = con.sql(_select_sql(column)).pl()
    if feed.when:
        result = result.with_columns(pl.when(rows[feed.when].is_not_null()).then(pl.all()))
    zero = result["is_zero"].fill_null(False)
    notes = build_notes("note_zero_divisor", zero, zero)
    bad = result["failed"].fill_null(False)
    values = result["value"]
    if column.target.type in ("text", "code"):
        read = parse_cells(values, column.target, feed.reading)
        return ParsedColumn(read.values, read.bad | bad, read.reason, (*notes, *read.notes))
    return ParsedColumn(values, bad, "bad_computed", notes)


def _select_sql(column: ComputedColumn) -> str:
    """SQL: value, whether a divisor is nought, whether the computation fails (a number too large for its type)."""
    whole = column.fraction
    zero = " OR ".join(f"({functions.render(part.sql)}) = 0" for part in whole.divisors) or "false"
    value = f"CASE WHEN NOT coalesce({zero}, false) THEN {_value_sql(column)} END"
    return f"""SELECT result.value AS value, is_zero, result IS NULL AS failed
        FROM (SELECT coalesce({zero}, false) AS is_zero, TRY({{'value': {value}}}) AS result FROM typed)"""


def _value_sql(column: ComputedColumn) -> str:
    over, under = column.fraction.over, column.fraction.under
    places = DECIMALS.get(column.target.type)
    if under is None or places is None:
        return f"CAST({functions.render(over.sql)} AS {column.target.sql_type})"
    n, d = (_whole_number_sql(part) for part in (over, under))
    # To the last decimal of the field, a half away from zero, in whole numbers, which are exact.
    rounded = f"(2 * abs({n}) * {10**places} + abs({d})) // (2 * abs({d})) * sign({n}) * sign({d})"
    scale = f"CAST({10**-places if places else 1:.{places}f} AS DECIMAL({places + 1}, {places}))"
    return f"CAST(CAST({rounded} AS DECIMAL(18, 0)) * {scale} AS {column.target.sql_type})"


def _whole_number_sql(part: TypedExpression) -> str:
    """SQL: the number with all its decimals as a whole one."""
    wide = functions.render(functions.widen_decimal(part.sql))
    return f"CAST(replace(CAST({wide} AS VARCHAR), '.', '') AS HUGEINT)"
