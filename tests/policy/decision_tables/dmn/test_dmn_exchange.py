"""Decision tables travel to DMN and back: losslessly, in the shapes of other tools, and refused by name where not ours."""

import codecs
import csv
import io
import json
import re
from datetime import date
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data.errors import InputError
from policy.__main__ import main
from policy.authoring import lint
from policy.decision_tables import lookups, unary_tests
from policy.decision_tables.dmn import feel, reading, writing
from policy.model import table_folder
from policy.model.records import FOREVER
from tests.shipped_policy import POLICY

MODEL_NAMESPACE = "{" + writing.MODEL_NAMESPACE + "}"
NO_DEFAULTS = reading.RowDefaults()
FOREIGN_DEFAULTS = reading.RowDefaults("S5.1.E01", "bank default", date(2020, 1, 1))

# As the Camunda modeler writes: DMN 1.3, its own namespaces, ids on everything, a diagram, descriptions.
CAMUNDA = """<?xml version="1.0" encoding="UTF-8"?>
<definitions xmlns="https://www.omg.org/spec/DMN/20191111/MODEL/" xmlns:dmndi="https://www.omg.org/spec/DMN/20191111/DMNDI/"
  xmlns:dc="http://www.omg.org/spec/DMN/20180521/DC/" xmlns:modeler="http://camunda.org/schema/modeler/1.0"
  xmlns:camunda="http://camunda.org/schema/1.0/dmn" id="Definitions_0" name="DRD" namespace="http://camunda.org/schema/1.0/dmn"
  exporter="Camunda Modeler" exporterVersion="5.0.0" modeler:executionPlatform="Camunda Cloud">
  <decision id="rating_limits" name="Limits by rating">
    <decisionTable id="DecisionTable_1" hitPolicy="UNIQUE">
      <input id="Input_1" label="Term" camunda:inputVariable="term"><inputExpression id="IE_1" typeRef="integer"><text>original_term_months</text></inputExpression></input>
      <input id="Input_2"><inputExpression id="IE_2" typeRef="string"><text>guarantee_type</text></inputExpression>
        <inputValues id="UT_0"><text>"credit","pledge"</text></inputValues></input>
      <input id="Input_3"><inputExpression id="IE_3" typeRef="date"><text>disbursed_on</text></inputExpression></input>
      <output id="Output_1" label="Most" name="most" typeRef="double" />
      <output id="Output_2" name="allowed" typeRef="boolean" />
      <rule id="DecisionRule_1"><description>short ones</description>
        <inputEntry id="UT_1"><text>&lt;= 12</text></inputEntry>
        <inputEntry id="UT_2"><text>not("credit", "pledge")</text></inputEntry>
        <inputEntry id="UT_3"><text></text></inputEntry>
        <outputEntry id="LE_1"><text>0.7</text></outputEntry><outputEntry id="LE_2"><text>true</text></outputEntry></rule>
      <rule id="DecisionRule_2">
        <inputEntry id="UT_4"><text>]12..60]</text></inputEntry>
        <inputEntry id="UT_5"><text>"credit","pledge"</text></inputEntry>
        <inputEntry id="UT_6"><text>&gt;= date("2024-07-01")</text></inputEntry>
        <outputEntry id="LE_3"><text>.5</text></outputEntry><outputEntry id="LE_4"><text>false</text></outputEntry></rule>
    </decisionTable>
  </decision>
  <dmndi:DMNDI><dmndi:DMNDiagram><dmndi:DMNShape dmnElementRef="rating_limits"><dc:Bounds height="80" width="180" x="160" y="100"/></dmndi:DMNShape></dmndi:DMNDiagram></dmndi:DMNDI>
</definitions>"""

