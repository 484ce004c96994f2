"""DMN 1.3, 1.4 and 1.5 decision tables as limit tables; what we do not support is refused by name and element id."""

import re
from dataclasses import dataclass, field
from datetime import date
from xml.etree.ElementTree import Element, ParseError

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring

from data.errors import InputError
from policy.decision_tables.dmn import feel
from policy.decision_tables.dmn.writing import ANNOTATIONS, OWN_NAMESPACE
from policy.language.expressions import KINDS

MODELS = {
    "https://www.omg.org/spec/DMN/20191111/MODEL/": "1.3",
    "https://www.omg.org/spec/DMN/20211108/MODEL/": "1.4",
    "https://www.omg.org/spec/DMN/20230324/MODEL/": "1.5",
}
HIT_POLICIES = {"UNIQUE": "unique", "COLLECT": "collect"}
GRAPH_ELEMENTS = ("businessKnowledgeModel", "decisionService", "import", "performanceIndicator", "organizationUnit")
NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z", re.ASCII)
MOST_BYTES = 50_000_000
ALLOWED_ELEMENTS = {
    "variable",
    "question",
    "allowedAnswers",
    "description",
    "extensionElements",
    "informationRequirement",
    "authorityRequirement",
    "decisionTable",
}


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
    """A table read: its columns, and its rows by column name, with all of a limit row's own columns."""

    name: str
    hit_policy: str
    columns: list[DmnColumn] = field(default_factory=list)
    rows: list[dict[str, str]] = field(default_factory=list)


@dataclass(frozen=True)
class RowDefaults:
    """What stands in for what a foreign file does not state; None must be in the file."""

    clause_id: str | None = None
    evidence: str | None = None
    effective_from: date | None = None


def read_tables(content: bytes, defaults: RowDefaults) -> tuple[list[DmnTable], list[str]]:
    """The tables of a file and what was passed over. Raises InputError that names every element refused."""
    if len(content) > MOST_BYTES:
        raise InputError(f"The DMN file is larger than {MOST_BYTES // 1_000_000} MB. Split it.")
    try:
        root = fromstring(content, forbid_dtd=True)
    except DefusedXmlException as error:
        raise InputError(f"The DMN file declares a document type or entities ({error}). Remove them.") from error
    except (ParseError, ValueError, LookupError) as error:
        raise InputError(f"The DMN file is no well-formed XML: {error}.") from error
    return DmnReader(root, defaults).read_decisions()


