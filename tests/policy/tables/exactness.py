"""Every numeric and date rule one unit below, at and above its limit, by the engine and by the evaluator.

`python -m tests.policy.tables.exactness` prints how many records were judged, and the rules whose limit cannot be met.
"""

import sys
from dataclasses import dataclass, field

from policy.engine.batch import decode_verdict
from policy.model.records import Policy
from policy.runs import snapshot_check
from tests.policy.engine.engine_comparison import is_same_judgement
from tests.policy.evaluator.judge import Judgement
from tests.policy.tables import boundary_records
from tests.policy.tables.mutation import RuleRecords, compile_rule, load_records

MAX_RECORDS = 40
PASSING_SIDES = {"<=": (-1, 0), "<": (-1,), ">=": (0, 1), ">": (1,), "=": (0,), "<>": (-1, 1)}
SIDE_NAMES = {-1: "below", 0: "at", 1: "above"}


@dataclass
class ExactnessReport:
    """`sides`: rule -> sides of the limit on which a record was judged."""

    records: int = 0
    sides: dict[str, set[str]] = field(default_factory=dict)
    misjudged: list[str] = field(default_factory=list)

    @property
    def never_at_limit(self) -> list[str]:
        return sorted(rule_id for rule_id, sides in self.sides.items() if "at" not in sides)

    @property
    def seen_from_one_side(self) -> list[str]:
        return sorted(rule_id for rule_id, sides in self.sides.items() if "at" in sides and len(sides) < 3)


def judge_boundaries(policy: Policy) -> ExactnessReport:
    records, found = RuleRecords(policy), ExactnessReport()
    for rule_id in policy.rules:
        built = compile_rule(policy, rule_id)
        assert built, rule_id
        if built[1].kind in ("number", "date"):
            _judge_rule(records, rule_id, found)
    return found


def _judge_rule(records: RuleRecords, rule_id: str, found: ExactnessReport) -> None:
    rule = records.rule_analysis(rule_id)
    by_side = boundary_records.records_by_side(rule)
    chosen = [(side, facts) for side, some in by_side.items() for facts in sort_decided_first(rule, some)[:MAX_RECORDS]]
    found.sides[rule_id] = set()
    if not chosen:
        return
    said = judge_by_engine(records, rule, [facts for _, facts in chosen])
    for (side, facts), theirs in zip(chosen, said, strict=True):
        ours = rule.subject.judge(rule_id, facts, {})
        found.records += 1
        if not is_same_judgement(theirs, ours):
            found.misjudged.append(f"{rule_id} {facts}: engine {theirs}, evaluator {ours}")
        if ours.verdict in ("pass", "violation"):
            found.sides[rule_id].add(SIDE_NAMES[side])
            if (theirs.verdict == "pass") != (side in PASSING_SIDES[_comparator_in_force(rule, facts)]):
                found.misjudged.append(f"{rule_id} {facts}: {SIDE_NAMES[side]} the limit is a {theirs.verdict}")


def sort_decided_first(
    rule: boundary_records.RuleAnalysis, records: list[boundary_records.Facts]
) -> list[boundary_records.Facts]:
    verdicts = ("pass", "violation")
    return sorted(records, key=lambda facts: rule.subject.judge(rule.rule_id, facts, {}).verdict not in verdicts)


def _comparator_in_force(rule: boundary_records.RuleAnalysis, facts: boundary_records.Facts) -> str:
    """The comparator in force on the day of the act."""
    day = rule.value_function(("field", rule.act), rule.act)(facts)
    return next(v.comparator for v in rule.versions if v.effective_from <= day < v.effective_to)


def judge_by_engine(
    records: RuleRecords, rule: boundary_records.RuleAnalysis, facts: list[boundary_records.Facts]
) -> list[Judgement]:
    """What the compiled rule says of records made up for it."""
    built = compile_rule(records.policy, rule.rule_id)
    assert built
    compiled, only = built
    load_records(records.con, "tried", rule, facts)
    select = compiled.query.render_query("tried", only.columns_read)
    rows = records.con.execute(
        f"{select} SELECT {only.rendered_sql.code}, {only.rendered_sql.measured}, {only.rendered_sql.limit} FROM columns ORDER BY n"
    ).fetchall()
    return [Judgement(*decode_verdict(code, only.inputs), measured, limit) for code, measured, limit in rows]


def main() -> int:
    found = judge_boundaries(snapshot_check.load_policy())
    for line in found.misjudged[:20]:
        print(line)
    print(
        f"{len(found.sides)} numeric and date rules, {found.records:,} records next to their limits, "
        f"{len(found.misjudged)} judged wrong."
    )
    print(f"No record lies exactly at the limit of: {', '.join(found.never_at_limit) or 'none'}.")
    print(f"The limit can only be met from one side: {', '.join(found.seen_from_one_side) or 'none'}.")
    return 1 if found.misjudged else 0


if __name__ == "__main__":
    sys.exit(main())