# As the Drools editors write: prefixed elements, item definitions, input data, an unnamed single output, annotations.
DROOLS = """<?xml version="1.0" ?>
<dmn:definitions xmlns:dmn="https://www.omg.org/spec/DMN/20230324/MODEL/" xmlns:feel="https://www.omg.org/spec/DMN/20230324/FEEL/"
  id="_D1" name="grades" typeLanguage="https://www.omg.org/spec/DMN/20230324/FEEL/" namespace="https://kie.org/dmn/_D1"
  expressionLanguage="https://www.omg.org/spec/DMN/20230324/FEEL/">
  <dmn:itemDefinition id="_T" name="tDays" isCollection="false"><dmn:typeRef>number</dmn:typeRef></dmn:itemDefinition>
  <dmn:inputData id="_I" name="days_past_due"><dmn:variable id="_V" name="days_past_due" typeRef="tDays"/></dmn:inputData>
  <dmn:decision id="_9A1" name="overdue_grades">
    <dmn:variable id="_V2" name="overdue_grades" typeRef="string"/>
    <dmn:informationRequirement id="_R"><dmn:requiredInput href="#_I"/></dmn:informationRequirement>
    <dmn:decisionTable id="_TT" hitPolicy="COLLECT" preferredOrientation="Rule-as-Row" outputLabel="grade">
      <dmn:input id="_IN"><dmn:inputExpression id="_IE" typeRef="tDays"><dmn:text>days_past_due</dmn:text></dmn:inputExpression></dmn:input>
      <dmn:output id="_O"/>
      <dmn:annotation name="clause_id"/><dmn:annotation name="remark"/>
      <dmn:rule id="_1"><dmn:inputEntry id="_a"><dmn:text>[0..90)</dmn:text></dmn:inputEntry>
        <dmn:outputEntry id="_b"><dmn:text>"normal"</dmn:text></dmn:outputEntry>
        <dmn:annotationEntry><dmn:text>S5.6.1</dmn:text></dmn:annotationEntry><dmn:annotationEntry><dmn:text>x</dmn:text></dmn:annotationEntry></dmn:rule>
      <dmn:rule id="_2"><dmn:inputEntry id="_c"><dmn:text>&gt;= 90, -1</dmn:text></dmn:inputEntry>
        <dmn:outputEntry id="_d"><dmn:text>"a \\"quoted\\" grade"</dmn:text></dmn:outputEntry></dmn:rule>
    </dmn:decisionTable>
  </dmn:decision>
</dmn:definitions>"""


def _read_dmn(text: str, given: reading.RowDefaults = FOREIGN_DEFAULTS) -> tuple[list[reading.DmnTable], list[str]]:
    return reading.read_tables(text.encode(), given)


def _refusal_message(text: str, given: reading.RowDefaults = FOREIGN_DEFAULTS) -> str:
    with pytest.raises(InputError) as refused:
        _read_dmn(text, given)
    return str(refused.value)


def test_every_shipped_table_comes_back_as_it_was() -> None:
    for table in POLICY.limit_tables.values():
        found, passed_over = reading.read_tables(writing.render_document(table).encode(), NO_DEFAULTS)
        assert passed_over == [] and len(found) == 1
        back = found[0]
        assert (back.name, back.hit_policy) == (table.name, table.hit_policy)
        assert [(c.name, c.role, c.type, c.unit, c.zh, c.en) for c in back.columns] == sorted(
            [(c.name, c.role, c.type, c.unit, c.zh, c.en) for c in table.columns], key=lambda c: c[1] != "key"
        )
        assert len(back.rows) == len(table.rows)
        for row, was in zip(back.rows, table.rows, strict=True):
            ends = "" if was.effective_to == FOREVER else str(was.effective_to)
            own = {n: getattr(was, n) for n in writing.ANNOTATIONS} | {
                "effective_from": str(was.effective_from),
                "effective_to": ends,
            }
            for key in table.key_columns:
                assert lookups.parse_key_cell(key, row[key.name]) == lookups.parse_key_cell(key, was.cells[key.name])
            limits = {c.name: was.cells[c.name] for c in table.columns if c.role == "limit"}
            assert {name: row[name] for name in (*own, *limits)} == own | limits


