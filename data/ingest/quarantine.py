"""The quarantined rows, as the command line lists them."""

import json
from typing import Any

import duckdb

QUERY = """
SELECT q.batch_id, b.as_of, q.table_name, q.file, q.row_number, q.field, q.value, q.reason, q.reason_zh, q.content
FROM quarantine q JOIN batches b USING (batch_id) WHERE b.withdrawn_at IS NULL
ORDER BY b.loaded_at, q.batch_id, q.file, q.row_number"""
NAMES = ("batch", "as_of", "table", "file", "row", "field", "value", "reason", "reason_zh", "content")


def load_rows(con: duckdb.DuckDBPyConnection) -> list[dict[str, Any]]:
    """Every row of every batch that could not be loaded, with its content as header -> text."""
    found = [dict(zip(NAMES, row, strict=True)) for row in con.execute(QUERY).fetchall()]
    return [row | {"as_of": row["as_of"].isoformat(), "content": json.loads(row["content"])} for row in found]


def format_rows(found: list[dict[str, Any]]) -> str:
    """A readable list: where, why (both languages), and the row itself."""
    if not found:
        return "No rows are quarantined. 隔离区为空。"
    blocks = [
        f"{row['file']} row {row['row']} 第{row['row']}行 [{row['table']}] batch {row['batch']}\n"
        f"  {row['reason']}\n  {row['reason_zh']}\n"
        f"  {json.dumps(row['content'], ensure_ascii=False)}"
        for row in found
    ]
    return "\n".join([*blocks, f"{len(found)} rows quarantined. 共隔离 {len(found)} 行。"])
