"""Nothing outside the allow-list reaches the engine, from whatever cell of the policy it comes."""

import string
import time

import duckdb
import pytest
import sqlglot
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlglot import exp

from data import dictionary
from data.language import functions
from data.language.expressions import ExpressionError, NameResolver, typed_fact
from data.language.type_checking import compile_measure, compile_text
from policy.authoring import examples, lint
from policy.decision_tables import unary_tests
from policy.engine.compiler import compile_subject
from policy.model.records import FOREVER
from tests.policy import policy_builder

COLUMNS = {name: typed_fact(field) for name, field in dictionary.facts_of_subject("loan").items()}
NAMES = NameResolver(COLUMNS, lambda _table, _column: None, ["ratios"])
ALLOWED = {
    exp.Column,
    exp.Identifier,
    exp.Literal,
    exp.Boolean,
    exp.Null,
    exp.Cast,
    exp.DataType,
    exp.DataTypeParam,
    exp.Paren,
    exp.And,
    exp.Or,
    exp.Not,
    exp.Is,
    exp.In,
    exp.Between,
    exp.EQ,
    exp.NEQ,
    exp.LT,
    exp.LTE,
    exp.GT,
    exp.GTE,
    exp.Add,
    exp.Sub,
    exp.Mul,
    exp.Neg,
    exp.Case,
    exp.If,
    exp.Coalesce,
    exp.Least,
    exp.Greatest,
    exp.Floor,
    exp.Year,
    exp.Month,
    exp.LastDay,
    exp.StartsWith,
    exp.ArrayContains,
}
FUNCTION_NAMES = {"TO_MONTHS", "LIST_CONTAINS", "STARTS_WITH", "LAST_DAY", "YEAR", "MONTH", "FLOOR"}
TYPES = {"DATE", "INT", "INTEGER", "DECIMAL"}