def test_what_is_written_has_the_structure_of_the_standard() -> None:
    """Order and number of children, unique ids, references that resolve, FEEL in every cell: what readers check."""
    for table in POLICY.limit_tables.values():
        root = ET.fromstring(writing.render_document(table))
        ids = [e.get("id") for e in root.iter() if e.get("id")]
        assert len(ids) == len(set(ids)) and all(re.match(r"[A-Za-z_][\w.-]*\Z", i) for i in ids)
        decision = root.find(f"{MODEL_NAMESPACE}decision")
        made = decision.find(f"{MODEL_NAMESPACE}decisionTable")
        order = [e.tag.removeprefix(MODEL_NAMESPACE) for e in made]
        rank = ["input", "output", "annotation", "rule"]
        assert [rank.index(tag) for tag in order] == sorted(rank.index(tag) for tag in order)
        assert made.get("hitPolicy") in ("UNIQUE", "COLLECT")
        assert {e.get("href") for e in decision.iter(f"{MODEL_NAMESPACE}requiredInput")} == {
            "#" + e.get("id") for e in root.findall(f"{MODEL_NAMESPACE}inputData")
        }
        names = {e.get("name") for e in root.findall(f"{MODEL_NAMESPACE}inputData")}
        assert {
            e.findtext(f"{MODEL_NAMESPACE}inputExpression/{MODEL_NAMESPACE}text")
            for e in made.findall(f"{MODEL_NAMESPACE}input")
        } == names
        counts = [order.count(tag) for tag in ("input", "output", "annotation")]
        for rule in made.findall(f"{MODEL_NAMESPACE}rule"):
            assert [
                len(rule.findall(MODEL_NAMESPACE + tag)) for tag in ("inputEntry", "outputEntry", "annotationEntry")
            ] == counts
            assert all(
                entry.findtext(f"{MODEL_NAMESPACE}text")
                for entry in (
                    *rule.findall(f"{MODEL_NAMESPACE}inputEntry"),
                    *rule.findall(f"{MODEL_NAMESPACE}outputEntry"),
                )
            )
        outputs = made.findall(f"{MODEL_NAMESPACE}output")
        assert [bool(o.get("name")) for o in outputs] == [len(outputs) > 1] * len(outputs)


def test_a_table_of_the_camunda_modeler() -> None:
    found, passed_over = _read_dmn(CAMUNDA)
    table = found[0]
    assert (table.name, table.hit_policy, passed_over) == ("rating_limits", "unique", ["inputValues"])
    assert [(c.name, c.role, c.type) for c in table.columns] == [
        ("original_term_months", "key", "integer"),
        ("guarantee_type", "key", "text"),
        ("disbursed_on", "key", "date"),
        ("most", "limit", "number"),
        ("allowed", "limit", "boolean"),
    ]
    rows = [[row[c.name] for c in table.columns] for row in table.rows]
    assert rows == [
        ["<= 12", "not(credit, pledge)", "-", "0.7", "true"],
        ["]12..60]", "credit, pledge", ">= 2024-07-01", "0.5", "false"],
    ]
    assert table.rows[0]["effective_from"] == "2020-01-01" and table.rows[0]["clause_id"] == "S5.1.E01"


def test_a_table_of_the_drools_editor() -> None:
    found, passed_over = _read_dmn(DROOLS)
    table = found[0]
    assert (table.name, table.hit_policy) == ("overdue_grades", "collect")
    assert passed_over == ["annotation remark"]
    assert [(c.name, c.type) for c in table.columns] == [("days_past_due", "number"), ("overdue_grades", "text")]
    assert [(r["days_past_due"], r["overdue_grades"], r["clause_id"]) for r in table.rows] == [
        ("[0..90)", "normal", "S5.6.1"),
        (">= 90, -1", 'a "quoted" grade', "S5.1.E01"),
    ]


