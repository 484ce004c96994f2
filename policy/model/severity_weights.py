"""The weight of a violation of each severity, where violations are added up: rows of severity_weights.csv."""

from collections.abc import Mapping
from decimal import Decimal
from functools import cache

from data.errors import LoanlightError
from data.messages.catalogue import bilingual
from policy.model.csv_reader import PolicyError
from policy.model.records import Policy
from policy.model.table_folder import SHIPPED_TABLES
from policy.model.table_reader import TableReader, parse_number

TABLE = "severity_weights.csv"


def load_weights(policy: Policy) -> dict[str, Decimal]:
    """Severity → weight, in the table's order; the shipped weights where the folder has no such table.

    Raises LoanlightError for a table that cannot be read, or lacks a severity that a rule has.
    """
    texts = policy.texts if TABLE in policy.texts else _read_shipped_table()
    reader = TableReader(texts)
    rows = reader.read_rows(TABLE)
    if reader.problems:
        raise PolicyError(reader.problems)
    found = {row.cells["severity"]: _parse_weight(row.cells["severity"], row.cells["weight"]) for row in rows}
    missing = {rule.severity for rule in policy.rules.values()} - set(found)
    if missing:
        raise LoanlightError(bilingual("model.no_weight", table=TABLE, known=", ".join(sorted(missing))))
    return found


@cache
def _read_shipped_table() -> Mapping[str, str]:
    return {TABLE: (SHIPPED_TABLES / TABLE).read_text(encoding="utf-8-sig")}


def _parse_weight(severity: str, text: str) -> Decimal:
    weight = parse_number(text)
    if weight is None:
        raise LoanlightError(bilingual("model.bad_weight", table=TABLE, severity=severity, value=text))
    return weight