ATTACKS = {
    "subqueries": [
        "(select 1) > 0",
        "balance in (select 1)",
        "exists (select 1)",
        "balance > all (select 1)",
        "(values (1)) > 0",
        "(from loans) > 0",
        "(with x as (select 1) select * from x) > 0",
        "(table loans) > 0",
    ],
    "functions that read": [
        "read_csv('/etc/passwd') = 'x'",
        "read_text('/etc/passwd') = 'x'",
        "read_blob('x') = 'x'",
        "glob('*') = 'x'",
        "read_parquet('x') = 'x'",
        "sniff_csv('x') = 'x'",
        "parquet_metadata('x') = 'x'",
        "getenv('HOME') = 'x'",
        "query('select 1') > 0",
        "query_table('loans') > 0",
        "sqlite_scan('a', 'b') > 0",
        "duckdb_settings() > 0",
        "pragma_table_info('loans') > 0",
        "current_setting('x') = 'y'",
        "getvariable('x') = 'y'",
        "nextval('s') > 0",
        "write_log('x') > 0",
        "txid_current() > 0",
        "which_secret('a', 'b') = 'x'",
        "json_execute_serialized_sql('x') > 0",
    ],
    "comments": [
        "balance > 0 -- x",
        "balance /* x */ > 0",
        "/* x */ balance > 0",
        "balance > 0 /*",
        "balance > 0 # x",
        "balance > /*+ hint */ 0",
    ],
    "statements": [
        "balance > 0; drop table loans",
        ";",
        "balance > 0;;",
        "drop table loans",
        "attach 'x'",
        "copy loans to 'x'",
        "install httpfs",
        "pragma database_list",
        "set threads = 1",
        "call pragma_version()",
        "create table t as select 1",
        "insert into loans values (1)",
        "update loans set balance = 0",
        "delete from loans",
        "begin",
        "export database 'x'",
        "use x",
        "load 'x'",
        "checkpoint",
    ],
    "casts": [
        "balance::int > 0",
        "cast(balance as varchar) = 'x'",
        "try_cast('2024-01-01' as date) > disbursed_on",
        "cast('{a:1}' as json) = 'x'",
        "cast('x' as blob) = 'x'",
        "cast('1' as struct(a int)) > 0",
        "'1'::hugeint > 0",
        "cast('2024-01-01' as timestamp) > disbursed_on",
        "date 'now' > disbursed_on",
        "date '2024-13-01' > disbursed_on",
        "timestamp '2024-01-01' > disbursed_on",
        "cast(disbursed_on as date) > disbursed_on",
        "x'00' = 'x'",
        "b'1' = 'x'",
        "e'\\x00' = 'x'",
        "interval '1' day > 0",
        "cast('2024-01-01' as date[]) > disbursed_on",
        "date $$x$$ > disbursed_on",
    ],
    "windows": [
        "sum(balance) over () > 0",
        "row_number() over (order by balance) > 1",
        "lag(balance) over () > 0",
        "count(*) > 0",
        "max(balance) filter (where true) > 0",
        "balance > 0 qualify true",
        "first(balance order by balance) > 0",
    ],
    "lambdas": [
        "list_filter(document_types, x -> true) = 'x'",
        "list_transform(document_types, lambda x: x) = 'x'",
        "x -> x > 0",
        "[x for x in document_types] = 'x'",
    ],
    "structures": [
        "{'a': 1}.a > 0",
        "struct_pack(a := 1).a > 0",
        "map {'a': 1}['a'] > 0",
        "[1][1] > 0",
        "document_types[1] = 'x'",
        "row(1, 2) > 0",
        "(balance, principal) > (1, 2)",
        "balance.x > 0",
        "a.b.c.d > 0",
        "purpose[1:2] = 'x'",
        "array[1] > 0",
        "union_value(a := 1) > 0",
    ],
    "columns": [
        "columns(*) > 0",
        "columns('.*') > 0",
        "*",
        "loans.* > 0",
        "* exclude (balance) > 0",
        "count(columns(*)) > 0",
        "rowid > 0",
        "#1 > 0",
        "main.facts_loan.balance > 0",
        '"facts_loan"."balance" > 0',
    ],
    "parameters": [
        "balance > $x",
        "balance > $1",
        "balance > ?",
        "balance > :x",
        "balance > @x",
        "balance > %s",
        "balance > {{x}}",
        "balance > ${x}",
        "balance > %(x)s",
    ],
    "operators": [
        "balance ** 2 > 0",
        "balance ^ 2 > 0",
        "balance % 2 > 0",
        "balance // 2 > 0",
        "balance & 1 > 0",
        "~balance > 0",
        "balance << 1 > 0",
        "purpose || 'x' = 'x'",
        "purpose like 'x'",
        "purpose glob 'x'",
        "purpose ~ 'x'",
        "purpose similar to 'x'",
        "purpose ilike 'x'",
        "balance is distinct from 1",
        "purpose collate nocase = 'x'",
        "balance = any(document_types)",
        "purpose in document_types",
        "balance between symmetric 1 and 2",
        "balance is true",
        "balance at time zone 'x' > 0",
        "balance <=> 1",
        "case when true then 1 else 2 end > 0",
        "if true then 1 end",
    ],
}


@pytest.mark.parametrize("text", [text for texts in ATTACKS.values() for text in texts])
def test_what_is_not_in_the_language_is_refused(text: str) -> None:
    for compiler in (compile_text, compile_measure):
        with pytest.raises(ExpressionError):
            compiler(text, NAMES)


@pytest.mark.parametrize(
    "text",
    [
        "(" * 10_000 + "1" + ")" * 10_000,
        "not " * 10_000 + "true",
        "-" * 10_000 + "1",
        "balance" + " + balance" * 10_000,
        "if(true, " * 10_000 + "1" + ")" * 10_000,
        "(" * 950 + "1" + ")" * 950,
        "not " * 490 + "true",
        "- " * 900 + "1 > 0",
        "balance > 0" + " " * 1_000_000,
        "'" + "x" * 1_000_000 + "' = purpose",
        "[" * 900 + "]" * 900,
        "case " * 300,
        "(" * 1999,
        "balance in (" + "1," * 900 + "1)",
    ],
    ids=lambda text: text[:12] + str(len(text)),
)
def test_depth_and_length_are_bounded_and_refused_quickly(text: str) -> None:
    start = time.process_time()
    with pytest.raises(ExpressionError):
        compile_text(text, NAMES)
    assert time.process_time() - start < 5


