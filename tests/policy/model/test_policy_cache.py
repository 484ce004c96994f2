"""What is worked out of a policy is remembered with the policy, dropped with it, and never for too many."""

from dataclasses import replace

import pytest

from policy.engine.compiler import compile_subject_cached
from policy.model import policy_cache
from policy.model.policy_cache import cached_by_policy, drop_policy
from policy.model.records import Policy
from tests.policy import policy_builder

calls: list[tuple[str, int]] = []


@cached_by_policy
def _count_rules(policy: Policy, number: int) -> int:
    calls.append((policy.version, number))
    return len(policy.versions) + number


def _build_policy(version: str) -> Policy:
    return replace(policy_builder.build_policy([{}], {}), version=version)


def test_an_answer_is_worked_out_once_for_each_policy_and_argument() -> None:
    calls.clear()
    policy = _build_policy("once")
    assert [_count_rules(policy, number) for number in (1, 2, 1)] == [2, 3, 2]
    assert calls == [("once", 1), ("once", 2)]


def test_an_equal_policy_shares_the_answers_and_is_compared_once(monkeypatch: pytest.MonkeyPatch) -> None:
    calls.clear()
    compared: list[Policy] = []
    is_equal = Policy.__eq__
    monkeypatch.setattr(Policy, "__eq__", lambda one, other: compared.append(other) or is_equal(one, other))
    policies = [_build_policy("equal") for _ in range(2)]
    assert [_count_rules(policy, 0) for policy in policies] == [1, 1]
    assert calls == [("equal", 0)]
    before = len(compared)
    assert [_count_rules(policy, 1) for policy in policies * 3] == [2] * 6
    assert (calls, len(compared)) == ([("equal", 0), ("equal", 1)], before)


def test_policies_of_one_version_and_other_rules_have_other_answers() -> None:
    policy = _build_policy("same")
    assert (_count_rules(policy, 0), _count_rules(replace(policy, versions=()), 0)) == (1, 0)


def test_a_dropped_policy_is_worked_out_again() -> None:
    policy = _build_policy("tried")
    compiled = compile_subject_cached(policy, "loan")
    assert compile_subject_cached(policy, "loan") is compiled
    drop_policy(policy)
    assert compile_subject_cached(policy, "loan") is not compiled


def test_the_least_recently_used_policy_goes_first() -> None:
    calls.clear()
    policies = [_build_policy(f"p{n}") for n in range(policy_cache.MOST_POLICIES + 1)]
    for policy in policies:
        _count_rules(policies[0], 0)
        _count_rules(policy, 0)
    _count_rules(policies[0], 0)
    _count_rules(policies[1], 0)
    assert [version for version, _ in calls].count("p0") == 1
    assert [version for version, _ in calls].count("p1") == 2
