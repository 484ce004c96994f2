"""DMN 1.3, 1.4 and 1.5 decision tables as limit tables; what is not supported is refused by name and element id."""

from xml.etree.ElementTree import Element, ParseError

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring

from data.errors import InputError
from data.messages.catalogue import bilingual
from policy.decision_tables.dmn.document import NAME, DmnDocument, local_tag
from policy.decision_tables.dmn.table_reading import DmnColumn, DmnTable, RowDefaults, read_decision_table

__all__ = ["DmnColumn", "DmnTable", "RowDefaults", "read_tables"]

GRAPH_ELEMENTS = ("businessKnowledgeModel", "decisionService", "import", "performanceIndicator", "organizationUnit")
MOST_BYTES = 50_000_000
ALLOWED_ELEMENTS = {
    "variable",
    "question",
    "allowedAnswers",
    "description",
    "extensionElements",
    "informationRequirement",
    "authorityRequirement",
    "knowledgeRequirement",  # refused by name
    "decisionTable",
}


def read_tables(content: bytes, defaults: RowDefaults) -> tuple[list[DmnTable], list[str]]:
    """The tables of a file and what was passed over. Raises InputError that names every element refused."""
    document = DmnDocument.from_root(_parse_xml(content))
    for element in document.root:
        if local_tag(element) in GRAPH_ELEMENTS and document.is_of_model(element):
            document.refuse_element(element, element.get("name", ""), bilingual("decision_tables.dmn.graph_element"))
    decisions = document.find_children(document.root, "decision")
    tables = [table for decision in decisions if (table := _read_decision(document, decision, defaults))]
    names = [table.name for table in tables]
    for repeated in sorted({name for name in names if names.count(name) > 1}):
        document.refusals.append(bilingual("decision_tables.dmn.repeated_decision", name=repeated))
    document.require_nothing_refused()
    if not tables:
        raise InputError(bilingual("decision_tables.dmn.without_table"))
    return tables, sorted(document.passed_over)


def _parse_xml(content: bytes) -> Element:
    """The root of the file. Raises InputError for one that is too large, not XML, or declares entities."""
    if len(content) > MOST_BYTES:
        raise InputError(bilingual("decision_tables.dmn.too_large", most=MOST_BYTES // 1_000_000))
    try:
        root: Element = fromstring(content, forbid_dtd=True)
    except DefusedXmlException as error:
        raise InputError(bilingual("decision_tables.dmn.declares_entities", error=str(error))) from error
    except (ParseError, ValueError, LookupError) as error:
        raise InputError(bilingual("decision_tables.dmn.not_xml", error=str(error))) from error
    return root


def _read_decision(document: DmnDocument, decision: Element, defaults: RowDefaults) -> DmnTable | None:
    holder = decision.get("name", "")
    # Some tools name decisions by their id, others make up ids like _9A1F and use the name.
    ids = (decision.get("id", ""), holder)
    name = next((n for n in (ids[::-1] if ids[0].startswith("_") else ids) if NAME.match(n)), None)
    _refuse_unsupported_parts(document, decision, holder)
    found = document.find_children(decision, "decisionTable")
    if name is None:
        document.refuse_element(decision, holder, bilingual("decision_tables.dmn.decision_name"))
        return None
    if len(found) != 1:
        document.refuse_element(decision, holder, bilingual("decision_tables.dmn.decision_without_table"))
        return None
    return read_decision_table(document, found[0], name, decision, defaults)


def _refuse_unsupported_parts(document: DmnDocument, decision: Element, holder: str) -> None:
    """Refuses other decisions and knowledge that the decision needs, and whatever is not a decision table."""
    for need in decision.iter(f"{{{document.model}}}requiredDecision"):
        reason = bilingual("decision_tables.dmn.required_decision", href=need.get("href"))
        document.refuse_element(decision, holder, reason)
    for need in document.find_children(decision, "knowledgeRequirement"):
        document.refuse_element(need, holder, bilingual("decision_tables.dmn.knowledge_requirement"))
    for element in decision:
        if document.is_of_model(element) and local_tag(element) not in ALLOWED_ELEMENTS:
            document.refuse_element(element, holder, bilingual("decision_tables.dmn.other_element"))
