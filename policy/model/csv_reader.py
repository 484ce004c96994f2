"""The policy that the tables of a folder make; what cannot be read is a Problem, never skipped."""

from collections.abc import Callable
from typing import TypeVar

from data.errors import InputError
from data.messages.catalogue import bilingual
from policy.model.extension_outcomes import Consequence, ExposureRatio
from policy.model.old_names import rename_tables
from policy.model.problem import Problem, SourceLocation
from policy.model.records import (
    Clause,
    DerivedField,
    Example,
    LimitColumn,
    LimitRow,
    LimitTable,
    Policy,
    RemediationAction,
    Rule,
)
from policy.model.table_folder import compute_version
from policy.model.table_reader import Row, TableReader
from policy.model.table_schema import table_columns

LIMIT_ROW_COLUMNS = tuple(table_columns("limits/"))
HIT_POLICIES = ("unique", "collect")
T = TypeVar("T")


class PolicyError(InputError):
    """The policy tables cannot be used; `problems` says where and why."""

    def __init__(self, problems: list[Problem]) -> None:
        self.problems = problems
        first, more = problems[0], len(problems) - 1
        message = bilingual(
            "model.row_column",
            table=first.table,
            row=first.row,
            column=first.column,
            message=first.message,
            fix=first.fix,
        )
        if more:
            message = bilingual("model.more_problems", first=message, n=more)
        super().__init__(bilingual("model.policy_tables", first=message))


def read_policy(texts: dict[str, str]) -> tuple[Policy, list[Problem]]:
    """The policy as far as it can be read, and what cannot be read in its tables.

    Former names of tables and columns are read as the new ones, with a warning each. Whether the cells hold what they
    may is checked by lint.
    """
    renamed, warnings = rename_tables(texts)
    reader = TableReader(renamed)
    policy = Policy(
        compute_version(renamed),
        {clause.clause_id: clause for clause in reader.read_records("clauses.csv", Clause)},
        tuple(_read_folder(reader, "rules", Rule)),
        _read_limit_tables(reader),
        tuple(reader.read_records("derived.csv", DerivedField, {"name": "field"})),
        _read_severity_effects(reader),
        tuple(_read_examples(reader)),
        renamed,
        tuple(reader.read_records("consequences.csv", Consequence)),
        tuple(reader.read_records("exposure_ratios.csv", ExposureRatio)),
        tuple(reader.read_records("remediation_actions.csv", RemediationAction)),
    )
    return policy, [*warnings, *reader.problems]


def _read_folder(reader: TableReader, folder: str, kind: Callable[..., T]) -> list[T]:
    return [record for name in reader.list_tables(folder) for record in reader.read_records(name, kind)]


def _read_severity_effects(reader: TableReader) -> dict[str, tuple[str, str]]:
    """Severity → what a violation, and an unknown, means for an extension."""
    rows = [row.cells for row in reader.read_rows("severity_effects.csv")]
    return {cells["severity"]: (cells["on_violation"], cells["on_not_assessable"]) for cells in rows}


def _read_limit_tables(reader: TableReader) -> dict[str, LimitTable]:
    columns: dict[str, list[LimitColumn]] = {}
    hit_policies: dict[str, str] = {}
    for row in reader.read_rows("limit_columns.csv"):
        cells = dict(row.cells)
        hit_policy, table = cells.pop("hit_policy"), cells["table"]
        columns.setdefault(table, []).append(LimitColumn(name=cells.pop("column"), **cells))
        if hit_policy not in HIT_POLICIES or hit_policies.get(table, hit_policy) != hit_policy:
            reader.report_problem(row.place, "hit_policy", *_describe_hit_policy_fault(table, hit_policy))
        hit_policies[table] = hit_policy
    for name in reader.list_tables("limits"):
        if name.removeprefix("limits/").removesuffix(".csv") not in columns:
            reader.report_problem(
                SourceLocation(name, 1), "-", bilingual("model.undeclared_table"), bilingual("model.declare_columns")
            )
    return {
        name: LimitTable(name, hit_policies[name], tuple(own), tuple(_read_limit_rows(reader, name, own)))
        for name, own in columns.items()
    }


def _describe_hit_policy_fault(table: str, hit_policy: str) -> tuple[str, str]:
    """What is wrong with a hit policy, and what to do; DMN's others depend on the order of rows, or hide answers."""
    if hit_policy in HIT_POLICIES:
        why = bilingual("model.two_hit_policies", table=table, hit_policy=hit_policy)
        return why, bilingual("model.use_same_hit_policy")
    why = bilingual("model.unsupported_hit_policy", hit_policy=hit_policy, table=table)
    return why, bilingual("model.use_hit_policy")


def _read_limit_rows(reader: TableReader, name: str, columns: list[LimitColumn]) -> list[LimitRow]:
    names = [column.name for column in columns]
    found = []
    for row in reader.read_rows(f"limits/{name}.csv", names):
        values = reader.parse_cells(row)
        cells = {column: str(values.pop(column)) for column in names}
        found.append(LimitRow(**values, cells=cells, place=row.place))
    return found


def _read_examples(reader: TableReader) -> list[Example]:
    found = []
    for name in reader.list_tables("examples"):
        for row in reader.read_rows(name):
            values = reader.parse_cells(row) | {"inputs": _parse_example_inputs(reader, row), "place": row.place}
            found.append(Example(**values))
    return found


def _parse_example_inputs(reader: TableReader, row: Row) -> dict[str, str]:
    """field=value; field=value … as a mapping."""
    inputs = {}
    for part in filter(None, (part.strip() for part in row.cells["inputs"].split(";"))):
        name, equals, value = part.partition("=")
        if not equals:
            reader.report_problem(
                row.place, "inputs", bilingual("model.not_an_input", part=part), bilingual("model.separate_inputs")
            )
        inputs[name.strip()] = value.strip()
    return inputs
