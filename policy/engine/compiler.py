"""Rules compiled to SQL: for each rule one code per record, and the measured value and limit behind the code."""

from dataclasses import dataclass, field, replace

from data.messages.catalogue import bilingual, term
from policy.decision_tables.lookups import ParsedTables
from policy.engine.query_builder import QueryBuilder
from policy.engine.scope import Scope, build_scope
from policy.engine.table_usage import list_usages
from policy.engine.verdict_codes import CompiledRule, CompiledVersion, assemble_rule
from policy.engine.version_compiler import RuleCellError, compile_version
from policy.model.policy_cache import cached_by_policy
from policy.model.problem import Problem
from policy.model.records import Policy, Rule


@dataclass(eq=False)
class CompiledSubject:
    """The rules of one subject, the names they use and the query that computes their columns.

    `problems`: what is wrong with the rules; `all_problems`: with derived fields and limit tables too.
    """

    scope: Scope
    query: QueryBuilder
    rules: list[CompiledRule] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    table_problems: list[Problem] = field(default_factory=list)

    @property
    def subject(self) -> str:
        return self.scope.subject

    @property
    def policy(self) -> Policy:
        return self.scope.policy

    @property
    def all_problems(self) -> list[Problem]:
        return [*self.problems, *self.scope.problems, *self.query.problems, *self.table_problems]

    def with_rules(self, rules: list[CompiledRule]) -> "CompiledSubject":
        """The same columns with these rules alone."""
        return replace(self, rules=rules)


def compile_subject_cached(
    policy: Policy, subject: str, *, today: bool = False, aggregates_given: bool = False
) -> CompiledSubject:
    """As compile_subject, remembered while the policy is in use."""
    return _compile_cached(policy, subject, today, aggregates_given)


@cached_by_policy
def _compile_cached(policy: Policy, subject: str, today: bool, aggregates_given: bool) -> CompiledSubject:
    tables = parse_tables_cached(policy)
    return compile_subject(policy, subject, today=today, aggregates_given=aggregates_given, tables=tables)


@cached_by_policy
def parse_tables_cached(policy: Policy) -> ParsedTables:
    """The limit tables of a policy, each parsed once for all subjects."""
    return ParsedTables(policy.limit_tables)


def compile_subject(
    policy: Policy,
    subject: str,
    *,
    today: bool = False,
    aggregates_given: bool = False,
    tables: ParsedTables | None = None,
) -> CompiledSubject:
    """Compiles every rule of the subject; a rule that cannot be compiled is a problem, not an exception.

    `today`: by the versions in force at the day of judgement, not at the date of the act. `aggregates_given`: the
    facts that the query reads carry the aggregated fields. `tables`: the limit tables where they are parsed already.
    """
    scope = build_scope(policy, subject, uses_today=today, tables=tables)
    compiled = CompiledSubject(scope, QueryBuilder(scope, aggregates_given=aggregates_given))
    for rule_id, versions in policy.rules_of_subject(subject).items():
        parts = _compile_versions(compiled, versions)
        if parts and _have_one_kind(compiled, versions, parts):
            act = scope.resolve_act_date(versions[0].act_date)
            compiled.rules.append(assemble_rule(act, rule_id, versions, parts))
    compiled.table_problems += _find_table_problems(scope)
    return compiled


def _compile_versions(compiled: CompiledSubject, versions: tuple[Rule, ...]) -> list[CompiledVersion]:
    """The versions of a rule; none when one of them cannot be compiled, as its problem says."""
    parts = []
    for rule in versions:
        try:
            parts.append(compile_version(compiled.scope, compiled.query, rule))
        except RuleCellError as error:
            message = bilingual("engine.message_of_rule", rule=rule.rule_id, message=error.full_message)
            compiled.problems.append(_rule_problem(rule, error.column, message, bilingual("common.correct_cell")))
    return parts if len(parts) == len(versions) else []


def _have_one_kind(compiled: CompiledSubject, versions: tuple[Rule, ...], parts: list[CompiledVersion]) -> bool:
    """Whether all versions measure the same kind of thing, as one column must; one that does not is a problem."""
    odd = [rule for rule, part in zip(versions, parts, strict=True) if part.kind != parts[0].kind]
    for rule in odd:
        message = bilingual(
            "engine.version_of_other_kind", rule=rule.rule_id, row=versions[0].place.row, kind=term(parts[0].kind)
        )
        compiled.problems.append(_rule_problem(rule, "measure", message, bilingual("common.use_new_rule_id")))
    return not odd


def _rule_problem(rule: Rule, column: str, message: str, fix: str) -> Problem:
    return Problem("error", rule.place.table, rule.place.row, column, message, fix)


def _find_table_problems(scope: Scope) -> list[Problem]:
    """The bad cells of every limit table that is read for records of this subject."""
    tables = dict.fromkeys(usage.table for usage in list_usages(scope.policy) if usage.subject == scope.subject)
    return [problem for table in tables if table in scope.tables for problem in scope.find_table_problems(table)]
