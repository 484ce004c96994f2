"""Two policy versions row by row: what was added, removed, and which cells changed, by the key of each table."""

import csv
import io
from collections import Counter
from dataclasses import dataclass

from policy.model.old_names import rename_tables
from policy.model.records import Policy

# Rows of one folder stand together, whatever file they are in; a limit row belongs to its own table.
KEY_COLUMNS = {
    "rules": ("rule_id", "effective_from"),
    "examples": ("example_id",),
    "limits": ("file", "row_id"),
    "derived.csv": ("subject", "field"),
    "limit_columns.csv": ("table", "column"),
}
TITLE_COLUMNS = (("title_zh", "title_en"), ("gist_zh", "gist_en"), ("zh", "en"), ("title", "title"))
Row = dict[str, str]


@dataclass(frozen=True)
class RowChange:
    """`change`: added, removed or changed; `cells`: column -> (before, after), all of them for a row new or gone."""

    table: str
    key: tuple[str, ...]
    change: str
    title_zh: str
    title_en: str
    cells: dict[str, tuple[str, str]]

    @property
    def is_verdict_neutral(self) -> bool:
        """Whether the cells that changed cannot move a verdict: words, severity, grading, examples."""
        return self.table not in VERDICT_TABLES or set(self.cells) <= NEUTRAL_COLUMNS


VERDICT_TABLES = ("rules", "limits", "limit_columns.csv", "derived.csv")  # the tables that verdicts are made of
NEUTRAL_COLUMNS = {
    "file",
    "family",
    "stage",
    "title_zh",
    "title_en",
    "severity",
    "clause_id",
    "evidence",
    "cure",
    "grace_days",
    "remedy_zh",
    "remedy_en",
    "reading_zh",
    "reading_en",
    "zh",
    "en",
}


def find_changes(before: dict[str, str], after: dict[str, str]) -> list[RowChange]:
    """Every change between the texts of two versions, in the order of the tables."""
    old, new = (_parse_tables(rename_tables(texts)[0]) for texts in (before, after))
    found = []
    for table in sorted(old.keys() | new.keys()):
        found += _find_table_changes(table, old.get(table, {}), new.get(table, {}))
    return found


def find_policy_changes(before: Policy, after: Policy) -> list[RowChange]:
    return find_changes(before.texts, after.texts)


def _parse_tables(texts: dict[str, str]) -> dict[str, dict[tuple[str, ...], Row]]:
    """table -> key -> row. A key that stands twice is numbered, so that no row is lost."""
    found: dict[str, dict[tuple[str, ...], Row]] = {}
    seen: Counter[tuple[str, ...]] = Counter()
    for name in sorted(texts):
        table = name.split("/")[0]
        for cells in csv.DictReader(io.StringIO(texts[name])):
            row = {column: (cell or "").strip() for column, cell in cells.items() if column}
            if not any(row.values()):
                continue
            row |= {"file": name} if "/" in name else {}
            columns = KEY_COLUMNS.get(table, tuple(row)[:1])
            key = tuple(row.get(column, "") for column in columns)
            seen[(table, *key)] += 1
            count = seen[(table, *key)]
            found.setdefault(table, {})[key if count == 1 else (*key, f"#{count}")] = row
    return found


def _find_table_changes(
    table: str, old: dict[tuple[str, ...], Row], new: dict[tuple[str, ...], Row]
) -> list[RowChange]:
    pairs = [(key, old.get(key), new.get(key)) for key in sorted(old.keys() | new.keys())]
    moved = _match_redated_rules(table, old, new)
    pairs = [pair for pair in pairs if pair[0] not in {key for a, b in moved for key in (a, b)}]
    pairs += [(b, old[a], new[b]) for a, b in moved]
    return [_build_change(table, key, a, b) for key, a, b in sorted(pairs, key=lambda pair: pair[0]) if a != b]


def _match_redated_rules(
    table: str, old: dict[tuple[str, ...], Row], new: dict[tuple[str, ...], Row]
) -> list[tuple[tuple[str, ...], tuple[str, ...]]]:
    """A rule whose one version only begins on another day has changed; it did not go and come."""
    if table != "rules":
        return []
    gone = {key[0]: key for key in old.keys() - new.keys()}
    come = {key[0]: key for key in new.keys() - old.keys()}
    once = Counter(key[0] for key in (*old.keys() - new.keys(), *new.keys() - old.keys()))
    return [(gone[rule], come[rule]) for rule in sorted(gone.keys() & come.keys()) if once[rule] == 2]


def _build_change(table: str, key: tuple[str, ...], before: Row | None, after: Row | None) -> RowChange:
    shown = after or before or {}
    columns = dict.fromkeys((*(before or {}), *(after or {})))
    cells = {c: ((before or {}).get(c, ""), (after or {}).get(c, "")) for c in columns}
    cells = {column: pair for column, pair in cells.items() if pair[0] != pair[1]}
    zh, en = next(((shown[a], shown[b]) for a, b in TITLE_COLUMNS if shown.get(a)), ("", ""))
    what = "added" if before is None else "removed" if after is None else "changed"
    return RowChange(table, key, what, zh, en, cells)
