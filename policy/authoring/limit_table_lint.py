"""What the linter says of limit tables beyond their regions: values that cannot be meant, and what nothing reads."""

import re
from collections.abc import Iterator
from decimal import Decimal, InvalidOperation

from data.language.expressions import KINDS, ExpressionError, did_you_mean
from data.messages.catalogue import BilingualText, bilingual, term
from policy.decision_tables import key_cells, lookups, unary_tests
from policy.decision_tables.intervals import format_bound
from policy.model.problem import Problem, SourceLocation
from policy.model.records import LimitColumn, LimitRow, LimitTable, Policy
from policy.model.table_reader import TableReader, parse_number

PLAUSIBLE_RANGES = "plausible_ranges.csv"
TABLES_WITHOUT_EXPRESSIONS = re.compile(
    r"(limits|examples)/|clauses\.csv|limit_columns\.csv|plausible_ranges\.csv|severity_effects\.csv"
)
Bounds = dict[tuple[str, str], tuple[Decimal, Decimal, str]]


def find_problems(policy: Policy) -> list[Problem]:
    """Every finding about columns and cells of the limit tables, and about derived fields that nothing reads."""
    bounds = _read_bounds(TableReader(policy.texts))
    found: list[Problem] = []
    for table in policy.limit_tables.values():
        found += _find_unknown_types(table)
        for row in table.rows:
            found += [*_find_implausible_values(table, row, bounds), *_find_empty_limits(table, row)]
    return [*found, *_find_unread_columns(policy)]


def _read_bounds(reader: TableReader) -> Bounds:
    """(unit, type) -> lowest and highest value that can be meant, and what to say otherwise."""
    found: Bounds = {}
    for row in reader.read_rows(PLAUSIBLE_RANGES):
        low, high = parse_number(row.cells["low"]), parse_number(row.cells["high"])
        if low is not None and high is not None:  # others are reported by cell_lint
            found[row.cells["unit"], row.cells["type"]] = (low, high, _format_advice(row.cells))
    return found


def _format_advice(cells: dict[str, str]) -> BilingualText:
    """What to do, in both languages at the command line and in one on a page."""
    return BilingualText(f"{cells['message_zh']} / {cells['message_en']}.", f"{cells['message_zh']}。")


def _find_unknown_types(table: LimitTable) -> Iterator[Problem]:
    for column in table.columns:
        known = [name for name, kind in KINDS.items() if kind in key_cells.KEY_KINDS]
        if column.type not in known:
            what = bilingual(
                "authoring.no_type",
                type=column.type,
                role=column.role,
                near=did_you_mean(column.type, known),
            )
            message = bilingual("authoring.joined", name=table.name, name2=column.name, what=what)
            yield Problem(
                "error", "limit_columns.csv", 1, "type", message, bilingual("common.use", known=", ".join(known))
            )


def _find_implausible_values(table: LimitTable, row: LimitRow, bounds: Bounds) -> Iterator[Problem]:
    for column in table.columns:
        if (column.unit, column.type) not in bounds:
            continue
        low, high, why = bounds[column.unit, column.type]
        for value in _parse_numbers(column, row.cells[column.name]):
            if not low <= value <= high:
                message = bilingual(
                    "authoring.cannot_meant_plausible",
                    value=format_bound(value),
                    unit=term(column.unit),
                    low=format_bound(low),
                    high=format_bound(high),
                )
                yield Problem("error", row.place.table, row.place.row, column.name, message, why)


def _parse_numbers(column: LimitColumn, text: str) -> list[Decimal]:
    """The numbers of a cell; one that cannot be read is reported elsewhere. Of a key only what is above 0."""
    try:
        if column.role == "limit":
            return [Decimal(text)] if text else []
        cell = lookups.parse_key_cell(column, text)
    except (unary_tests.UnaryTestError, ExpressionError, InvalidOperation):
        return []
    bounds = (bound for interval in cell.intervals for bound in (interval.low, interval.high))
    return [bound for bound in bounds if isinstance(bound, Decimal) and bound > 0]


def _find_empty_limits(table: LimitTable, row: LimitRow) -> Iterator[Problem]:
    limits = [column.name for column in table.columns if column.role == "limit"]
    if not any(row.cells[name] for name in limits) and not row.reading_zh:
        message = bilingual("authoring.gives_no_limit_all", row_id=row.row_id)
        yield Problem(
            "warning",
            row.place.table,
            row.place.row,
            limits[0] if limits else "-",
            message,
            bilingual("authoring.fill_limit_say_reading"),
        )


def _find_unread_columns(policy: Policy) -> Iterator[Problem]:
    """Limit columns and derived fields that no expression of any table names."""
    texts = [text for name, text in policy.texts.items() if not TABLES_WITHOUT_EXPRESSIONS.match(name)]
    named = {word for text in texts for word in re.findall(r"[A-Za-z_]\w*\.[A-Za-z_]\w*", text, re.ASCII)}
    read_tables = {word.partition(".")[0] for word in named}
    for table in policy.limit_tables.values():
        for column in table.columns:
            if column.role == "limit" and table.name in read_tables and f"{table.name}.{column.name}" not in named:
                place = SourceLocation("limit_columns.csv", 1)
                message = bilingual("authoring.nothing_reads_2", name=table.name, name2=column.name)
                yield Problem(
                    "warning", place.table, place.row, "column", message, bilingual("authoring.remove_column_use")
                )
    keys = {key.name for table in policy.limit_tables.values() for key in table.key_columns}
    for derived in policy.derived:
        uses = sum(len(re.findall(rf"\b{re.escape(derived.name)}\b", text)) for text in texts)
        own = sum(other.name == derived.name for other in policy.derived)
        if uses <= own and derived.name not in keys:
            message = bilingual("authoring.nothing_reads", name=derived.name, subject=derived.subject)
            yield Problem(
                "warning", derived.place.table, derived.place.row, "field", message, bilingual("authoring.remove_use")
            )
