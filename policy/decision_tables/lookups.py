"""Limit tables as SQL: which row matches a record, and the value that row gives."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from functools import reduce

from sqlglot import exp

from data.dictionary import DUCKDB_TYPES
from data.language import functions
from data.language.expressions import KINDS, ExpressionError, TypedExpression, did_you_mean, require_known_code
from data.messages.catalogue import bilingual
from policy.decision_tables import unary_tests
from policy.decision_tables.key_cells import KEY_KINDS, KeyCell
from policy.model.problem import Problem
from policy.model.records import FOREVER, LimitColumn, LimitRow, LimitTable

NO_ROW = -1


@dataclass(frozen=True)
class ParsedTable:
    """A limit table whose cells have been read: a KeyCell for each key, a SQL value for each limit.

    `problems`: cells that cannot be read; such a key accepts all, and such a limit is NULL.
    """

    table: LimitTable
    keys: tuple[tuple[KeyCell, ...], ...]
    values: tuple[dict[str, exp.Expr], ...]
    problems: tuple[Problem, ...] = ()


class ParsedTables(Mapping[str, ParsedTable]):
    """Limit tables by name, each parsed when it is first asked for."""

    def __init__(self, tables: Mapping[str, LimitTable]) -> None:
        self._tables = tables
        self._parsed: dict[str, ParsedTable] = {}

    def __getitem__(self, name: str) -> ParsedTable:
        if name not in self._parsed:
            self._parsed[name] = parse_table(self._tables[name])
        return self._parsed[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._tables)

    def __len__(self) -> int:
        return len(self._tables)


def parse_table(table: LimitTable) -> ParsedTable:
    """Reads every cell of a limit table; never raises, as what cannot be read is among its problems."""
    problems: list[Problem] = []
    keys, values = [], []
    for row in table.rows:
        keys.append(tuple(_read_key_cell(column, row, problems) for column in table.key_columns))
        values.append(_read_limit_cells(table, row, problems))
    return ParsedTable(table, tuple(keys), tuple(values), tuple(problems))


def find_unknown_codes(parsed: ParsedTable, code_lists: Mapping[str, str | None]) -> list[Problem]:
    """The key cells with a code that is not on the list of their column; `code_lists`: the list of each key column."""
    problems = []
    for row, cells in zip(parsed.table.rows, parsed.keys, strict=True):
        for column, cell in zip(parsed.table.key_columns, cells, strict=True):
            code_list = code_lists.get(column.name)
            if code_list and KINDS.get(column.type, "text") == "text":
                problems += _find_unknown_code(row, column, cell, code_list)
    return problems


def _find_unknown_code(row: LimitRow, column: LimitColumn, cell: KeyCell, code_list: str) -> list[Problem]:
    """The first code of a cell that its list does not have."""
    try:
        for code in sorted(cell.values):
            require_known_code(code_list, code)
    except ExpressionError as error:
        fix = bilingual("decision_tables.use_code_of_list")
        return [_cell_problem(row, column.name, error.full_message, fix)]
    return []


def _cell_problem(row: LimitRow, column: str, message: str, fix: str) -> Problem:
    return Problem("error", row.place.table, row.place.row, column, message, fix)


def _read_key_cell(column: LimitColumn, row: LimitRow, problems: list[Problem]) -> KeyCell:
    try:
        return parse_key_cell(column, row.cells[column.name])
    except unary_tests.UnaryTestError as error:
        problems.append(_cell_problem(row, column.name, error.full_message, error.fix))
        kind = KINDS.get(column.type, "text")
        return KeyCell(kind if kind in KEY_KINDS else "text", accepts_all=True)


def parse_key_cell(column: LimitColumn, text: str) -> KeyCell:
    """The cell of a key column as its type reads it. Raises UnaryTestError."""
    cell = unary_tests.parse(text, KINDS.get(column.type, column.type))
    if column.type == "integer":
        for interval in cell.intervals:
            for bound in (interval.low, interval.high):
                if isinstance(bound, Decimal) and bound % 1:
                    raise unary_tests.UnaryTestError(
                        bilingual("decision_tables.not_whole_number", value=bound),
                        bilingual("decision_tables.column_of_whole_numbers", name=column.name),
                    )
    return cell


def _read_limit_cells(table: LimitTable, row: LimitRow, problems: list[Problem]) -> dict[str, exp.Expr]:
    found: dict[str, exp.Expr] = {}
    for column in table.columns:
        if column.role != "limit":
            continue
        try:
            found[column.name] = parse_limit_cell(column, row.cells[column.name])
        except ExpressionError as error:
            fix = bilingual("common.correct_cell")
            problems.append(_cell_problem(row, column.name, error.full_message, fix))
            found[column.name] = exp.null()
    return found


def parse_limit_cell(column: LimitColumn, text: str) -> exp.Expr:
    """A limit cell as SQL of its declared type, blank as NULL of that type. Raises ExpressionError."""
    if column.type not in DUCKDB_TYPES:
        raise ExpressionError(bilingual("decision_tables.unknown_column_type", type=column.type))
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
        raise ExpressionError(bilingual("decision_tables.not_of_type", text=text, type=column.type)) from error
    if kind == "boolean" and text not in ("true", "false"):
        raise ExpressionError(bilingual("decision_tables.limit_not_boolean", text=text))
    return functions.cast_to(exp.Literal.string(text), DUCKDB_TYPES[column.type])


def in_force_condition(row_from: date, row_to: date, act: exp.Expr) -> exp.Expr:
    """[from, to) by the date of the act; NULL where that is unknown."""
    starts: exp.Expr = exp.GTE(this=act.copy(), expression=functions.sql_literal("date", row_from.isoformat()))
    if row_to == FOREVER:
        return starts
    ends = exp.LT(this=act.copy(), expression=functions.sql_literal("date", row_to.isoformat()))
    return exp.Paren(this=exp.And(this=starts, expression=ends))


def row_conditions(parsed: ParsedTable, columns: Mapping[str, TypedExpression], act: exp.Expr) -> list[exp.Expr]:
    """One condition for each row: TRUE where it matches, NULL where a key or the act's date is unknown, else FALSE."""
    found: list[exp.Expr] = []
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


