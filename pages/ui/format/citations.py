"""Where a clause stands, as people cite it; in English the numbering of the Chinese source is put into words."""

import re

from pages.ui.i18n.language import by_language, current_language, labels_of_kind, t
from policy.model.records import Policy, split_clause_ids

NUMERALS = "一二三四五六七八九十"
ARTICLE = re.compile(r"第([\d至、]+)条")
PART = re.compile(rf"第([{NUMERALS}])篇\s*(.*)")
MARKS = {"（": " (", "）": ") ", "、": ", ", "至": "–"}


def cite_clauses(policy: Policy, cited: str) -> str:
    """The documents and places that a rule or limit comes from; an id that no clause has stays as it is."""
    return by_language("；", "; ").join(
        dict.fromkeys(_cite_clause(policy, clause_id) for clause_id in split_clause_ids(cited))
    )


def _cite_clause(policy: Policy, clause_id: str) -> str:
    clause = policy.clauses.get(clause_id)
    if clause is None:
        return clause_id
    document = re.split(r"\s*[（(]", by_language(clause.document_zh, clause.document_en))[0]
    return f"{document} {format_section(clause.section)}".strip()


def format_section(written: str) -> str:
    """第五篇 七3 → part 5, 7.3; 第12条 → art. 12. A heading in Chinese words is not repeated in English."""
    if current_language() == "zh":
        return written
    if found := ARTICLE.fullmatch(written):
        return t("citation.article", n=_translate_numbering(found[1]))
    if found := PART.fullmatch(written):
        return ", ".join(
            filter(None, [t("citation.part", n=_translate_numbering(found[1])), _translate_numbering(found[2])])
        )
    return ""


def _translate_numbering(text: str) -> str:
    """Numbers and marks as English writes them; nothing where Chinese words are left."""
    for word, english in (labels_of_kind("citation_word") | MARKS).items():
        text = text.replace(word, english)
    text = re.sub(rf"[{NUMERALS}](?=\d)", lambda found: f"{found[0]}.", text)
    for n, numeral in enumerate(NUMERALS, start=1):
        text = text.replace(numeral, str(n))
    return "" if re.search(r"[\u4e00-\u9fff]", text) else re.sub(r"\s+", " ", text).replace(" ,", ",").strip()
