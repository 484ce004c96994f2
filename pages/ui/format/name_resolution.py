"""What the names of a policy expression mean: labels, units, code lists, dates."""

from dataclasses import dataclass

from sqlglot import exp

from data import dictionary
from data.dictionary import Field
from data.language import functions
from pages.ui.format import values
from pages.ui.i18n.language import by_language, t
from policy.model.records import DerivedField, LimitColumn, Policy

ValueKind = tuple[str, str]  # unit, code list


@dataclass(frozen=True)
class NameResolver:
    """What the names of an expression about one subject mean."""

    policy: Policy
    subject: str

    def resolve_label(self, column: exp.Column) -> str:
        """The name of a fact or of a column of a limit table; a name that nothing has stays as it is."""
        if not column.table:
            return values.field_label(self.policy, self.subject, column.name)
        found = self._find_limit_column(column)
        return t("expression.of_table", name=by_language(found.zh, found.en)) if found else column.sql()

    def resolve_kind(self, tree: exp.Expr) -> ValueKind:
        """The unit and the code list in which the other side of a comparison is to be read."""
        for column in tree.find_all(exp.Column):
            if limit := self._find_limit_column(column):
                return limit.unit, limit.name
            if field := self._find_field(column.name):
                return field.unit, field.code_list or ""
            if derived := self._find_derived_field(column.name):
                return derived.unit, derived.codes.rstrip("?")
        return "", ""

    def is_date(self, tree: exp.Expr) -> bool:
        """Whether the expression gives a date."""
        tree = tree.unnest()
        if isinstance(tree, exp.Anonymous):
            return self._is_date_function(tree)
        if not isinstance(tree, exp.Column):
            return isinstance(tree, exp.Cast)
        if tree.table:
            limit = self._find_limit_column(tree)
            return limit is not None and limit.type == "date"
        field = self._find_field(tree.name) or self._find_derived_field(tree.name)
        return field is not None and field.type == "date"

    def _is_date_function(self, call: exp.Anonymous) -> bool:
        name = str(call.this).lower()
        if name in functions.CHOICES and self.is_date(call.expressions[0]):
            return True
        return name in functions.FUNCTIONS and functions.FUNCTIONS[name].result_kind == "date"

    def _find_limit_column(self, column: exp.Column) -> LimitColumn | None:
        table = self.policy.limit_tables.get(column.table) if column.table else None
        return table.find_column(column.name) if table else None

    def _find_field(self, name: str) -> Field | None:
        return dictionary.facts_of_subject(self.subject).get(name)

    def _find_derived_field(self, name: str) -> DerivedField | None:
        own = (field for field in self.policy.derived if (field.name, field.subject) == (name, self.subject))
        return next(own, None)
