"""What has been worked out of a policy, such as its compiled rules, remembered while the policy is in use.

A function of a policy is decorated with `cached_by_policy`, a function of something compiled with `cached_on_owner`.
The least recently used policies are dropped; `drop_policy` lets go of one that was only tried out.
"""

from collections import OrderedDict
from collections.abc import Callable, Hashable
from functools import wraps
from threading import Lock
from typing import Concatenate, ParamSpec, TypeVar, cast

from policy.model.records import Policy

MOST_POLICIES = 8
MOST_ANSWERS = 10_000  # of one policy, or of one owner
Parameters = ParamSpec("Parameters")
Answer = TypeVar("Answer")
Owner = TypeVar("Owner")
Answers = dict[Hashable, object]

_answers_by_policy: OrderedDict[Policy, Answers] = OrderedDict()
_lock = Lock()
_UNKNOWN = object()


def cached_by_policy(
    function: Callable[Concatenate[Policy, Parameters], Answer],
) -> Callable[Concatenate[Policy, Parameters], Answer]:
    """Remembers the answers of `function(policy, *arguments)`; arguments are given by position and hashable."""

    @wraps(function)
    def answer(policy: Policy, /, *arguments: Parameters.args, **named: Parameters.kwargs) -> Answer:
        key = (function, arguments, tuple(named.items()))
        return _remember(_answers_of_policy(policy), key, lambda: function(policy, *arguments, **named))

    return answer


def cached_on_owner(
    function: Callable[Concatenate[Owner, Parameters], Answer],
) -> Callable[Concatenate[Owner, Parameters], Answer]:
    """Remembers the answers of `function(owner, *arguments)` in the owner, so that they are dropped with it."""

    @wraps(function)
    def answer(owner: Owner, /, *arguments: Parameters.args, **named: Parameters.kwargs) -> Answer:
        key = (function, arguments, tuple(named.items()))
        answers: Answers = vars(owner).setdefault("_answers", {})
        return _remember(answers, key, lambda: function(owner, *arguments, **named))

    return answer


def drop_policy(policy: Policy) -> None:
    """Lets go of everything remembered of this policy; a policy that was never used is not an error."""
    with _lock:
        _answers_by_policy.pop(_find_equal(policy), None)


def _answers_of_policy(policy: Policy) -> Answers:
    with _lock:
        known = _find_equal(policy)
        answers = _answers_by_policy.setdefault(known, {})
        _answers_by_policy.move_to_end(known)
        while len(_answers_by_policy) > MOST_POLICIES:
            _answers_by_policy.popitem(last=False)
        return answers


def _find_equal(policy: Policy) -> Policy:
    """The policy itself, or the equal one that was asked about first: sought once, since all rows are compared."""
    own = vars(policy)
    if "_equal" not in own:
        own["_equal"] = next((each for each in _answers_by_policy if each == policy), policy)
    return cast(Policy, own["_equal"])


def _remember(answers: Answers, key: Hashable, work_out: Callable[[], Answer]) -> Answer:
    """Two threads may work out the same answer; either is kept."""
    found = answers.get(key, _UNKNOWN)
    if found is _UNKNOWN:
        found = work_out()
        if len(answers) >= MOST_ANSWERS:
            answers.clear()
        answers[key] = found
    return cast(Answer, found)
