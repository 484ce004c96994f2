"""What several commands print."""

from dataclasses import asdict
from typing import Any

from data.messages.catalogue import BilingualText
from policy.authoring.version_diff import RowChange
from policy.engine import verdict_evidence
from policy.model.records import Policy


def print_sentence(text: BilingualText | None) -> None:
    """A sentence in English, then in Chinese; nothing for None."""
    if text is not None:
        print(text)
        print(text.zh)


def verdict_json(policy: Policy, line: verdict_evidence.Verdict) -> dict[str, Any]:
    """A verdict with the clause it rests on in both languages."""
    clause = policy.clauses[line.clause_id]
    return asdict(line) | {"clause": {name: text for name, text in asdict(clause).items() if text}}


def print_verdicts(policy: Policy, found: list[verdict_evidence.Verdict]) -> None:
    """One line a verdict, and below it the readings of the clause and the limit rows that decided it."""
    for line in found:
        why = f" ({line.reason}: {', '.join(line.missing)})" if line.reason else ""
        text = f"{line.measured} {line.comparator} {line.limit}"
        print(f"{line.verdict:15}{line.rule_id:34}{line.clause_id:14}{text}{why}  {line.title_zh} / {line.title_en}")
        for source, zh, en in _list_readings(policy, line):
            print(f"{'':15}{source}: {' / '.join(filter(None, (zh, en)))}")


def _list_readings(policy: Policy, line: verdict_evidence.Verdict) -> list[tuple[str, str, str]]:
    """(clause or limit row, reading in both languages) of what the source leaves open, where it decided."""
    if line.verdict not in ("pass", "violation"):
        return []
    clause = policy.clauses.get(line.clause_id)
    found = [(clause.clause_id, clause.reading_zh, clause.reading_en)] if clause else []
    found += [(row["row_id"], row["reading_zh"], row["reading_en"]) for row in line.limit_rows]
    return [each for each in found if each[1] or each[2]]


def print_changes(found: list[RowChange]) -> None:
    """The changes in words, added and removed rows by their title alone."""
    for change in found:
        title = " / ".join(dict.fromkeys(filter(None, (change.title_zh, change.title_en))))
        print(f"{change.change:9}{change.table:20}{' '.join(change.key)}  {title}")
        if change.change == "changed":
            for column, (before, after) in change.cells.items():
                print(f"{'':9}  {column}: {before or '(blank)'} → {after or '(blank)'}")
