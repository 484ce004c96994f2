"""What several commands print."""

import json
from dataclasses import asdict
from typing import Any

from policy import verdicts
from policy.model import Policy


def as_json(value: object) -> None:
    print(json.dumps(value, ensure_ascii=False, indent=1, default=str))


def line_json(policy: Policy, line: verdicts.Verdict) -> dict[str, Any]:
    """A verdict with the clause it rests on in both languages."""
    clause = policy.clauses[line.clause_id]
    return asdict(line) | {"clause": {name: text for name, text in asdict(clause).items() if text}}


def lines(found: list[verdicts.Verdict]) -> None:
    for line in found:
        why = f" ({line.reason}: {', '.join(line.missing)})" if line.reason else ""
        said = f"{line.measured} {line.comparator} {line.limit}"
        print(f"{line.verdict:15}{line.rule_id:34}{line.clause_id:14}{said}{why}  {line.title_zh} / {line.title_en}")