@pytest.mark.parametrize(
    "text",
    [
        "ｂalance > 0",
        "bаlance > 0",
        "balance\u200b > 0",
        "balance\u00a0> 0 -- x",
        "balance ＞ 0",
        "balance > ０",
        "balance > ١",
        "balance\x00 > 0",
        "purpose = 'a\x00b'",
        "\x00",
        "purpose = 'a\x1b'",
        "bal\u0301ance > 0",
        "balance\u2028; drop",
        "“x” = purpose",
    ],
)
def test_confusable_and_control_characters_are_refused(text: str) -> None:
    with pytest.raises(ExpressionError):
        compile_text(text, NAMES)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("balance > 1 and balanse > 2", "unknown field 'balanse'; near it: balance"),
        ("balance > 1 and balanse > 2", "(at character 17)"),
        ("balance > 0 and balance > disbursed_on", "(at character 17)"),
        ("add_months(disbursed_on, 1) > add_day(disbursed_on, 1)", "(at character 31)"),
        ("guarantee_type in ('mortgage', 'pledg')", "'pledg' is not a code of guarantee_type; near it: pledge"),
        ("guarantee_type in ('mortgage', 'pledg')", "(at character 32)"),
        ("balance > 0 or (select 1)", "(at character 24)"),
        ("balance > and 1", "(at character 11)"),
        ("balance >", "(at character 9)"),
        ("purpose = 'abc", "never closed"),
        ("balance > 0\x00", "(at character 12)"),
        ("guarantee_type = classification", "compares codes of guarantee_type with codes of classification"),
        ("add_days(disbursed_on, original_term_months) > disbursed_on", "add_days takes days, not months"),
        ("add_months(disbursed_on, days_past_due) > disbursed_on", "add_months takes months, not days"),
        ("balance > days_past_due", "compares yuan with days"),
        ("original_term_months > days_past_due", "compares months with days"),
        ("original_term_months * balance > 1", "multiplies months by yuan"),
        ("balance between 1 and days_past_due", "compares yuan with days"),
        ("greatest(balance, days_past_due) > 1", "compares yuan with days"),
        ("if(true, balance, days_past_due) > 1", "compares yuan with days"),
        ("days_between(disbursed_on, original_maturity) > original_term_months", "compares days with months"),
    ],
)
def test_errors_point_at_the_character_and_name_what_is_near(text: str, says: str) -> None:
    with pytest.raises(ExpressionError) as refused:
        compile_text(text, NAMES)
    assert says in str(refused.value)


def test_units_follow_from_the_operations() -> None:
    units = {
        "balance / principal": "ratio",
        "balance * 2": "yuan",
        "balance + principal": "yuan",
        "-balance": "yuan",
        "days_between(disbursed_on, original_maturity)": "days",
        "balance / 2": None,
        "coalesce(balance, 0)": "yuan",
        "if(true, balance)": "yuan",
        "least(balance, principal)": "yuan",
    }
    assert {text: compile_measure(text, NAMES).unit for text in units} == units
    with pytest.raises(ExpressionError, match="divides yuan by months"):
        compile_measure("balance / original_term_months", NAMES)


@pytest.mark.parametrize(
    ("rule", "says"),
    [
        ({"unit": "months"}, "column unit: R: the unit is 'months', but the measure is in yuan"),
        (
            {"measure": "disbursed_on", "limit": "as_of", "unit": "yuan"},
            "column unit: R: the unit is 'yuan', but the measure is a date",
        ),
        (
            {"measure": "1", "limit": "balance", "unit": "days"},
            "column unit: R: the unit is 'days', but the limit is in yuan",
        ),
    ],
)
def test_the_unit_of_a_rule_is_that_of_its_measure(rule: dict[str, str], says: str) -> None:
    assert any(says in problem for problem in policy_builder.lint_errors([rule]))


def _assert_safe_sql(sql: str) -> None:
    """What would run: one expression of known nodes, functions and types, and the subject's own columns."""
    trees = sqlglot.parse(sql, dialect="duckdb")
    assert len(trees) == 1 and trees[0] is not None
    for node in trees[0].walk():
        assert not node.comments
        if isinstance(node, exp.Anonymous):
            assert str(node.this).upper() in FUNCTION_NAMES, sql
        elif isinstance(node, exp.DataType):
            assert node.this.value in TYPES, sql
        elif isinstance(node, exp.Func) and type(node) not in ALLOWED:
            assert node.sql_name() in FUNCTION_NAMES, (node.sql_name(), sql)
        else:
            assert type(node) in ALLOWED or isinstance(node, exp.Func), (type(node), sql)
        if isinstance(node, exp.Column):
            assert not node.table and node.name in COLUMNS, sql


