"""The expression language read by precedence climbing into nested tuples: (kind, part, part …)."""

import re
from datetime import date
from decimal import Decimal
from functools import cache
from typing import Any

Node = tuple[Any, ...]
TOKEN = re.compile(
    r"\s*(?:(?P<number>\d+(?:\.\d*)?|\.\d+)|(?P<text>'(?:[^']|'')*')|(?P<name>[A-Za-z_]\w*)|"
    r"(?P<sign><=|>=|<>|!=|[=<>+\-*/(),.]))"
)
SIGNS = (("=", "<>", "!="), ("<", "<=", ">", ">="))


def tokens(text: str) -> list[tuple[str, str]]:
    found, at, text = [], 0, text.rstrip()
    while at < len(text):
        match = TOKEN.match(text, at)
        assert match, f"cannot read {text!r} at {at}"
        kind = str(match.lastgroup)
        word = match.group(kind)
        found.append((kind, word.lower() if kind == "name" else word))
        at = match.end()
    return found


class Parser:
    def __init__(self, text: str) -> None:
        self.text, self.tokens, self.at = text, tokens(text), 0

    def peek(self, ahead: int = 0) -> tuple[str, str]:
        return self.tokens[self.at + ahead] if self.at + ahead < len(self.tokens) else ("end", "")

    def accept(self, *words: str) -> str:
        kind, word = self.peek()
        if kind in ("name", "sign") and word in words:
            self.at += 1
            return word
        return ""

    def expect(self, word: str) -> None:
        assert self.accept(word), f"{self.text!r}: expected {word} at {self.peek()}"

    def whole(self) -> Node:
        node = self.disjunction()
        assert self.peek()[0] == "end", f"{self.text!r}: {self.peek()} is left over"
        return node

    def disjunction(self) -> Node:
        node = self.conjunction()
        while self.accept("or"):
            node = ("or", node, self.conjunction())
        return node

    def conjunction(self) -> Node:
        node = self.negation()
        while self.accept("and"):
            node = ("and", node, self.negation())
        return node

    def negation(self) -> Node:
        return ("not", self.negation()) if self.accept("not") else self.comparison(0)

    def comparison(self, level: int) -> Node:
        """Equality binds looser than order, order looser than between, in and is."""
        if level == len(SIGNS):
            return self.range()
        node = self.comparison(level + 1)
        while sign := self.accept(*SIGNS[level]):
            node = ("compare", sign.replace("!=", "<>"), node, self.comparison(level + 1))
        return node

    def range(self) -> Node:
        node = self.sum()
        while True:
            negated = self.peek() == ("name", "not") and self.peek(1)[1] in ("in", "between")
            self.at += negated
            if self.accept("between"):
                low = self.sum()
                self.expect("and")
                found: Node = ("between", node, low, self.sum())
            elif self.accept("in"):
                self.expect("(")
                found = ("in", node, *self.arguments())
            elif self.accept("is"):
                negated = bool(self.accept("not"))
                self.expect("null")
                found = ("is_null", node)
            else:
                return node
            node = ("not", found) if negated else found

    def sum(self) -> Node:
        node = self.product()
        while sign := self.accept("+", "-"):
            node = (sign, node, self.product())
        return node

    def product(self) -> Node:
        node = self.unary()
        while sign := self.accept("*", "/"):
            node = (sign, node, self.unary())
        return node

    def unary(self) -> Node:
        return ("negative", self.unary()) if self.accept("-") else self.atom()

    def arguments(self) -> list[Node]:
        found: list[Node] = []
        while not self.accept(")"):
            found.append(self.disjunction())
            if not self.accept(","):
                self.expect(")")
                break
        return found

    def atom(self) -> Node:
        kind, word = self.peek()
        self.at += 1
        if kind == "number":
            return ("literal", Decimal(word))
        if kind == "text":
            return ("literal", word[1:-1].replace("''", "'"))
        if word == "(":
            node = self.disjunction()
            self.expect(")")
            return node
        assert kind == "name", f"{self.text!r}: {word!r} cannot stand here"
        return self.named(word)

    def named(self, word: str) -> Node:
        if word in ("true", "false"):
            return ("literal", word == "true")
        if word == "date" and self.peek()[0] == "text":
            self.at += 1
            return ("literal", date.fromisoformat(self.peek(-1)[1].strip("'")))
        if self.accept("("):
            return ("call", word, *self.arguments())
        if self.accept("."):
            self.at += 1
            return ("limit", word, self.peek(-1)[1])
        return ("field", word)


@cache
def read(text: str) -> Node:
    return Parser(text).whole()
