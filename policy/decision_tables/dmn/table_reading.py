"""One DMN decision table as a limit table: its inputs are key columns, its outputs limit columns."""

from dataclasses import dataclass, field
from datetime import date
from xml.etree.ElementTree import Element

from data.language.expressions import KINDS
from data.messages.catalogue import bilingual
from policy.decision_tables.dmn import feel
from policy.decision_tables.dmn.document import NAME, DmnDocument, read_text
from policy.decision_tables.dmn.writing import ANNOTATIONS

HIT_POLICIES = {"UNIQUE": "unique", "COLLECT": "collect"}
DATES_IN_FORCE = "force"  # the role of the input on the date of the act


@dataclass(frozen=True)
class DmnColumn:
    """A column as limit_columns.csv declares it."""

    name: str
    role: str
    type: str
    unit: str
    zh: str
    en: str


@dataclass
class DmnTable:
    """A table that was read: its columns, and its rows by column name, with all of a limit row's own columns."""

    name: str
    hit_policy: str
    columns: list[DmnColumn] = field(default_factory=list)
    rows: list[dict[str, str]] = field(default_factory=list)


@dataclass(frozen=True)
class RowDefaults:
    """What replaces what a foreign file does not state; where it is None, the file must state it."""

    clause_id: str | None = None
    evidence: str | None = None
    effective_from: date | None = None


def read_decision_table(
    document: DmnDocument, element: Element, name: str, decision: Element, defaults: RowDefaults
) -> DmnTable:
    """The table of a decision; what cannot be imported is refused in the document."""
    table = DmnTable(name, _read_hit_policy(document, element, name))
    inputs = [_read_input(document, column) for column in document.find_children(element, "input")]
    outputs = document.find_children(element, "output")
    limits = [_read_output(document, column, name, decision, alone=len(outputs) == 1) for column in outputs]
    table.columns = [column for column in (*inputs, *limits) if column and column.role != DATES_IN_FORCE]
    names = [column.name for column in table.columns]
    for repeated in sorted({column for column in names if names.count(column) > 1}):
        document.refuse_element(element, name, bilingual("decision_tables.dmn.repeated_column", column=repeated))
    if all(inputs) and all(limits):
        rows = _RowReader(document, table, [c for c in inputs if c], [c for c in limits if c], defaults)
        rows.read_rows(element)
    return table


def _read_hit_policy(document: DmnDocument, element: Element, name: str) -> str:
    policy, aggregation = element.get("hitPolicy", "UNIQUE"), element.get("aggregation")
    if policy not in HIT_POLICIES:
        known = ", ".join(HIT_POLICIES)
        document.refuse_element(element, name, bilingual("decision_tables.dmn.hit_policy", policy=policy, known=known))
    if aggregation:
        document.refuse_element(element, name, bilingual("decision_tables.dmn.aggregation", aggregation=aggregation))
    return HIT_POLICIES.get(policy, "unique")


def _build_column(document: DmnDocument, element: Element, name: str, role: str, found: str) -> DmnColumn | None:
    """The column of our extension element, or one made of DMN's own attributes; `found`: our type of its typeRef."""
    ours = document.find_extension(element, "column")
    if ours is None:
        label = element.get("label") or name
        return DmnColumn(name, role, found, "", label, label)
    declared = ours.get("type", "")
    if KINDS.get(declared) != KINDS[found]:
        reason = bilingual("decision_tables.dmn.declared_type", declared=declared, type=found)
        document.refuse_element(element, name, reason)
        return None
    return DmnColumn(name, role, *(ours.get(part, "") for part in ("type", "unit", "zh", "en")))


def _read_input(document: DmnDocument, element: Element) -> DmnColumn | None:
    document.refuse_other_languages(element, "")
    expression = element.find(f"{{{document.model}}}inputExpression")
    if document.find_children(element, "inputValues"):
        document.passed_over.add("inputValues")
    name = read_text(expression, document.model) if expression is not None else ""
    if not NAME.match(name):
        document.refuse_element(element, name, bilingual("decision_tables.dmn.input_name", name=name[:60]))
        return None
    found = document.resolve_type(element, name, expression.get("typeRef") if expression is not None else None)
    if found is None:
        return None
    if document.find_extension(element, "inForce") is not None:
        return DmnColumn(name, DATES_IN_FORCE, "date", "", "", "")
    return _build_column(document, element, name, "key", found)


