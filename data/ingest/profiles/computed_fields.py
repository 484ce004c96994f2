"""The computed fields of a profile, checked when the profile is read."""

from data.errors import InputError
from data.ingest.conversion.computed_columns import compile_columns
from data.ingest.profiles.profile_model import FieldSpec
from data.language.expressions import ExpressionError
from data.messages.catalogue import bilingual


def require_computable(where: str, table: str, fields: tuple[FieldSpec, ...]) -> None:
    """Raises InputError for an expression that cannot be used, or one that needs its own result."""
    targets = {f"{spec.table}.{spec.field}": spec.target for spec in fields}
    expressions = {f"{spec.table}.{spec.field}": spec.text for spec in fields if spec.how == "compute"}
    try:
        compile_columns(table, targets, expressions)
    except ExpressionError as error:
        raise InputError(bilingual("profiles.cannot_compute", file=where, message=error.full_message)) from error
