"""What exactly would cure a violation: the smallest amount of each remediation action that turns it into a pass."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_UP, Decimal

import duckdb
from sqlglot import exp

from data import dictionary
from data.language import functions
from data.language.dialects import quote_identifier
from data.language.type_checking import compile_measure, compile_text
from data.messages.catalogue import bilingual
from policy.decision_tables import lookups
from policy.engine.batch import facts_at_sql
from policy.engine.compiler import CompiledSubject, compile_subject_cached
from policy.engine.single_record import coded_rules_sql, fetch_records
from policy.engine.verdict_codes import PASS, VIOLATION, CompiledRule
from policy.model.problem import Problem
from policy.model.records import Policy, RemediationAction, Rule
from policy.monitoring.headroom import select_measurable_rules, text_literal

VIOLATING_TABLE, CANDIDATE_TABLE = "acted", "candidate"


@dataclass(frozen=True)
class Remedy:
    """`amount` of `action` is exactly enough; with `options` {limit row: amount} where it depends on a limit row."""

    subject: str
    subject_id: str
    rule_id: str
    cure: RemediationAction
    amount: Decimal
    options: dict[str, Decimal]


def compute_remedies(
    con: duckdb.DuckDBPyConnection,
    policy: Policy,
    as_of: date,
    subject: str,
    rules: tuple[str, ...] = (),
    loan_id: str | None = None,
) -> list[Remedy]:
    """The smallest amount of each action that turns a violation into a pass; an action that cannot is not listed."""
    cures = [cure for cure in policy.remediation_actions if cure.subject == subject]
    wanted = {rule_id for cure in cures for rule_id in cure.rule_ids if rule_id in (rules or [rule_id])}
    judged = select_measurable_rules(policy, subject, tuple(wanted)) if wanted else None
    if judged is None or not judged.rules:
        return []
    _load_violating_records(con, judged, subject, as_of, loan_id)
    found: list[Remedy] = []
    for cure in cures:
        for rule in select_measurable_rules(policy, subject, tuple(wanted), given=True).rules:
            if rule.rule_id in cure.rule_ids:
                found += _solve_remedy(con, policy, cure, rule)
    return found


def _load_violating_records(
    con: duckdb.DuckDBPyConnection, judged: CompiledSubject, subject: str, as_of: date, loan_id: str | None
) -> None:
    """The records in violation of any of these rules, with what policy gathers for them."""
    only = " AND loan_id = $loan_id" if loan_id else ""
    shown = ", ".join(map(quote_identifier, [*dictionary.facts_of_subject(subject), *_list_aggregates(judged)]))
    codes = ", ".join(
        f"CASE WHEN code{n} = {VIOLATION} THEN {text_literal(r.rule_id)} END" for n, r in enumerate(judged.rules)
    )
    given = {"as_of": as_of} | ({"loan_id": loan_id} if loan_id else {})
    con.execute(
        f"CREATE OR REPLACE TEMP TABLE {VIOLATING_TABLE} AS {coded_rules_sql(judged, facts_at_sql(subject, only))} "
        f"SELECT {shown}, list_filter([{codes}], lambda r: r IS NOT NULL) AS violated FROM coded "
        "WHERE len(violated) > 0",
        given,
    )


def _list_aggregates(judged: CompiledSubject) -> list[str]:
    """The fields gathered from child rows that the rules read."""
    reads = frozenset(name for rule in judged.rules for name in rule.columns_read)
    behind = judged.query.source_facts(reads)
    return [name for name in judged.query.aggregates if name in behind]


def _solve_remedy(
    con: duckdb.DuckDBPyConnection, policy: Policy, cure: RemediationAction, rule: CompiledRule
) -> Iterator[Remedy]:
    judged = compile_subject_cached(policy, cure.subject, aggregates_given=True)
    slack = functions.render(_slack_expression(judged, rule))
    key, step = quote_identifier(dictionary.load_subjects()[cure.subject].id), Decimal(cure.step)
    mine = f"(SELECT * FROM {VIOLATING_TABLE} WHERE list_contains(violated, {text_literal(rule.rule_id)}))"
    roots = frozenset(column.name for column in _slack_expression(judged, rule).find_all(exp.Column))
    # The slack is linear in the facts moved: its value now, and one unit on, tell how far to go.
    shifted = f"SELECT {_shifted_columns_sql(cure, '1')}, 1 AS moved FROM {mine}"
    both = f"(SELECT *, 0 AS moved FROM {mine} UNION ALL BY NAME {shifted})"
    solved = f"""{judged.query.render_query(both, roots)}, slack AS (
            SELECT {key} AS id, moved, CAST({slack} AS DOUBLE) AS slack FROM columns)
        SELECT id, any_value(slack) FILTER (moved = 0) AS now,
            any_value(slack) FILTER (moved = 1) - any_value(slack) FILTER (moved = 0) AS gain
        FROM slack GROUP BY 1"""
    # Some steps around the quotient: the rule itself decides which is the smallest that is enough.
    con.execute(
        f"""CREATE OR REPLACE TEMP TABLE {CANDIDATE_TABLE} AS
        WITH tried AS (
            SELECT CAST(greatest(ceil(-now / gain / {step}) + near, 0) * {step} AS DECIMAL(18, 2)) AS tried_amount,
                id AS tried_id
            FROM ({solved}) CROSS JOIN (VALUES (-2), (-1), (0), (1)) AS n(near)
            WHERE gain > 0 AND -now / gain < 1e14)
        SELECT {_shifted_columns_sql(cure, "tried_amount")} FROM {mine} AS acted JOIN tried ON acted.{key} = tried_id"""
    )
    one = judged.with_rules([rule])
    text = f"""{coded_rules_sql(one, CANDIDATE_TABLE)} SELECT {key} AS id,
            min(tried_amount) FILTER (code0 = {PASS}) AS amount
        FROM coded GROUP BY 1 HAVING min(tried_amount) FILTER (code0 = {PASS}) > 0 ORDER BY 1"""
    for row in fetch_records(con, text, {}):
        yield Remedy(
            cure.subject, row["id"], rule.rule_id, cure, row["amount"], _spread_amount(policy, cure, row["amount"])
        )


def _shifted_columns_sql(cure: RemediationAction, amount: str) -> str:
    """The columns of the records with the facts moved by an amount."""
    moves = ", ".join(
        f"{quote_identifier(name)} + {sign} * {amount} AS {quote_identifier(name)}"
        for name, sign in cure.change_signs.items()
    )
    return f"* REPLACE ({moves})"


def _slack_expression(judged: CompiledSubject, rule: CompiledRule) -> exp.Expr:
    """How much room the version in force leaves, cross-multiplied for a ratio: 0 at the limit, negative past it."""
    ifs = []
    for version in rule.versions:
        act = judged.scope.resolve_act_date(version.act_date)
        force = lookups.in_force_condition(version.effective_from, version.effective_to, act.sql)
        ifs.append(exp.If(this=force, true=_version_slack(judged, version)))
    return exp.Case(ifs=ifs)


def _version_slack(judged: CompiledSubject, rule: Rule) -> exp.Expr:
    names = judged.scope.make_resolver(judged.scope.resolve_act_date(rule.act_date))
    measure, limit = compile_measure(rule.measure, names), compile_text(rule.limit, names)
    allowed: exp.Expr = exp.paren(limit.sql)
    if measure.divisor is not None:
        allowed = exp.Mul(this=allowed, expression=exp.paren(measure.divisor))
    room = exp.Sub(this=exp.paren(allowed), expression=exp.paren(measure.sql))
    return room if rule.comparator in ("<=", "<") else exp.Neg(this=exp.paren(room))


def format_remedy(policy: Policy, remedy: Remedy, language: str) -> list[str]:
    """What to do, one sentence an option, in zh or en."""
    text = remedy.cure.zh if language == "zh" else remedy.cure.en
    if not remedy.options:
        return [text.format(amount=f"{remedy.amount:,}")]
    table = remedy.cure.divided_by.partition(".")[0]
    rows = {row.row_id: row.cells for row in policy.limit_tables[table].rows}
    keys = policy.limit_tables[table].key_columns
    return [
        text.format(
            amount=f"{amount:,}",
            row=" / ".join(_format_cell(key.name, rows[row_id][key.name], language) for key in keys),
        )
        for row_id, amount in remedy.options.items()
    ]


def _format_cell(name: str, cell: str, language: str) -> str:
    """A key cell in words, where the dictionary has a code list of that name."""
    codes = dictionary.codes_of_list(name)
    return ", ".join(getattr(codes[part], language) if part in codes else part for part in cell.split(", "))


def _spread_amount(policy: Policy, cure: RemediationAction, amount: Decimal) -> dict[str, Decimal]:
    """{row id: amount} for each row of the limit table that the amount is spread over."""
    if not cure.divided_by:
        return {}
    table, _, column = cure.divided_by.partition(".")
    rows = [(row.row_id, Decimal(row.cells[column])) for row in policy.limit_tables[table].rows if row.cells[column]]
    step = Decimal(cure.step)
    return {row_id: (amount / share).quantize(step, ROUND_UP) for row_id, share in rows if share > 0}


def find_problems(policy: Policy) -> Iterator[Problem]:
    """What is wrong with the rows of remediation_actions.csv."""
    for cure in policy.remediation_actions:
        if cure.subject not in dictionary.load_subjects():
            message = bilingual("monitoring.unknown_subject", subject=cure.subject)
            yield _make_problem(cure, "subject", message)
        else:
            yield from _find_bad_references(policy, cure)


def _make_problem(cure: RemediationAction, column: str, message: str) -> Problem:
    return Problem("error", cure.place.table, cure.place.row, column, message, bilingual("monitoring.correct_cell"))


def _find_bad_references(policy: Policy, cure: RemediationAction) -> Iterator[Problem]:
    """Facts, rules and limits that a row names and that are not there."""
    facts = {
        *dictionary.facts_of_subject(cure.subject),
        *(derived.name for derived in policy.derived if derived.subject == cure.subject),
    }
    for name in cure.change_signs:
        if name not in facts:
            yield _make_problem(cure, "changes", bilingual("monitoring.unknown_fact", name=name))
    for rule_id in cure.rule_ids:
        if rule_id not in policy.rules or policy.rules[rule_id].subject != cure.subject:
            message = bilingual("monitoring.not_a_rule_of", rule=rule_id, subject=cure.subject)
            yield _make_problem(cure, "rules", message)
    table, _, column = cure.divided_by.partition(".")
    if cure.divided_by and (table not in policy.limit_tables or policy.limit_tables[table].find_column(column) is None):
        yield _make_problem(cure, "divided_by", bilingual("monitoring.unknown_limit", spread=cure.divided_by))