PIECES = [
    "balance",
    "principal",
    "guarantee_type",
    "original_term_months",
    "days_past_due",
    "disbursed_on",
    "document_types",
    "is_running",
    "(",
    ")",
    "((",
    "))",
    "and",
    "or",
    "not",
    "between",
    "in",
    "is",
    "null",
    "true",
    "false",
    ">",
    "<=",
    "=",
    "<>",
    "!=",
    "==",
    "'x'",
    "'mortgage'",
    "''",
    "'''",
    "1",
    "0.5",
    ".5",
    "1e3",
    "-",
    "+",
    "*",
    "/",
    "%",
    "^",
    "||",
    ",",
    ".",
    ";",
    "--",
    "/*",
    "*/",
    "::",
    ":",
    "@",
    "$1",
    "?",
    "#",
    "~",
    "`",
    '"',
    "\\",
    "[",
    "]",
    "{",
    "}",
    "select",
    "from",
    "where",
    "union",
    "all",
    "case",
    "when",
    "then",
    "else",
    "end",
    "cast",
    "as",
    "date",
    "DATE '2024-01-01'",
    "interval",
    "over",
    "filter",
    "lambda",
    "->",
    "x",
    "read_csv",
    "add_months(",
    "add_days(",
    "coalesce(",
    "if(",
    "has(",
    "least(",
    "columns",
    "distinct",
    "exists",
    "any",
    "like",
    "escape",
    "collate",
    "at",
    "zone",
    "struct",
    "map",
    "ratios.",
    "values",
    "期限",
    "\x00",
    "\u200b",
    "\n",
]


@settings(max_examples=700, deadline=None)
@given(st.lists(st.sampled_from(PIECES), max_size=16).map(" ".join))
def test_token_soup_is_refused_or_safe(text: str) -> None:
    _assert_refused_or_safe(text)


@settings(max_examples=300, deadline=None)
@given(st.text(max_size=60))
def test_any_text_is_refused_or_safe(text: str) -> None:
    _assert_refused_or_safe(text)


leaf_expressions = st.sampled_from(
    [
        "balance",
        "principal",
        "1",
        "0.5",
        "days_past_due",
        "is_running",
        "guarantee_type",
        "'mortgage'",
        "disbursed_on",
        "DATE '2024-01-01'",
        "null",
    ]
)
expression_trees = st.recursive(
    leaf_expressions,
    lambda inner: st.one_of(
        st.builds(
            "({} {} {})".format, inner, st.sampled_from(["+", "-", "*", "/", "and", "or", "=", "<", ">=", "<>"]), inner
        ),
        st.builds("not ({})".format, inner),
        st.builds("({}) is null".format, inner),
        st.builds("if({}, {}, {})".format, inner, inner, inner),
        st.builds(
            "{}({}, {})".format,
            st.sampled_from(["add_months", "days_between", "least", "coalesce", "has", "earliest", "starts_with"]),
            inner,
            inner,
        ),
        st.builds("({} between {} and {})".format, inner, inner, inner),
    ),
    max_leaves=8,
)


@settings(max_examples=500, deadline=None)
@given(expression_trees)
def test_well_formed_expressions_are_refused_or_safe_and_run(text: str) -> None:
    _assert_refused_or_safe(text)


EMPTY_DATABASE = duckdb.connect(":memory:")
EMPTY_DATABASE.execute(
    "CREATE TABLE columns AS SELECT "
    + ", ".join(
        f'CAST(NULL AS {field.sql_type}) AS "{name}"' for name, field in dictionary.facts_of_subject("loan").items()
    )
)


def _assert_refused_or_safe(text: str) -> None:
    for compiler in (compile_text, compile_measure):
        try:
            typed = compiler(text, NAMES)
        except ExpressionError:
            continue
        for sql in filter(None, (typed.sql, typed.divisor)):
            _assert_safe_sql(functions.render(sql))
            EMPTY_DATABASE.execute(f"SELECT {functions.render(sql)} FROM columns").fetchall()


