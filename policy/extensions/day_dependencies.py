"""Which parts of what decides an extension depend on the day of application, and which on the new maturity."""

from collections.abc import Iterator, Sequence

from sqlglot import exp

from data.facts import derivation
from policy.engine.compiler import CompiledSubject
from policy.model.policy_cache import cached_on_owner


def list_moving_facts(own: str) -> set[str]:
    """The facts of a request that change with this day of it."""
    return {own, *derivation.DAY_DEPENDENT_FACTS.get(own, ())}


@cached_on_owner
def find_parts_reading(judged: CompiledSubject, own: str, other: str) -> list[exp.Expr]:
    """The largest parts of what decides that read the one day, directly or not, and not the other."""
    reads = _DayDependencies(judged, own, other)
    return list(reads.find_parts([tree for rule in judged.rules for tree in (rule.code, rule.harmless)]))


class _DayDependencies:
    """Which of the two days an expression depends on, through computed columns too."""

    def __init__(self, judged: CompiledSubject, own: str, other: str) -> None:
        self.computed = judged.query.computed
        self.days = {own: list_moving_facts(own), other: list_moving_facts(other)}
        self.own, self.other = own, other
        self.known: dict[str, frozenset[str]] = {}
        self.seen: set[str] = set()

    def find_column_days(self, name: str) -> frozenset[str]:
        if name not in self.known:
            if name in self.computed:
                self.known[name] = self.find_days(self.computed[name])
            else:
                self.known[name] = frozenset(day for day, moving in self.days.items() if name in moving)
        return self.known[name]

    def find_days(self, tree: exp.Expr) -> frozenset[str]:
        return frozenset().union(*(self.find_column_days(column.name) for column in tree.find_all(exp.Column)))

    def find_parts(self, trees: Sequence[exp.Expr]) -> Iterator[exp.Expr]:
        for tree in trees:
            days = self.find_days(tree)
            if self.own not in days:
                continue
            if self.other not in days:
                yield tree
            elif isinstance(tree, exp.Column):
                if tree.name not in self.seen:
                    self.seen.add(tree.name)
                    yield from self.find_parts([self.computed[tree.name]])
            else:
                yield from self.find_parts([node for node in tree.iter_expressions() if isinstance(node, exp.Expr)])
