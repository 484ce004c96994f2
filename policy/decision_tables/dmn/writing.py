"""A limit table as DMN 1.3, in the shape that Camunda and Drools read.

Key columns are inputs, limits outputs. The dates in force are one more input on the date of the act, so that another
engine finds the same row. What DMN has no word for goes into annotations (row id, clause, evidence, readings)
and in extension elements (our type and unit), so that what is written reads back as it was.
"""

import re
from xml.etree import ElementTree as ET

from data.errors import InputError
from data.language.expressions import KINDS
from data.messages.catalogue import bilingual
from policy.decision_tables.dmn import feel
from policy.model.records import LimitColumn, LimitRow, LimitTable

MODEL_NAMESPACE = "https://www.omg.org/spec/DMN/20191111/MODEL/"
OWN_NAMESPACE = "urn:loanlight:dmn"
ACT_DATE = "act_date"
ANNOTATIONS = ("row_id", "clause_id", "evidence", "reading_zh", "reading_en")
INVALID_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def render_document(table: LimitTable) -> str:
    """The DMN file of one table. Raises InputError when a cell holds what XML cannot."""
    ET.register_namespace("", MODEL_NAMESPACE)
    ET.register_namespace("loanlight", OWN_NAMESPACE)
    root = _add_element(
        None,
        "definitions",
        id=f"definitions_{table.name}",
        name=table.name,
        namespace="urn:loanlight:policy",
        exporter="Loanlight",
    )
    inputs = [(ACT_DATE, "date"), *((key.name, feel.TYPE_REFS[KINDS[key.type]]) for key in table.key_columns)]
    for name, type_ref in inputs:
        data = _add_element(root, "inputData", id=f"data_{name}", name=name)
        _add_element(data, "variable", id=f"variable_{name}", name=name, typeRef=type_ref)
    decision = _add_element(root, "decision", id=table.name, name=table.name)
    limits = [column for column in table.columns if column.role == "limit"]
    alone = len(limits) == 1 and table.hit_policy == "unique"
    type_ref = feel.TYPE_REFS[KINDS[limits[0].type]] if alone else "Any"
    _add_element(decision, "variable", id=f"variable_{table.name}", name=table.name, typeRef=type_ref)
    for name, _ in inputs:
        needed = _add_element(decision, "informationRequirement", id=f"needs_{name}")
        _add_element(needed, "requiredInput", href=f"#data_{name}")
    _add_table(decision, table, limits)
    ET.indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ET.tostring(root, encoding="unicode") + "\n"


def _add_element(parent: ET.Element | None, tag: str, text: str | None = None, **attributes: str) -> ET.Element:
    for value in (text or "", *attributes.values()):
        if bad := INVALID_XML.search(value):
            shown, character = repr(value[:60]), repr(bad.group())
            raise InputError(bilingual("decision_tables.dmn.not_xml_text", text=shown, character=character))
    name = tag if tag.startswith("{") else f"{{{MODEL_NAMESPACE}}}{tag}"
    element = ET.Element(name, attributes) if parent is None else ET.SubElement(parent, name, attributes)
    element.text = text
    return element


def _add_table(decision: ET.Element, table: LimitTable, limits: list[LimitColumn]) -> None:
    made = _add_element(
        decision,
        "decisionTable",
        id=f"table_{table.name}",
        hitPolicy=table.hit_policy.upper(),
        preferredOrientation="Rule-as-Row",
        outputLabel=table.name,
    )
    _add_input(made, ACT_DATE, "date", None)
    for key in table.key_columns:
        _add_input(made, key.name, feel.TYPE_REFS[KINDS[key.type]], key)
    for limit in limits:
        # DMN gives a single output no name of its own: it is the decision's.
        named = {} if len(limits) == 1 else {"name": limit.name, "typeRef": feel.TYPE_REFS[KINDS[limit.type]]}
        output = _add_element(made, "output", id=f"output_{limit.name}", label=f"{limit.zh} {limit.en}", **named)
        _add_column_extension(output, limit)
    for name in ANNOTATIONS:
        _add_element(made, "annotation", name=name)
    for number, row in enumerate(table.rows, start=1):
        _add_rule(made, table, row, limits, number)


def _add_input(made: ET.Element, name: str, type_ref: str, key: LimitColumn | None) -> None:
    label = f"{key.zh} {key.en}" if key else "行为发生日 Date of the act"
    element = _add_element(made, "input", id=f"input_{name}", label=label)
    if key:
        _add_column_extension(element, key)
    else:
        extension = _add_element(element, "extensionElements")
        _add_element(extension, f"{{{OWN_NAMESPACE}}}inForce")
    expression = _add_element(element, "inputExpression", id=f"expression_{name}", typeRef=type_ref)
    _add_element(expression, "text", name)


def _add_column_extension(element: ET.Element, column: LimitColumn) -> None:
    extension = _add_element(element, "extensionElements")
    _add_element(
        extension,
        f"{{{OWN_NAMESPACE}}}column",
        name=column.name,
        type=column.type,
        unit=column.unit,
        zh=column.zh,
        en=column.en,
    )


def _add_rule(made: ET.Element, table: LimitTable, row: LimitRow, limits: list[LimitColumn], number: int) -> None:
    rule = _add_element(made, "rule", id=f"{table.name}_row_{number}")
    tests = [feel.in_force_to_feel(row.effective_from, row.effective_to)]
    tests += [feel.key_to_feel(row.cells[key.name], key.type) for key in table.key_columns]
    for at, test in enumerate(tests):
        _add_element(_add_element(rule, "inputEntry", id=f"{table.name}_in_{number}_{at}"), "text", test)
    for at, limit in enumerate(limits):
        entry = _add_element(rule, "outputEntry", id=f"{table.name}_out_{number}_{at}")
        _add_element(entry, "text", feel.limit_to_feel(row.cells[limit.name], limit.type))
    for name in ANNOTATIONS:
        _add_element(_add_element(rule, "annotationEntry"), "text", getattr(row, name))