def _read_output(
    document: DmnDocument, element: Element, table: str, decision: Element, *, alone: bool
) -> DmnColumn | None:
    """An output; the only one of a table may take its name and its type from the decision."""
    document.refuse_other_languages(element, table)
    if document.find_children(element, "defaultOutputEntry"):
        document.refuse_element(element, table, bilingual("decision_tables.dmn.default_output"))
    if document.find_children(element, "outputValues"):
        document.passed_over.add("outputValues")
    ours = document.find_extension(element, "column")
    own_name = ours.get("name", "") if ours is not None else table if alone else ""
    name = element.get("name") or own_name
    if not NAME.match(name):
        document.refuse_element(element, table, bilingual("decision_tables.dmn.output_name", name=name[:60]))
        return None
    variable = decision.find(f"{{{document.model}}}variable")
    type_ref = element.get("typeRef") or (variable.get("typeRef") if alone and variable is not None else None)
    if type_ref == "Any" and ours is not None:
        type_ref = feel.TYPE_REFS.get(KINDS.get(ours.get("type", ""), ""), "Any")
    found = document.resolve_type(element, table, type_ref)
    return None if found is None else _build_column(document, element, name, "limit", found)


@dataclass(frozen=True)
class _RowReader:
    """Reads the rules of a table into its rows."""

    document: DmnDocument
    table: DmnTable
    inputs: list[DmnColumn]
    limits: list[DmnColumn]
    defaults: RowDefaults

    def read_rows(self, element: Element) -> None:
        names = [note.get("name", "") for note in self.document.find_children(element, "annotation")]
        for number, rule in enumerate(self.document.find_children(element, "rule"), start=1):
            self.document.refuse_other_languages(rule, self.table.name)
            entries = self._find_entries(rule)
            if entries is None:
                continue
            notes = self._read_annotations(rule, names)
            row = self._row_metadata(rule, notes, number)
            for column, entry in zip((*self.inputs, *self.limits), entries, strict=True):
                row |= self._read_cell(column, entry)
            if row["effective_from"] == "":
                self._refuse_missing(rule, "effective_from", "--effective-from")
            self.table.rows.append(row)

    def _find_entries(self, rule: Element) -> list[Element] | None:
        """The entries of a rule; None when they are not as many as the columns."""
        tests = self.document.find_children(rule, "inputEntry")
        values = self.document.find_children(rule, "outputEntry")
        if (len(tests), len(values)) == (len(self.inputs), len(self.limits)):
            return [*tests, *values]
        reason = bilingual("decision_tables.dmn.entries", inputs=len(tests), outputs=len(values))
        self.document.refuse_element(rule, self.table.name, reason)
        return None

    def _read_annotations(self, rule: Element, names: list[str]) -> dict[str, str]:
        entries = self.document.find_children(rule, "annotationEntry")
        notes = dict(zip(names, (read_text(entry, self.document.model) for entry in entries), strict=False))
        self.document.passed_over |= {f"annotation {name}" for name in notes if name not in ANNOTATIONS}
        return notes

    def _row_metadata(self, rule: Element, notes: dict[str, str], number: int) -> dict[str, str]:
        """The row's own columns: from our annotations, else as given on the command line."""
        own = {name: notes.get(name, "") for name in ANNOTATIONS}
        own["row_id"] = own["row_id"] or f"{self.table.name}-{number}"
        given = {"clause_id": self.defaults.clause_id, "evidence": self.defaults.evidence}
        for name, option in (("clause_id", "--clause"), ("evidence", "--evidence")):
            own[name] = own[name] or given[name] or ""
            if not own[name]:
                self._refuse_missing(rule, name, option)
        starts = self.defaults.effective_from
        return own | {"effective_from": str(starts) if starts else "", "effective_to": ""}

    def _refuse_missing(self, rule: Element, name: str, option: str) -> None:
        reason = bilingual("decision_tables.dmn.missing_value", name=name, option=option)
        self.document.refuse_element(rule, self.table.name, reason)

    def _read_cell(self, column: DmnColumn, entry: Element) -> dict[str, str]:
        text = read_text(entry, self.document.model)
        try:
            if column.role == DATES_IN_FORCE:
                return dict(zip(("effective_from", "effective_to"), feel.in_force_from_feel(text), strict=True))
            if column.role == "key":
                return {column.name: feel.key_from_feel(text, column.type)}
            return {column.name: feel.limit_from_feel(text, column.type)}
        except feel.FeelError as error:
            reason = bilingual("decision_tables.dmn.only_literals", message=error.full_message)
            self.document.refuse_element(entry, self.table.name, reason)
            return {column.name: ""}
