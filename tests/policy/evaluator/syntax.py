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
COMPARISON_SIGNS = (("=", "<>", "!="), ("<", "<=", ">", ">="))


def tokenize(text: str) -> list[tuple[str, str]]:
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
        self.text, self.tokens, self.at = text, tokenize(text), 0

    def peek_token(self, ahead: int = 0) -> tuple[str, str]:
        return self.tokens[self.at + ahead] if self.at + ahead < len(self.tokens) else ("end", "")

    def accept_word(self, *words: str) -> str:
        kind, word = self.peek_token()
        if kind in ("name", "sign") and word in words:
            self.at += 1
            return word
        return ""

    def expect_word(self, word: str) -> None:
        assert self.accept_word(word), f"{self.text!r}: expected {word} at {self.peek_token()}"

    def parse_expression(self) -> Node:
        node = self.parse_or()
        assert self.peek_token()[0] == "end", f"{self.text!r}: {self.peek_token()} is left over"
        return node

    def parse_or(self) -> Node:
        node = self.parse_and()
        while self.accept_word("or"):
            node = ("or", node, self.parse_and())
        return node

    def parse_and(self) -> Node:
        node = self.parse_not()
        while self.accept_word("and"):
            node = ("and", node, self.parse_not())
        return node

    def parse_not(self) -> Node:
        return ("not", self.parse_not()) if self.accept_word("not") else self.parse_comparison(0)

    def parse_comparison(self, level: int) -> Node:
        """Equality binds looser than order, order looser than between, in and is."""
        if level == len(COMPARISON_SIGNS):
            return self.parse_predicate()
        node = self.parse_comparison(level + 1)
        while sign := self.accept_word(*COMPARISON_SIGNS[level]):
            node = ("compare", sign.replace("!=", "<>"), node, self.parse_comparison(level + 1))
        return node

    def parse_predicate(self) -> Node:
        node = self.parse_sum()
        while True:
            negated = self.peek_token() == ("name", "not") and self.peek_token(1)[1] in ("in", "between")
            self.at += negated
            if self.accept_word("between"):
                low = self.parse_sum()
                self.expect_word("and")
                found: Node = ("between", node, low, self.parse_sum())
            elif self.accept_word("in"):
                self.expect_word("(")
                found = ("in", node, *self.parse_arguments())
            elif self.accept_word("is"):
                negated = bool(self.accept_word("not"))
                self.expect_word("null")
                found = ("is_null", node)
            else:
                return node
            node = ("not", found) if negated else found

    def parse_sum(self) -> Node:
        node = self.parse_product()
        while sign := self.accept_word("+", "-"):
            node = (sign, node, self.parse_product())
        return node

    def parse_product(self) -> Node:
        node = self.parse_unary()
        while sign := self.accept_word("*", "/"):
            node = (sign, node, self.parse_unary())
        return node

    def parse_unary(self) -> Node:
        return ("negative", self.parse_unary()) if self.accept_word("-") else self.parse_atom()

    def parse_arguments(self) -> list[Node]:
        found: list[Node] = []
        while not self.accept_word(")"):
            found.append(self.parse_or())
            if not self.accept_word(","):
                self.expect_word(")")
                break
        return found

    def parse_atom(self) -> Node:
        kind, word = self.peek_token()
        self.at += 1
        if kind == "number":
            return ("literal", Decimal(word))
        if kind == "text":
            return ("literal", word[1:-1].replace("''", "'"))
        if word == "(":
            node = self.parse_or()
            self.expect_word(")")
            return node
        assert kind == "name", f"{self.text!r}: {word!r} cannot stand here"
        return self.parse_name(word)

    def parse_name(self, word: str) -> Node:
        if word in ("true", "false"):
            return ("literal", word == "true")
        if word == "date" and self.peek_token()[0] == "text":
            self.at += 1
            return ("literal", date.fromisoformat(self.peek_token(-1)[1].strip("'")))
        if self.accept_word("("):
            return ("call", word, *self.parse_arguments())
        if self.accept_word("."):
            self.at += 1
            return ("limit", word, self.peek_token(-1)[1])
        return ("field", word)


@cache
def parse(text: str) -> Node:
    return Parser(text).parse_expression()