@pytest.mark.parametrize("version", ["20191111", "20211108", "20230324"])
def test_three_versions_are_read(version: str) -> None:
    assert _read_dmn(CAMUNDA.replace("DMN/20191111/MODEL", f"DMN/{version}/MODEL"))[0][0].rows


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        (
            'hitPolicy="UNIQUE"',
            'hitPolicy="FIRST"',
            "decisionTable 'DecisionTable_1': hit policy FIRST is not supported",
        ),
        ('hitPolicy="UNIQUE"', 'hitPolicy="PRIORITY"', "hit policy PRIORITY"),
        ('hitPolicy="UNIQUE"', 'hitPolicy="RULE ORDER"', "hit policy RULE ORDER"),
        ('hitPolicy="UNIQUE"', 'hitPolicy="OUTPUT ORDER"', "hit policy OUTPUT ORDER"),
        ('hitPolicy="UNIQUE"', 'hitPolicy="ANY"', "hit policy ANY"),
        ('hitPolicy="UNIQUE"', 'hitPolicy="COLLECT" aggregation="SUM"', "aggregation SUM"),
        (
            "<text>original_term_months</text>",
            "<text>floor(term)</text>",
            "input 'Input_1': 'floor(term)' is not the name of a field",
        ),
        ("<text>original_term_months</text>", "<text>loan.term</text>", "input 'Input_1'"),
        ('typeRef="integer"', 'typeRef="tLoan"', "type tLoan is not supported"),
        ('typeRef="integer"', 'typeRef="time"', "type time is not supported"),
        ("<text>&lt;= 12</text>", "<text>&lt;= limit</text>", "inputEntry 'UT_1': 'limit' is not a number"),
        ("<text>&lt;= 12</text>", "<text>? &gt; 12 and ? &lt; 20</text>", "inputEntry 'UT_1'"),
        ("<text>&lt;= 12</text>", "<text>count(x)</text>", "'count(x)' calls a function"),
        ("<text>&lt;= 12</text>", "<text>null</text>", "'null' is not a value"),
        ("<text>&lt;= 12</text>", "<text>12 + 1</text>", "inputEntry 'UT_1'"),
        (
            '<text>"credit","pledge"</text></inputEntry>',
            "<text>credit</text></inputEntry>",
            "'credit' is not a quoted string",
        ),
        ('date("2024-07-01")', "2024-07-01", "is a subtraction in FEEL"),
        ('date("2024-07-01")', 'date and time("2024-07-01T00:00:00")', "inputEntry 'UT_6'"),
        ("<text>0.7</text>", "<text>0.7 * 2</text>", "outputEntry 'LE_1'"),
        ("<text>0.7</text>", "<text>&lt; 2</text>", "outputEntry 'LE_1'"),
        ("<text>true</text>", "<text>maybe</text>", "outputEntry 'LE_2'"),
        ('<outputEntry id="LE_1"><text>0.7</text></outputEntry>', "", "rule 'DecisionRule_1': 3 inputs and 1 outputs"),
        ('<inputEntry id="UT_1">', '<inputEntry id="UT_1" expressionLanguage="juel">', "expression language juel"),
        (
            "<decision id=",
            '<businessKnowledgeModel id="BKM_1" name="f"/><decision id=',
            "businessKnowledgeModel 'BKM_1'",
        ),
        ("<decision id=", '<decisionService id="DS_1" name="f"/><decision id=', "decisionService 'DS_1'"),
        (
            "<decision id=",
            '<decision id="Lit" name="l"><literalExpression id="LE_9"><text>1 + 1</text></literalExpression></decision><decision id=',
            "literalExpression 'LE_9'",
        ),
        ("<decision id=", '<decision id="Ctx" name="l"><context id="C_9"/></decision><decision id=', "context 'C_9'"),
        (
            "<decisionTable",
            '<informationRequirement id="IR"><requiredDecision href="#other"/></informationRequirement><decisionTable',
            "needs another decision (#other)",
        ),
        (
            "<decisionTable",
            '<knowledgeRequirement id="KR"><requiredKnowledge href="#f"/></knowledgeRequirement><decisionTable',
            "knowledgeRequirement 'KR'",
        ),
        (
            'name="most" typeRef="double" />',
            'name="most" typeRef="double"><defaultOutputEntry><text>1</text></defaultOutputEntry></output>',
            "a default output is not supported",
        ),
        ('name="allowed"', 'name="most"', "column 'most' occurs twice"),
        ("20191111/MODEL", "20180521/MODEL", "is not the root of a DMN 1.3, 1.4, 1.5 file"),
        ("</definitions>", "", "is not well-formed XML"),
    ],
)
def test_what_is_not_supported_is_refused_by_name(old: str, new: str, says: str) -> None:
    assert old in CAMUNDA
    assert says in _refusal_message(CAMUNDA.replace(old, new, 1))


def test_what_a_file_does_not_state_must_be_given() -> None:
    said = _refusal_message(CAMUNDA, NO_DEFAULTS)
    assert all(option in said for option in ("give --clause", "give --evidence", "give --effective-from"))
    assert "DecisionRule_2" in said


XML_BOMBS = {
    "entities": '<!DOCTYPE d [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><definitions>&b;</definitions>',
    "external": '<!DOCTYPE d [<!ENTITY x SYSTEM "file:///etc/passwd">]><definitions>&x;</definitions>',
    "dtd": '<!DOCTYPE definitions SYSTEM "http://example.invalid/x.dtd"><definitions/>',
    "parameter": '<!DOCTYPE d [<!ENTITY % p SYSTEM "file:///etc/passwd"> %p;]><definitions/>',
}


