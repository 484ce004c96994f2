"""Every numeric and date rule one unit below, at and above its limit, by the engine and by the evaluator.

`python -m tests.policy.exactness` prints how many records were judged, and the rules whose limit cannot be met.
"""

import sys
from dataclasses import dataclass, field

from policy.engine.batch import reason_of
from policy.model.records import Policy
from policy.runs import snapshot_check
from tests.policy import boundaries
from tests.policy.comparing import same
from tests.policy.evaluator.judge import Judgement
from tests.policy.mutation import Records, compiled_rule, load

MOST = 40
KEPT = {"<=": (-1, 0), "<": (-1,), ">=": (0, 1), ">": (1,), "=": (0,), "<>": (-1, 1)}
SIDES = {-1: "below", 0: "at", 1: "above"}


@dataclass
class Exactness:
    """`sides`: rule -> sides of the limit on which a record was judged."""

    records: int = 0
    sides: dict[str, set[str]] = field(default_factory=dict)
    wrong: list[str] = field(default_factory=list)

    @property
    def without_limit(self) -> list[str]:
        return sorted(rule_id for rule_id, sides in self.sides.items() if "at" not in sides)

    @property
    def one_sided(self) -> list[str]:
        return sorted(rule_id for rule_id, sides in self.sides.items() if "at" in sides and len(sides) < 3)


def judge(policy: Policy) -> Exactness:
    records, found = Records(policy), Exactness()
    for rule_id in policy.rules:
        built = compiled_rule(policy, rule_id)
        assert built, rule_id
        if built[1].kind in ("number", "date"):
            _judge_rule(records, rule_id, found)
    return found


def _judge_rule(records: Records, rule_id: str, found: Exactness) -> None:
    rule = records.rule(rule_id)
    by_side = boundaries.at_the_limit(rule)
    chosen = [(side, facts) for side, some in by_side.items() for facts in decided_first(rule, some)[:MOST]]
    found.sides[rule_id] = set()
    if not chosen:
        return
    said = engine(records, rule, [facts for _, facts in chosen])
    for (side, facts), theirs in zip(chosen, said, strict=True):
        ours = rule.subject.judge(rule_id, facts, {})
        found.records += 1
        if not same(theirs, ours):
            found.wrong.append(f"{rule_id} {facts}: engine {theirs}, evaluator {ours}")
        if ours.verdict in ("pass", "violation"):
            found.sides[rule_id].add(SIDES[side])
            if (theirs.verdict == "pass") != (side in KEPT[_version(rule, facts)]):
                found.wrong.append(f"{rule_id} {facts}: {SIDES[side]} the limit is a {theirs.verdict}")


def decided_first(rule: boundaries.Rule, records: list[boundaries.Facts]) -> list[boundaries.Facts]:
    verdicts = ("pass", "violation")
    return sorted(records, key=lambda facts: rule.subject.judge(rule.rule_id, facts, {}).verdict not in verdicts)


def _version(rule: boundaries.Rule, facts: boundaries.Facts) -> str:
    """The comparator in force on the day of the act."""
    day = rule.value(("field", rule.act), rule.act)(facts)
    return next(v.comparator for v in rule.versions if v.effective_from <= day < v.effective_to)


def engine(records: Records, rule: boundaries.Rule, facts: list[boundaries.Facts]) -> list[Judgement]:
    """What the compiled rule says of records made up for it."""
    built = compiled_rule(records.policy, rule.rule_id)
    assert built
    compiled, only = built
    load(records.con, "tried", rule, facts)
    select = compiled.columns.select("tried", only.reads)
    rows = records.con.execute(
        f"{select} SELECT {only.texts.code}, {only.texts.measured}, {only.texts.limit} FROM columns ORDER BY n"
    ).fetchall()
    return [Judgement(*reason_of(code, only.inputs), measured, limit) for code, measured, limit in rows]


def main() -> int:
    found = judge(snapshot_check.load())
    for line in found.wrong[:20]:
        print(line)
    print(
        f"{len(found.sides)} numeric and date rules, {found.records:,} records next to their limits, "
        f"{len(found.wrong)} judged wrong."
    )
    print(f"No record lies exactly at the limit of: {', '.join(found.without_limit) or 'none'}.")
    print(f"The limit can only be met from one side: {', '.join(found.one_sided) or 'none'}.")
    return 1 if found.wrong else 0


if __name__ == "__main__":
    sys.exit(main())
