"""What the expressions of rules may read: the facts of each subject and the fields that the policy derives."""

from collections.abc import Iterator
from dataclasses import dataclass

from data import dictionary
from policy.model.records import Policy

DERIVED_BY_POLICY = "derived.csv"
DERIVED_BY_BOOK = "facts"
JUDGEMENT = "judgement"


@dataclass(frozen=True)
class ReadableFact:
    """`source`: the book's table, `facts` (derived from several), derived.csv of the policy, or the judgement itself.

    `unit`: yuan, days, months … `codes`: the code list of a coded fact, without a mark for an open one.
    """

    subject: str
    name: str
    type: str
    unit: str
    codes: str
    source: str
    zh: str
    en: str


def find_facts(policy: Policy, word: str = "") -> list[ReadableFact]:
    """The facts of every subject in the dictionary's order; with a word, those whose name or meaning has it."""
    wanted = word.casefold()
    return [
        fact
        for subject in dictionary.load_subjects()
        for fact in (*_list_book_facts(subject), *_list_policy_facts(policy, subject))
        if wanted in f"{fact.subject}\n{fact.name}\n{fact.zh}\n{fact.en}".casefold()
    ]


def _list_book_facts(subject: str) -> Iterator[ReadableFact]:
    tables = dictionary.load_tables()
    for field in dictionary.facts_of_subject(subject).values():
        source = field.owner if field.owner in tables else JUDGEMENT if field.name == "as_of" else DERIVED_BY_BOOK
        yield ReadableFact(
            subject, field.name, field.type, field.unit, field.code_list or "", source, field.zh, field.en
        )


def _list_policy_facts(policy: Policy, subject: str) -> Iterator[ReadableFact]:
    for field in policy.derived:
        if field.subject == subject:
            codes = field.codes.rstrip("?+")
            yield ReadableFact(
                subject, field.name, field.type, field.unit, codes, DERIVED_BY_POLICY, field.zh, field.en
            )
