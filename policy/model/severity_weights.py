"""How much a violation of each severity weighs, where violations are added up: rows of severity_weights.csv."""

from decimal import Decimal, InvalidOperation

from data.errors import LoanlightError
from policy.model.records import Policy
from policy.model.table_reader import TableReader

TABLE = "severity_weights.csv"


def load_weights(policy: Policy) -> dict[str, Decimal]:
    """Severity → weight, in the table's order. Raises LoanlightError for a table that cannot be read."""
    reader = TableReader(policy.texts)
    rows = reader.read_rows(TABLE)
    if reader.problems:
        raise LoanlightError(f"Policy tables: {reader.problems[0]}")
    found = {row.cells["severity"]: _parse_weight(row.cells["severity"], row.cells["weight"]) for row in rows}
    lacking = {rule.severity for rule in policy.rules.values()} - set(found)
    if lacking:
        raise LoanlightError(f"{TABLE}: there is no weight for {', '.join(sorted(lacking))}. Add a row for it.")
    return found


def _parse_weight(severity: str, text: str) -> Decimal:
    try:
        return Decimal(text)
    except InvalidOperation:
        raise LoanlightError(f"{TABLE}: the weight of {severity}, '{text}', is no number. Mend the cell.") from None
