"""Where a clause stands, as people cite it; in English the numbering of the Chinese source is put into words."""

import re

from pages.ui.i18n.language import on, pick, say, terms
from policy.model.records import Policy, clause_ids

NUMERALS = "一二三四五六七八九十"
ARTICLE = re.compile(r"第([\d至、]+)条")
PART = re.compile(rf"第([{NUMERALS}])篇\s*(.*)")
MARKS = {"（": " (", "）": ") ", "、": ", ", "至": "–"}


def of(policy: Policy, cited: str) -> str:
    """The documents and places that a rule or limit comes from; an id that no clause has stays as it is."""
    return pick("；", "; ").join(dict.fromkeys(_one(policy, clause_id) for clause_id in clause_ids(cited)))


def _one(policy: Policy, clause_id: str) -> str:
    clause = policy.clauses.get(clause_id)
    if clause is None:
        return clause_id
    document = re.split(r"\s*[（(]", pick(clause.document_zh, clause.document_en))[0]
    return f"{document} {section(clause.section)}".strip()


def section(written: str) -> str:
    """第五篇 七3 → part 5, 7.3; 第12条 → art. 12. A heading in Chinese words is not repeated in English."""
    if on() == "zh":
        return written
    if found := ARTICLE.fullmatch(written):
        return say("citation.article", n=_latin(found[1]))
    if found := PART.fullmatch(written):
        return ", ".join(filter(None, [say("citation.part", n=_latin(found[1])), _latin(found[2])]))
    return ""


def _latin(text: str) -> str:
    """Numbers and marks as English writes them; nothing where Chinese words are left."""
    for word, english in (terms("citation_word") | MARKS).items():
        text = text.replace(word, english)
    text = re.sub(rf"[{NUMERALS}](?=\d)", lambda found: f"{found[0]}.", text)
    for n, numeral in enumerate(NUMERALS, start=1):
        text = text.replace(numeral, str(n))
    return "" if re.search(r"[\u4e00-\u9fff]", text) else re.sub(r"\s+", " ", text).replace(" ,", ",").strip()
