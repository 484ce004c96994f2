"""Groups of metrics as the health page shows them: rows of metric_groups.csv, the most important group first."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from data.language.expressions import did_you_mean
from data.messages.catalogue import bilingual
from policy.model.problem import Problem, SourceLocation
from policy.model.records import Policy, split_clause_ids
from policy.model.table_reader import TableReader
from policy.monitoring import metric_definitions

TABLE = "metric_groups.csv"


@dataclass(frozen=True)
class MetricGroup:
    """`metric_ids`: metrics in the order of the page."""

    group: str
    title_zh: str
    title_en: str
    metric_ids: str
    place: SourceLocation

    @property
    def members(self) -> tuple[str, ...]:
        return split_clause_ids(self.metric_ids)


@cache
def _parse_groups(text: str) -> tuple[tuple[MetricGroup, ...], tuple[Problem, ...]]:
    reader = TableReader({TABLE: text})
    return tuple(reader.read_records(TABLE, MetricGroup)), tuple(reader.problems)


def load_groups(policy: Policy) -> tuple[MetricGroup, ...]:
    """The groups of a policy; none where its folder has no such table."""
    return _parse_groups(policy.texts[TABLE])[0] if TABLE in policy.texts else ()


def find_problems(policy: Policy) -> Iterator[Problem]:
    """Unknown metrics, metrics listed twice, and those in no group, which no page shows."""
    if TABLE not in policy.texts or not metric_definitions.load_metrics(policy):
        return
    yield from _parse_groups(policy.texts[TABLE])[1]
    known, seen = {metric.metric_id for metric in metric_definitions.load_metrics(policy)}, set()
    for group in load_groups(policy):
        for metric_id in group.members:
            if metric_id not in known or metric_id in seen:
                twice = metric_id in seen
                problem = (
                    bilingual("monitoring.listed_twice")
                    if twice
                    else bilingual("monitoring.not_a_metric", near=did_you_mean(metric_id, known))
                )
                yield Problem(
                    "error",
                    TABLE,
                    group.place.row,
                    "metric_ids",
                    bilingual("monitoring.bad_member", rule=metric_id, problem=problem),
                    bilingual("common.correct_cell"),
                )
            seen.add(metric_id)
    for metric_id in sorted(known - seen):
        yield Problem(
            "warning",
            TABLE,
            1,
            "metric_ids",
            bilingual("monitoring.in_no_group", rule=metric_id),
            bilingual("monitoring.add_to_group"),
        )