@settings(max_examples=500, deadline=None)
@given(
    st.one_of(
        st.text(max_size=30),
        st.lists(st.sampled_from([*PIECES, "..", "[1..2]", "not(", '"a"', "date(", "2024-01-01"]), max_size=8).map(
            " ".join
        ),
    ),
    st.sampled_from(["number", "date", "boolean", "text", "list", "timestamp"]),
)
def test_key_cells_are_refused_or_literals(text: str, kind: str) -> None:
    try:
        cell = unary_tests.parse(text, kind)
    except unary_tests.UnaryTestError:
        return
    column = functions.column_reference(
        {"number": "balance", "date": "disbursed_on", "boolean": "is_running", "text": "purpose"}[kind]
    )
    sql = functions.render(cell.sql_condition(column))
    _assert_safe_sql(sql)
    EMPTY_DATABASE.execute(f"SELECT {sql} FROM columns").fetchall()


QUOTES = ["it's", 'a "b"', "'; drop table loans; --", "$$", "\\", "a' or '1'='1", "%s", "{x}", "注'释"]


@pytest.mark.parametrize("text", QUOTES)
def test_texts_with_quotes_stand_as_texts(text: str) -> None:
    """Key cells, clause texts, titles and inputs of examples: judged like any other text."""
    quoted = unary_tests.quote_text(text)
    tables = {
        "names": (
            "unique",
            [("purpose", "key", "text", ""), ("days", "limit", "integer", "days")],
            [{"purpose": quoted, "days": "5"}, {"purpose": f"not({quoted})", "days": "9"}],
        )
    }
    rule = {
        "measure": "days_past_due",
        "limit": "names.days",
        "unit": "days",
        "title_zh": text,
        "title_en": text,
        "remedy_en": text,
    }
    texts = policy_builder.policy_texts([rule], tables)
    texts["clauses.csv"] = texts["clauses.csv"].replace("要点", '"' + text.replace('"', '""') + '"')
    policy, problems = lint.lint_tables(texts)
    assert policy_builder.error_messages(problems) == []
    judged = compile_subject(policy, "loan", aggregates_given=True)
    sql = judged.query.render_query("loan_base")
    statements = sqlglot.parse(f"{sql} SELECT 1 FROM columns", dialect="duckdb")
    assert len(statements) == 1 and not any(node.comments for node in statements[0].walk())
    assert {str(table.this) for table in statements[0].find_all(exp.Table)} <= {"loan_base", "base", "columns"} | {
        f"layer{n}" for n in range(9)
    }
    example = f'example_id,rule_id,as_of,inputs,verdict,measured,limit,title\nE,R,2024-01-01,"days_past_due=7; purpose={text.replace(chr(34), chr(34) * 2)}",violation,7,5,x\n'
    if ";" not in text:
        outcome = examples.run(lint.lint_tables(texts | {"examples/t.csv": example})[0])
        assert [(o.agrees, o.verdict) for o in outcome] == [(True, "violation")]


@pytest.mark.parametrize("rule_id", ["R'", 'R"', "R;drop", "R/*", "", "R R", "規則", "'"])
def test_rule_ids_that_are_no_ids_are_refused(rule_id: str) -> None:
    found = policy_builder.lint_errors([{"rule_id": rule_id}])
    assert any("rule_id" in problem for problem in found)


@pytest.mark.parametrize(
    "expression", ["(select 1)", "balance; drop table loans", "read_csv('x')", "balance -- x", "getvariable('x')"]
)
def test_derived_fields_take_the_same_language(expression: str) -> None:
    row = f'risk,loan,,"{expression}",,,money,yuan,,风险,Risk\n'
    found = policy_builder.error_messages(
        lint.lint_tables(policy_builder.policy_texts([{"measure": "risk"}], None, row))[1]
    )
    assert any("derived.csv, row 2, column expression" in problem for problem in found)


def test_every_printable_character_is_safe_alone() -> None:
    for character in string.printable:
        _assert_refused_or_safe(character)
    assert FOREVER.year == 9999