def matching_row_case(tests: list[exp.Expr]) -> exp.Expr:
    """The number of the matching row; NO_ROW when certainly none matches; NULL when a key is unknown."""
    ifs = [exp.If(this=test, true=exp.Literal.number(index)) for index, test in enumerate(tests)]
    return exp.Case(
        ifs=[*ifs, exp.If(this=no_match_condition(tests), true=functions.sql_literal("number", str(NO_ROW)))]
    )


def no_match_condition(tests: list[exp.Expr]) -> exp.Expr:
    """TRUE when certainly no row matches."""
    return exp.Not(this=exp.Paren(this=reduce(lambda a, b: exp.Or(this=a, expression=b), [t.copy() for t in tests])))


def limit_value_case(parsed: ParsedTable, column: str, hit_column: exp.Expr) -> exp.Expr:
    """The limit of the row whose number is in the hit column."""
    ifs = [
        exp.If(this=exp.EQ(this=hit_column.copy(), expression=exp.Literal.number(index)), true=row[column].copy())
        for index, row in enumerate(parsed.values)
    ]
    return exp.Case(ifs=ifs)


def resolve_key_fields(table: LimitTable, columns: Mapping[str, TypedExpression]) -> list[TypedExpression]:
    """The subject's fields behind the key columns. Raises ExpressionError for a key that is not a field of its kind."""
    found = []
    for key in table.key_columns:
        if key.name not in columns:
            raise ExpressionError(
                bilingual(
                    "decision_tables.key_not_a_field",
                    table=table.name,
                    key=key.name,
                    near=did_you_mean(key.name, columns),
                )
            )
        if columns[key.name].kind != KINDS.get(key.type):
            raise ExpressionError(
                bilingual("decision_tables.key_of_other_type", table=table.name, key=key.name, type=key.type)
            )
        found.append(columns[key.name])
    return found