@pytest.mark.parametrize("name", XML_BOMBS)
def test_document_types_and_entities_are_refused(name: str) -> None:
    assert "declares a document type or entities" in _refusal_message(XML_BOMBS[name])


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\x00",
        b"<a/>",
        b"PK\x03\x04",
        b"<definitions/>",
        b"<?xml version='1.0' encoding='x'?><a/>",
        "<definitions".encode("utf-16"),
    ],
)
def test_what_is_no_dmn_file_is_said_so(content: bytes) -> None:
    with pytest.raises(InputError):
        reading.read_tables(content, FOREIGN_DEFAULTS)


def test_deep_nesting_is_refused_not_crashed_on() -> None:
    deep = (
        "<definitions xmlns='https://www.omg.org/spec/DMN/20191111/MODEL/'>"
        + "<decision>" * 20_000
        + "</decision>" * 20_000
        + "</definitions>"
    )
    assert "has no decision table" in _refusal_message(deep) or "not supported" in _refusal_message(deep)


def test_import_writes_tables_that_lint_reads(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    texts = table_folder.read_texts(table_folder.SHIPPED_TABLES)
    for name, text in texts.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    dmn = tmp_path / "t.dmn"
    assert main(["export-dmn", "collateral_ratios", "--tables", str(tmp_path), "--out", str(dmn)]) == 0
    assert main(["import-dmn", str(dmn), "--out", str(tmp_path)]) == 1
    assert "--replace" in capsys.readouterr().err
    assert main(["import-dmn", str(dmn), "--out", str(tmp_path), "--replace"]) == 0
    assert (tmp_path / "limits/collateral_ratios.csv").read_bytes().startswith(codecs.BOM_UTF8)
    assert (tmp_path / "limit_columns.csv").read_bytes().startswith(codecs.BOM_UTF8)
    again, problems = lint.lint_tables(table_folder.read_texts(tmp_path))
    assert [p for p in problems if p.level == "error"] == []
    rows, was = again.limit_tables["collateral_ratios"].rows, POLICY.limit_tables["collateral_ratios"].rows
    assert [(r.row_id, r.cells, r.effective_from) for r in rows] == [(r.row_id, r.cells, r.effective_from) for r in was]
    capsys.readouterr()
    assert main(["export-dmn", "collateral_ratio", "--tables", str(tmp_path)]) == 1
    assert "near it: collateral_ratios" in capsys.readouterr().err
    assert main(["import-dmn", str(dmn), "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert said["tables"][0]["rows"] == len(was)
    assert len(list(csv.reader(io.StringIO(said["files"]["limits/collateral_ratios.csv"])))) == len(was) + 1
    assert main(["import-dmn", str(tmp_path / "nowhere.dmn")]) == 1


table_names = (
    st.text(st.characters(codec="utf-8", exclude_characters="\x00"), min_size=1, max_size=12)
    .map(str.strip)
    .filter(bool)
)


@settings(max_examples=200, deadline=None)
@given(st.lists(table_names, min_size=1, max_size=4, unique=True), st.booleans())
def test_any_text_survives_the_journey_through_feel(values: list[str], negated: bool) -> None:
    cell = ", ".join(map(unary_tests.quote_text, values))
    cell = f"not({cell})" if negated else cell
    back = feel.key_from_feel(feel.key_to_feel(cell, "text"), "text")
    assert unary_tests.parse(back, "text") == unary_tests.parse(cell, "text")
    for value in values:
        assert feel.limit_from_feel(feel.limit_to_feel(value, "text"), "text") == value


ordered_cells = st.sampled_from(
    ["5", "-2.5", "<= 5", "> 0.5", "[2..7)", "(2..7]", "]2..7[", "1, 3, > 8", "not(5)", "not([2..7], 9)", "-"]
)
date_cells = st.sampled_from(
    [
        "2024-01-01",
        "< 2024-01-01",
        "[2024-01-01..2024-07-01)",
        "]2023-01-01..2024-07-01[",
        'date("2024-01-01")',
        '@"2024-01-01", > date("2025-01-01")',
        "not(2024-01-01)",
        "-",
    ]
)


@given(ordered_cells, date_cells)
def test_numbers_and_dates_survive_the_journey_through_feel(number: str, day: str) -> None:
    for cell, kind in ((number, "number"), (day, "date")):
        text = feel.key_to_feel(cell, kind)
        assert unary_tests.parse(feel.key_from_feel(text, kind), kind) == unary_tests.parse(cell, kind)
        if kind == "date" and cell != "-":
            assert re.sub(r'date\("\d{4}-\d\d-\d\d"\)', "", text).count("20") == 0
