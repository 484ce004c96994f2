"""Examples and boundary records catch what is changed in a policy row."""

import random

import pytest

from tests.policy import policy_builder
from tests.policy.tables import mutants
from tests.policy.tables.mutation import PolicyMutations
from tests.shipped_policy import POLICY

SAMPLE_SIZE = 150


def test_a_sample_of_the_shipped_rules_mutants_is_caught() -> None:
    """All of them by `make proof`."""
    mutations = PolicyMutations(POLICY)
    score = mutations.score_mutants(random.Random(7).sample(list(mutations.generate_mutants()), SAMPLE_SIZE))
    assert score.share_caught >= 0.98, [str(mutant) for mutant in score.survivors]
    assert score.caught > SAMPLE_SIZE / 2


def test_a_policy_without_examples_catches_nothing() -> None:
    """The score is not good by itself."""
    mutations = PolicyMutations(policy_builder.build_policy([{"unit": ""}]))
    score = mutations.score_mutants(mutations.generate_mutants())
    assert score.caught == 0 and len(score.survivors) > 3


@pytest.mark.parametrize(
    ("text", "some"),
    [
        ("balance <= 100", ["balance < 100", "balance >= 100", "balance <= 101", "balance <= 99"]),
        ("is_running and balance > 0.5", ["is_running or balance > 0.5", "is_running and balance > 0.6"]),
        ("balance between 1 and 2", ["balance between 2 and 2", "balance between 1 and 3"]),
        ("purpose is null", ["purpose is not null"]),
        ("purpose is not null", ["purpose is null"]),
        (
            "guarantee_type in ('credit', 'pledge')",
            ["guarantee_type in ( 'pledge' )", "guarantee_type in ( 'credit' )"],
        ),
        ("as_of < DATE '2024-07-01'", ["as_of < date '2024-06-30'", "as_of < date '2024-07-02'"]),
        ("has(document_types, 'hukou')", ["has ( document_types , 'id_card' )"]),
    ],
)
def test_mutants_of_an_expression(text: str, some: list[str]) -> None:
    found = set(mutants.mutate_expression(text, {"guarantee_type": "guarantee_type", "document_types": "doc_type"}))
    assert set(some) <= found
    assert text not in found