class DmnReader:
    """Reads one parsed file, and gathers what it must refuse on the way."""

    def __init__(self, root: Element, given: RowDefaults) -> None:
        self.root, self.given = root, given
        self.refused: list[str] = []
        self.passed_over: set[str] = set()
        model = root.tag.removeprefix("{").partition("}")[0]
        if model not in MODELS or _local_tag(root) != "definitions":
            raise InputError(f"'{root.tag[:80]}' is no DMN {', '.join(MODELS.values())} file. Save it in one of these.")
        self.model = model

    def refuse_element(self, element: Element, holder: str, what: str) -> None:
        self.refused.append(f"{_local_tag(element)} '{element.get('id') or holder}': {what}")

    def find_children(self, element: Element, tag: str) -> list[Element]:
        return element.findall(f"{{{self.model}}}{tag}")

    def read_decisions(self) -> tuple[list[DmnTable], list[str]]:
        for element in self.root:
            if _local_tag(element) in GRAPH_ELEMENTS and element.tag.startswith(f"{{{self.model}}}"):
                self.refuse_element(element, element.get("name", ""), "is not supported; only decision tables are.")
        tables = [
            table for decision in self.find_children(self.root, "decision") if (table := self._read_decision(decision))
        ]
        names = [table.name for table in tables]
        twice = sorted({name for name in names if names.count(name) > 1})
        self.refused += [f"decision '{name}': stands twice." for name in twice]
        if self.refused:
            more = f" (and {len(self.refused) - 20} more)" if len(self.refused) > 20 else ""
            refused = "\n".join(self.refused[:20])
            raise InputError(f"The DMN file cannot be imported whole, so nothing was.\n{refused}{more}")
        if not tables:
            raise InputError("The DMN file holds no decision table. Give one with at least one decision.")
        return tables, sorted(self.passed_over)

    def _read_decision(self, decision: Element) -> DmnTable | None:
        holder = decision.get("name", "")
        # Some tools name decisions by their id, others make up ids like _9A1F and use the name.
        ids = (decision.get("id", ""), holder)
        name = next((n for n in (ids[::-1] if ids[0].startswith("_") else ids) if NAME.match(n)), None)
        for need in decision.iter(f"{{{self.model}}}requiredDecision"):
            self.refuse_element(
                decision, holder, f"needs another decision ({need.get('href')}); graphs are not supported."
            )
        for need in self.find_children(decision, "knowledgeRequirement"):
            self.refuse_element(need, holder, "knowledge requirements are not supported.")
        for element in decision:
            if element.tag.startswith(f"{{{self.model}}}") and _local_tag(element) not in ALLOWED_ELEMENTS | {
                "knowledgeRequirement"
            }:
                self.refuse_element(element, holder, "is not supported; only a decision table is.")
        found = self.find_children(decision, "decisionTable")
        if len(found) != 1 or name is None:
            why = "has no decision table." if name else "needs an id or a name of letters, digits and _."
            self.refuse_element(decision, holder, why)
            return None
        return self._read_table(found[0], name, decision)

    def _read_table(self, element: Element, name: str, decision: Element) -> DmnTable | None:
        policy = element.get("hitPolicy", "UNIQUE")
        if policy not in HIT_POLICIES:
            self.refuse_element(
                element, name, f"hit policy {policy} is not supported; use {' or '.join(HIT_POLICIES)}."
            )
        if element.get("aggregation"):
            self.refuse_element(element, name, f"aggregation {element.get('aggregation')} is not supported.")
        table = DmnTable(name, HIT_POLICIES.get(policy, "unique"))
        inputs = [self._read_input(column) for column in self.find_children(element, "input")]
        outputs = self.find_children(element, "output")
        limits = [self._read_output(column, name, decision, alone=len(outputs) == 1) for column in outputs]
        table.columns = [column for column in (*inputs, *limits) if column and column.role != "force"]
        twice = sorted({c.name for c in table.columns if [d.name for d in table.columns].count(c.name) > 1})
        for column in twice:
            self.refuse_element(element, name, f"column '{column}' stands twice.")
        if all(inputs) and all(limits):
            self._read_rows(element, table, [c for c in inputs if c], [c for c in limits if c])
        return table

    def _find_extension(self, element: Element, tag: str) -> Element | None:
        return element.find(f"{{{self.model}}}extensionElements/{{{OWN_NAMESPACE}}}{tag}")

    def _refuse_other_languages(self, element: Element, holder: str) -> None:
        for part in element.iter():
            language = part.get("expressionLanguage")
            if language and not language.rstrip("/").lower().endswith("feel"):
                self.refuse_element(part, holder, f"expression language {language} is not supported; use FEEL.")

    def _resolve_type(self, element: Element, holder: str, type_ref: str | None) -> str | None:
        """Our type of a DMN type; an item definition that only names a basic type counts as that."""
        basic = (type_ref or "string").removeprefix("feel:")
        if basic not in feel.TYPES:
            named = [each for each in self.find_children(self.root, "itemDefinition") if each.get("name") == basic]
            defined = (
                self.find_children(named[0], "typeRef") if named and named[0].get("isCollection") != "true" else []
            )
            basic = (defined[0].text or "").strip().removeprefix("feel:") if defined else basic
        if basic not in feel.TYPES:
            self.refuse_element(element, holder, f"type {type_ref} is not supported; use {', '.join(feel.TYPES)}.")
            return None
        return feel.TYPES[basic]

    def _build_column(self, element: Element, name: str, role: str, found: str) -> DmnColumn | None:
        ours = self._find_extension(element, "column")
        if ours is None:
            label = element.get("label") or name
            return DmnColumn(name, role, found, "", label, label)
        if KINDS.get(ours.get("type", "")) != KINDS[found]:
            self.refuse_element(element, name, f"is declared {ours.get('type')}, but its typeRef says {found}.")
            return None
        return DmnColumn(name, role, *(ours.get(part, "") for part in ("type", "unit", "zh", "en")))

    def _read_input(self, element: Element) -> DmnColumn | None:
        self._refuse_other_languages(element, "")
        expression = element.find(f"{{{self.model}}}inputExpression")
        if self.find_children(element, "inputValues"):
            self.passed_over.add("inputValues")
        name = self._read_text(expression) if expression is not None else ""
        if not NAME.match(name):
            self.refuse_element(
                element, name, f"'{name[:60]}' is no field's name; expressions are not supported as inputs."
            )
            return None
        found = self._resolve_type(element, name, expression.get("typeRef") if expression is not None else None)
        if found is None:
            return None
        if self._find_extension(element, "inForce") is not None:
            return DmnColumn(name, "force", "date", "", "", "")
        return self._build_column(element, name, "key", found)

    def _read_output(self, element: Element, table: str, decision: Element, *, alone: bool) -> DmnColumn | None:
        self._refuse_other_languages(element, table)
        if self.find_children(element, "defaultOutputEntry"):
            self.refuse_element(element, table, "a default output is not supported: what no row covers is not judged.")
        if self.find_children(element, "outputValues"):
            self.passed_over.add("outputValues")
        ours = self._find_extension(element, "column")
        name = element.get("name") or (ours.get("name", "") if ours is not None else table if alone else "")
        if not NAME.match(name):
            self.refuse_element(element, table, f"'{name[:60]}' is no name of letters, digits and _.")
            return None
        variable = decision.find(f"{{{self.model}}}variable")
        type_ref = element.get("typeRef") or (variable.get("typeRef") if alone and variable is not None else None)
        if type_ref == "Any" and ours is not None:
            type_ref = feel.TYPE_REFS.get(KINDS.get(ours.get("type", ""), ""), "Any")
        found = self._resolve_type(element, table, type_ref)
        return None if found is None else self._build_column(element, name, "limit", found)

    def _read_text(self, element: Element) -> str:
        found = element.find(f"{{{self.model}}}text")
        return (found.text or "").strip() if found is not None else ""

    def _read_rows(self, element: Element, table: DmnTable, inputs: list[DmnColumn], limits: list[DmnColumn]) -> None:
        names = [note.get("name", "") for note in self.find_children(element, "annotation")]
        for number, rule in enumerate(self.find_children(element, "rule"), start=1):
            self._refuse_other_languages(rule, table.name)
            tests, values = self.find_children(rule, "inputEntry"), self.find_children(rule, "outputEntry")
            if (len(tests), len(values)) != (len(inputs), len(limits)):
                self.refuse_element(
                    rule, table.name, f"{len(tests)} inputs and {len(values)} outputs, not those of the table."
                )
                continue
            notes = dict(zip(names, map(self._read_text, self.find_children(rule, "annotationEntry")), strict=False))
            self.passed_over |= {f"annotation {name}" for name in notes if name not in ANNOTATIONS}
            row = self._row_metadata(rule, table, notes, number)
            for column, entry in zip((*inputs, *limits), (*tests, *values), strict=True):
                row |= self._read_cell(column, entry, table.name)
            if row["effective_from"] == "":
                self.refuse_element(rule, table.name, "no date in force; give --effective-from.")
            table.rows.append(row)

    def _row_metadata(self, rule: Element, table: DmnTable, notes: dict[str, str], number: int) -> dict[str, str]:
        """The row's own columns: from our annotations, else as given on the command line."""
        own = {name: notes.get(name, "") for name in ANNOTATIONS}
        own["row_id"] = own["row_id"] or f"{table.name}-{number}"
        for name, option in (("clause_id", "--clause"), ("evidence", "--evidence")):
            own[name] = own[name] or getattr(self.given, name) or ""
            if not own[name]:
                self.refuse_element(rule, table.name, f"no {name}; give {option}.")
        starts = self.given.effective_from
        return own | {"effective_from": str(starts) if starts else "", "effective_to": ""}

    def _read_cell(self, column: DmnColumn, entry: Element, holder: str) -> dict[str, str]:
        text = self._read_text(entry)
        try:
            if column.role == "force":
                return dict(zip(("effective_from", "effective_to"), feel.in_force_from_feel(text), strict=True))
            if column.role == "key":
                return {column.name: feel.key_from_feel(text, column.type)}
            return {column.name: feel.limit_from_feel(text, column.type)}
        except feel.FeelError as error:
            self.refuse_element(entry, holder, f"{error} Only FEEL literals are supported.")
            return {column.name: ""}


def _local_tag(element: Element) -> str:
    return str(element.tag).rpartition("}")[2]
