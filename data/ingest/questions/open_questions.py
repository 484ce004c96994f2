"""Questions of an import with their possible answers (data/tables/questions.csv), those given, and those still open."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache

from data.errors import InputError
from data.messages.catalogue import BilingualText, Note, bilingual
from data.table_files import read_rows


@dataclass(frozen=True)
class Question:
    """Something that the files leave open. `key`: what is asked, as --assume names it; `text`: what was seen, where."""

    key: str
    text: BilingualText

    @property
    def answers(self) -> dict[str, BilingualText]:
        return load_answers()[self.key]


class UnansweredError(InputError):
    """The files leave something open; nothing was loaded. `questions`: what has to be answered first."""

    def __init__(self, questions: list[Question]) -> None:
        self.questions = questions
        super().__init__(_join([_format_question(question) for question in questions]))


class Answers:
    """The answers given for an import, by key. What is asked without one is collected, to be asked all at once."""

    def __init__(self, given: Mapping[str, str] | None = None) -> None:
        self.given = dict(given or {})
        self.open: list[Question] = []
        self.used: dict[str, Question] = {}

    def find(self, question: Question) -> str | None:
        """The answer to a question; None where there is none yet, and then the question stays open."""
        answer = self.given.get(question.key)
        if answer is None:
            self.open.append(question)
        else:
            self.used.setdefault(question.key, question)
        return answer

    def require(self) -> None:
        """Raises UnansweredError where a question is open."""
        if self.open:
            raise UnansweredError(self.open)

    def list_notes(self) -> list[Note]:
        """What was answered beforehand, for the report."""
        said = [
            bilingual(
                "questions.answered",
                text=question.text,
                key=key,
                answer=self.given[key],
                meaning=question.answers[self.given[key]],
            )
            for key, question in self.used.items()
        ]
        return [{"id": "note_assumed", "en": str(text), "zh": text.zh} for text in said]


@cache
def load_answers() -> dict[str, dict[str, BilingualText]]:
    """Question -> its answers, in both languages."""
    found: dict[str, dict[str, BilingualText]] = {}
    for row in read_rows("questions.csv"):
        found.setdefault(row["question"], {})[row["answer"]] = BilingualText(row["en"], row["zh"])
    return found


def parse_answers(given: Iterable[str]) -> dict[str, str]:
    """KEY=ANSWER, as --assume takes them. Raises InputError for an unknown key or answer."""
    found = {}
    for text in given:
        key, _, answer = text.partition("=")
        if answer not in load_answers().get(key, {}):
            known = ", ".join(f"{name}={one}" for name, answers in load_answers().items() for one in answers)
            raise InputError(bilingual("questions.unknown_answer", text=text, known=known))
        found[key] = answer
    return found


def _format_question(question: Question) -> BilingualText:
    ways = [
        bilingual("questions.way", key=question.key, answer=name, text=text) for name, text in question.answers.items()
    ]
    return bilingual("questions.question", text=question.text, ways=_join(ways))


def _join(texts: list[BilingualText]) -> BilingualText:
    return BilingualText(" ".join(texts), "".join(text.zh for text in texts))
