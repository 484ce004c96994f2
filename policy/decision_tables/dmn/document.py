"""One parsed DMN file: finding its elements, and collecting what must be refused.

Elements are refused by kind and id, all of them before the import stops, so that a file is corrected in one go.
"""

import re
from dataclasses import dataclass, field
from xml.etree.ElementTree import Element

from data.errors import InputError
from data.messages.catalogue import BilingualText, bilingual
from policy.decision_tables.dmn import feel
from policy.decision_tables.dmn.writing import OWN_NAMESPACE

VERSIONS = {
    "https://www.omg.org/spec/DMN/20191111/MODEL/": "1.3",
    "https://www.omg.org/spec/DMN/20211108/MODEL/": "1.4",
    "https://www.omg.org/spec/DMN/20230324/MODEL/": "1.5",
}
NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z", re.ASCII)
MOST_REFUSALS_SHOWN = 20


def local_tag(element: Element) -> str:
    """The tag of an element without its namespace."""
    return str(element.tag).rpartition("}")[2]


def read_text(element: Element, model: str) -> str:
    """The text of an element's <text>; "" where it has none."""
    found = element.find(f"{{{model}}}text")
    return (found.text or "").strip() if found is not None else ""


@dataclass
class DmnDocument:
    """`model`: the namespace of the file's DMN version. `refusals`: why it cannot be imported, one an element.

    `passed_over`: what is left out without harm, such as a list of allowed values.
    """

    root: Element
    model: str
    refusals: list[BilingualText] = field(default_factory=list)
    passed_over: set[str] = field(default_factory=set)

    @classmethod
    def from_root(cls, root: Element) -> "DmnDocument":
        """Raises InputError for a root that is not that of a known DMN version."""
        model = root.tag.removeprefix("{").partition("}")[0]
        if model not in VERSIONS or local_tag(root) != "definitions":
            versions = ", ".join(VERSIONS.values())
            raise InputError(bilingual("decision_tables.dmn.other_format", tag=root.tag[:80], versions=versions))
        return cls(root, model)

    def find_children(self, element: Element, tag: str) -> list[Element]:
        return element.findall(f"{{{self.model}}}{tag}")

    def find_extension(self, element: Element, tag: str) -> Element | None:
        """An extension element of ours."""
        return element.find(f"{{{self.model}}}extensionElements/{{{OWN_NAMESPACE}}}{tag}")

    def is_of_model(self, element: Element) -> bool:
        return str(element.tag).startswith(f"{{{self.model}}}")

    def refuse_element(self, element: Element, holder: str, reason: BilingualText) -> None:
        """Notes why the element cannot be imported; `holder` names it where it has no id."""
        self.refusals.append(
            bilingual(
                "decision_tables.dmn.refusal",
                tag=local_tag(element),
                id=element.get("id") or holder,
                reason=reason,
            )
        )

    def require_nothing_refused(self) -> None:
        """Raises InputError that lists the refused elements, the first MOST_REFUSALS_SHOWN of them."""
        if not self.refusals:
            return
        shown, more = self.refusals[:MOST_REFUSALS_SHOWN], len(self.refusals) - MOST_REFUSALS_SHOWN
        if more > 0:
            shown.append(bilingual("decision_tables.dmn.more_refusals", n=more))
        lines = BilingualText("\n".join(shown), "\n".join(line.zh for line in shown))
        raise InputError(bilingual("decision_tables.dmn.not_imported", refusals=lines))

    def refuse_other_languages(self, element: Element, holder: str) -> None:
        """Refuses every part that is written in another language than FEEL."""
        for part in element.iter():
            language = part.get("expressionLanguage")
            if language and not language.rstrip("/").lower().endswith("feel"):
                self.refuse_element(
                    part, holder, bilingual("decision_tables.dmn.expression_language", language=language)
                )

    def resolve_type(self, element: Element, holder: str, type_ref: str | None) -> str | None:
        """Our type of a DMN type, an item definition of a basic type included; None when it is refused."""
        basic = (type_ref or "string").removeprefix("feel:")
        if basic not in feel.TYPES:
            basic = self._find_item_type(basic)
        if basic not in feel.TYPES:
            known = ", ".join(feel.TYPES)
            self.refuse_element(element, holder, bilingual("decision_tables.dmn.type", type=type_ref, known=known))
            return None
        return feel.TYPES[basic]

    def _find_item_type(self, name: str) -> str:
        """The type that an item definition gives a name to; the name itself where there is none, or a collection."""
        named = [each for each in self.find_children(self.root, "itemDefinition") if each.get("name") == name]
        if not named or named[0].get("isCollection") == "true":
            return name
        defined = self.find_children(named[0], "typeRef")
        return (defined[0].text or "").strip().removeprefix("feel:") if defined else name
