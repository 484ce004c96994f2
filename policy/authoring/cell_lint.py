"""Cells against the schema of their tables: filled, a number, an allowed word, an existing clause, no key twice."""

from collections.abc import Collection, Iterator

from data import dictionary
from data.language.expressions import did_you_mean
from data.messages.catalogue import bilingual
from policy.model import vocabulary
from policy.model.problem import Problem, SourceLocation
from policy.model.records import Policy, split_clause_ids
from policy.model.table_reader import Row, TableReader, describe_number_fault, parse_number
from policy.model.table_schema import ColumnSpec, find_table_spec, table_columns

VOCABULARY_PREFIX = "vocabulary:"
UNLABELLED_LIST = "unit"  # a unit without a label is not written behind its number
LABELS = ("zh", "en")


def find_problems(policy: Policy) -> Iterator[Problem]:
    """What is wrong with single cells and keys of every table, in the order of the tables."""
    reader = TableReader(policy.texts)  # its own problems were found when the policy was read
    for name in sorted(policy.texts):
        if find_table_spec(name) is None:
            continue
        own = _declared_columns(policy, name)
        rows = reader.read_rows(name, own)
        for row in rows:
            yield from _find_row_problems(policy, row)
        yield from _find_repeated_keys(name, rows)


def _declared_columns(policy: Policy, name: str) -> list[str]:
    """The columns of a limit table that limit_columns.csv declares."""
    table = policy.limit_tables.get(name.removeprefix("limits/").removesuffix(".csv"))
    return [column.name for column in table.columns] if table and name.startswith("limits/") else []


def _problem(place: SourceLocation, column: str, message: str, fix: str) -> Problem:
    return Problem("error", place.table, place.row, column, message, fix)


def _find_row_problems(policy: Policy, row: Row) -> Iterator[Problem]:
    for spec in table_columns(row.place.table).values():
        cell = row.cells[spec.name] or spec.default
        if not cell:
            if spec.is_required:
                yield _report_empty_cell(row.place, spec)
        elif spec.references:
            yield from _find_unknown_clauses(policy, row.place, spec.name, cell)
        elif spec.choices:
            yield from _find_unknown_word(policy, row.place, spec, cell)
        elif spec.type == "number" and parse_number(cell) is None:
            yield _problem(row.place, spec.name, *describe_number_fault(cell))
        elif spec.type == "rank" and not vocabulary.is_rank(cell):
            yield _problem(
                row.place, spec.name, bilingual("authoring.not_a_rank", cell=cell), bilingual("authoring.write_rank")
            )
    if row.place.table == vocabulary.TABLE and row.cells["list"] != UNLABELLED_LIST:
        for column in LABELS:
            if not row.cells[column]:
                yield _problem(row.place, column, bilingual("common.empty"), bilingual("common.fill_cell"))


def _report_empty_cell(place: SourceLocation, spec: ColumnSpec) -> Problem:
    if spec.references:
        return _problem(
            place, spec.name, bilingual("authoring.no_clause"), bilingual("authoring.every_row_needs_clause")
        )
    return _problem(place, spec.name, bilingual("common.empty"), bilingual("common.fill_cell"))


def _find_unknown_clauses(policy: Policy, place: SourceLocation, column: str, cell: str) -> Iterator[Problem]:
    for clause in split_clause_ids(cell):
        if clause not in policy.clauses:
            yield _problem(
                place,
                column,
                bilingual("common.unknown_clause", clause=clause, near=did_you_mean(clause, policy.clauses)),
                bilingual("authoring.add_clauses_csv"),
            )


def _find_unknown_word(policy: Policy, place: SourceLocation, spec: ColumnSpec, cell: str) -> Iterator[Problem]:
    known = _list_choices(policy, spec.choices)
    if cell in known:
        return
    words = ", ".join(known)
    near = did_you_mean(cell, known)
    if spec.choices.startswith(VOCABULARY_PREFIX):
        yield _problem(
            place,
            spec.name,
            bilingual("authoring.not_in_vocabulary", word=cell, near=near),
            bilingual(
                "authoring.use_or_add_word",
                known=words,
                table=vocabulary.TABLE,
                list=spec.choices.removeprefix(VOCABULARY_PREFIX),
            ),
        )
    else:
        yield _problem(
            place,
            spec.name,
            bilingual("authoring.not_allowed", word=cell, near=near),
            bilingual("common.use", known=words),
        )


def _list_choices(policy: Policy, choices: str) -> Collection[str]:
    if choices.startswith(VOCABULARY_PREFIX):
        return policy.vocabulary[choices.removeprefix(VOCABULARY_PREFIX)]
    if choices == "subjects":
        return dictionary.load_subjects()
    return dictionary.find_open_lists() if choices == "open_lists" else tuple(choices.split("|"))


def _find_repeated_keys(name: str, rows: list[Row]) -> Iterator[Problem]:
    keys = [spec.name for spec in table_columns(name).values() if spec.is_key]
    first: dict[tuple[str, ...], int] = {}
    for row in rows if keys else ():
        key = tuple(row.cells[column] for column in keys)
        number = first.setdefault(key, row.place.row)
        if number != row.place.row:
            yield _problem(
                row.place,
                keys[-1],
                bilingual("authoring.repeated_key", key=" ".join(key), row=number),
                bilingual("authoring.keep_one_row"),
            )
