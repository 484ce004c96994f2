"""Our limit tables as GoRules decision models, so that another engine says which row answers."""

import json
import re
from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from typing import Any

import zen

from data.language.expressions import KINDS
from policy.model.records import FOREVER, LimitTable

EPOCH = date(1970, 1, 1)
DAYS_IN_FORCE = "days in force"
JsonObject = dict[str, Any]


def days_since_epoch(day: date) -> int:
    """Dates go in as whole days, so that no time zone can move them."""
    return (day - EPOCH).days


def zen_cell(text: str, kind: str) -> str | None:
    """A key cell in the other engine's words; None where it has none (negated ranges)."""
    if text in ("", "-"):
        return ""
    negated = text.startswith("not(")
    inner = text[4:-1] if negated else text
    if kind in ("number", "date"):
        dated = re.sub(r"\d{4}-\d\d-\d\d", lambda m: str(days_since_epoch(date.fromisoformat(m.group()))), inner)
        parts = [part.strip() for part in dated.split(",")]
        return None if negated or any(part[0] == "]" or part[-1] == "[" for part in parts) else ", ".join(parts)
    if kind == "boolean":
        return None if negated else inner
    words = ", ".join(json.dumps(part.strip().strip('"'), ensure_ascii=False) for part in inner.split(","))
    return f"$ not in [{words}]" if negated else words


def zen_date_range(start: date, end: date) -> str:
    return (
        f">= {days_since_epoch(start)}" if end == FOREVER else f"[{days_since_epoch(start)}..{days_since_epoch(end)})"
    )


def _decision_table(table: LimitTable, hit_policy: str, output: str) -> JsonObject | None:
    """A decision table that answers with its rows' numbers; None when a cell cannot be said in it."""
    inputs = [{"id": "force", "name": DAYS_IN_FORCE, "field": "force"}]
    inputs += [{"id": f"k{n}", "name": key.name, "field": key.name} for n, key in enumerate(table.key_columns)]
    rules = []
    for number, row in enumerate(table.rows):
        cells = {f"k{n}": zen_cell(row.cells[key.name], KINDS[key.type]) for n, key in enumerate(table.key_columns)}
        if None in cells.values():
            return None
        in_force = zen_date_range(row.effective_from, row.effective_to)
        rules.append({"_id": str(number), "force": in_force, **cells, "row": str(number)})
    outputs = [{"id": "row", "name": "row", "field": output}]
    return {"hitPolicy": hit_policy, "inputs": inputs, "outputs": outputs, "rules": rules}


def build_decision_graph(contents: dict[str, JsonObject]) -> JsonObject:
    """The decision graph that asks every table and gives all answers at once."""
    place = {"x": 0, "y": 0}
    ends = [{"id": end, "type": f"{end}Node", "name": end, "position": place} for end in ("input", "output")]
    nodes = [
        {"id": name, "type": "decisionTableNode", "name": name, "position": place, "content": content}
        for name, content in contents.items()
    ]
    pairs = [pair for name in contents for pair in (("input", name), (name, "output"))]
    edges = [{"id": f"{a}-{b}", "sourceId": a, "targetId": b, "type": "edge"} for a, b in pairs]
    return {"nodes": [*ends, *nodes], "edges": edges}


def _zen_value(value: Any) -> Any:
    if isinstance(value, date):
        return days_since_epoch(value)
    return float(value) if isinstance(value, Decimal) else value


def build_context(act: date, keys: JsonObject) -> JsonObject:
    return {"force": days_since_epoch(act)} | {name: _zen_value(value) for name, value in keys.items()}


def engine_by_table(tables: Iterable[LimitTable]) -> tuple[zen.ZenEngine, list[LimitTable]]:
    """An engine that knows by name each table that can be said in it, all rows that answer shown; and those tables."""
    models, known = {}, []
    for table in tables:
        if content := _decision_table(table, "collect", "row"):
            models[table.name] = json.dumps(build_decision_graph({table.name: content}))
            known.append(table)
    return zen.ZenEngine({"loader": lambda key: models[key]}), known


def engine_of_all_tables(tables: Iterable[LimitTable]) -> tuple[zen.ZenEngine, list[LimitTable]]:
    """An engine with one decision, `all`, that answers every table with the row's number; and those tables."""
    found = [(table, _decision_table(table, "first", table.name)) for table in tables]
    known = [table for table, content in found if content]
    said = json.dumps(build_decision_graph({table.name: content for table, content in found if content}))
    return zen.ZenEngine({"loader": lambda _: said}), known


def evaluate_batch(zen_engine: zen.ZenEngine, key: str, contexts: list[JsonObject]) -> list[Any]:
    """The result of each context, in one call. Raises ValueError for the first that fails."""
    found = zen_engine.evaluate_batch([{"key": key, "context": context} for context in contexts])
    for said in found:
        if not said["success"]:
            raise ValueError(f"{key}: {said}")
    return [said["data"]["result"] for said in found]


def matching_rows(
    zen_engine: zen.ZenEngine, table: LimitTable, records: list[tuple[date, JsonObject]]
) -> list[list[int]]:
    """The numbers of the rows that answer each record (act, keys)."""
    found = evaluate_batch(zen_engine, table.name, [build_context(act, keys) for act, keys in records])
    return [[int(hit["row"]) for hit in hits] for hits in found]
