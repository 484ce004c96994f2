"""Limit tables as SQL: which row answers for a record, and the value it gives."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from functools import reduce

from sqlglot import exp

from data.dictionary import DUCKDB_TYPES
from data.messages.catalogue import bilingual
from policy.decision_tables import unary_tests
from policy.language import functions
from policy.language.expressions import KINDS, ExpressionError, TypedExpression, did_you_mean, require_known_code
from policy.model.problem import Problem
from policy.model.records import FOREVER, LimitColumn, LimitRow, LimitTable

NO_ROW = -1


@dataclass(frozen=True)
class ParsedTable:
    """A limit table whose cells have been read: a Cell for each key, a SQL value for each limit."""

    table: LimitTable
    keys: tuple[tuple[unary_tests.KeyCell, ...], ...]
    values: tuple[dict[str, exp.Expression], ...]


def _cell_problem(row: LimitRow, column: str, message: str, fix: str = "Mend the cell.") -> Problem:
    return Problem("error", row.place.table, row.place.row, column, message, fix)


def parse_limit_cell(column: LimitColumn, text: str) -> exp.Expression:
    """A limit cell as SQL of its declared type, blank as NULL of that type. Raises ExpressionError."""
    if not text:
        return functions.cast_to(exp.null(), DUCKDB_TYPES[column.type])
    kind = KINDS.get(column.type, "")
    try:
        if kind == "number" and not Decimal(text).is_finite():
            raise InvalidOperation
        if column.type == "integer":
            int(text)
        if kind == "date":
            date.fromisoformat(text)
    except (InvalidOperation, ValueError) as error:
        raise ExpressionError(bilingual("decision_tables.no", text=text, type=column.type)) from error
    if kind == "boolean" and text not in ("true", "false"):
        raise ExpressionError(bilingual("decision_tables.no_boolean_write_true", text=text))
    return functions.cast_to(exp.Literal.string(text), DUCKDB_TYPES[column.type])


def parse_table(table: LimitTable, key_lists: Mapping[str, str | None]) -> tuple[ParsedTable, list[Problem]]:
    """Reads every cell; `key_lists` names the code list of a key column, whose codes are then checked."""
    problems: list[Problem] = []
    keys, values = [], []
    for row in table.rows:
        keys.append(tuple(_read_key_cell(column, row, key_lists, problems) for column in table.key_columns))
        values.append(_read_limit_cells(table, row, problems))
    return ParsedTable(table, tuple(keys), tuple(values)), problems


def _read_key_cell(
    column: LimitColumn, row: LimitRow, key_lists: Mapping[str, str | None], problems: list[Problem]
) -> unary_tests.KeyCell:
    kind = KINDS.get(column.type, "text")
    try:
        cell = parse_key_cell(column, row.cells[column.name])
        for code in sorted(cell.values) if kind == "text" and key_lists.get(column.name) else ():
            require_known_code(str(key_lists[column.name]), code)
    except (unary_tests.UnaryTestError, ExpressionError) as error:
        fix = error.fix if isinstance(error, unary_tests.UnaryTestError) else bilingual("decision_tables.use_code_list")
        problems.append(_cell_problem(row, column.name, error.full_message, fix))
        return unary_tests.KeyCell(kind if kind in unary_tests.KEY_KINDS else "text", accepts_all=True)
    return cell


def parse_key_cell(column: LimitColumn, text: str) -> unary_tests.KeyCell:
    """The cell of a key column as its type reads it. Raises UnaryTestError."""
    cell = unary_tests.parse(text, KINDS.get(column.type, column.type))
    bounds = [bound for interval in cell.intervals for bound in (interval.low, interval.high)]
    if column.type == "integer":
        for bound in bounds:
            if bound is not None and bound % 1:  # type: ignore[operator]
                raise unary_tests.UnaryTestError(
                    bilingual("decision_tables.no_whole_number", bound=bound),
                    bilingual("decision_tables.whole_numbers", name=column.name),
                )
    return cell


def _read_limit_cells(table: LimitTable, row: LimitRow, problems: list[Problem]) -> dict[str, exp.Expression]:
    found = {}
    for column in table.columns:
        if column.role != "limit":
            continue
        try:
            found[column.name] = parse_limit_cell(column, row.cells[column.name])
        except ExpressionError as error:
            problems.append(_cell_problem(row, column.name, error.full_message))
            found[column.name] = exp.null()
    return found


def in_force_condition(row_from: date, row_to: date, act: exp.Expression) -> exp.Expression:
    """[from, to) by the date of the act; NULL where that is unknown."""
    starts: exp.Expression = exp.GTE(this=act.copy(), expression=functions.sql_literal("date", row_from.isoformat()))
    if row_to == FOREVER:
        return starts
    ends = exp.LT(this=act.copy(), expression=functions.sql_literal("date", row_to.isoformat()))
    return exp.Paren(this=exp.And(this=starts, expression=ends))


def row_conditions(
    parsed: ParsedTable, columns: Mapping[str, TypedExpression], act: exp.Expression
) -> list[exp.Expression]:
    """One condition a row: TRUE it answers, FALSE it does not, NULL a key (or the act's date) is unknown."""
    found = []
    for row, cells in zip(parsed.table.rows, parsed.keys, strict=True):
        tests = [
            cell.sql_condition(columns[column.name].sql)
            for column, cell in zip(parsed.table.key_columns, cells, strict=True)
        ]
        parts = [
            in_force_condition(row.effective_from, row.effective_to, act),
            *(test for test in tests if test != exp.true()),
        ]
        found.append(exp.Paren(this=reduce(lambda a, b: exp.And(this=a, expression=b), parts)))
    return found


def matching_row_case(tests: list[exp.Expression]) -> exp.Expression:
    """The number of the row that answers; NO_ROW when surely none does; NULL when a key is unknown."""
    ifs = [exp.If(this=test, true=exp.Literal.number(index)) for index, test in enumerate(tests)]
    return exp.Case(
        ifs=[*ifs, exp.If(this=no_match_condition(tests), true=functions.sql_literal("number", str(NO_ROW)))]
    )


def no_match_condition(tests: list[exp.Expression]) -> exp.Expression:
    return exp.Not(this=exp.Paren(this=reduce(lambda a, b: exp.Or(this=a, expression=b), [t.copy() for t in tests])))


def limit_value_case(parsed: ParsedTable, column: str, hit_column: exp.Expression) -> exp.Expression:
    """The limit of the row that answered."""
    ifs = [
        exp.If(this=exp.EQ(this=hit_column.copy(), expression=exp.Literal.number(index)), true=row[column].copy())
        for index, row in enumerate(parsed.values)
    ]
    return exp.Case(ifs=ifs)


def resolve_key_fields(table: LimitTable, columns: Mapping[str, TypedExpression]) -> list[TypedExpression]:
    """The subject's fields behind the key columns. Raises ExpressionError when one is no field, or of another kind."""
    found = []
    for key in table.key_columns:
        if key.name not in columns:
            raise ExpressionError(
                bilingual(
                    "decision_tables.limit_table_asks",
                    name=table.name,
                    name2=key.name,
                    near=did_you_mean(key.name, columns),
                )
            )
        if columns[key.name].kind != KINDS.get(key.type):
            raise ExpressionError(
                bilingual(
                    "decision_tables.limit_table_takes_which",
                    name=table.name,
                    name2=key.name,
                    type=key.type,
                )
            )
        found.append(columns[key.name])
    return found
