"""The reference of the keys of a profile in both languages, written from their table."""

from pathlib import Path

from data.ingest.profiles.profile_keys import INHERITED, ProfileKey, load_profile_keys
from data.messages.catalogue import BilingualText, bilingual, term

EXAMPLE = Path(__file__).with_name("example.toml")


def render_markdown() -> str:
    """docs/profiles.md."""
    example = EXAMPLE.read_text(encoding="utf-8").rstrip()
    parts = list(dict.fromkeys(entry.part for entry in load_profile_keys()))
    head = bilingual("profiles.doc_head")
    lines = [f"# {bilingual('profiles.doc_title')} {bilingual('profiles.doc_title').zh}", "", head, "", head.zh, ""]
    lines += ["```toml", example, "```", ""]
    for part in parts:
        lines += _render_part(part)
    return "\n".join(lines)


def _render_part(part: str) -> list[str]:
    title = _title_of_part(part)
    lines = [f"## {title} {title.zh}", ""]
    if part in INHERITED:
        other = _title_of_part(INHERITED[part])
        text = bilingual("profiles.doc_inherits", part=other)
        lines += [text, "", text.zh, ""]
    for entry in load_profile_keys():
        if entry.part == part:
            lines += _render_key(entry)
    return lines


def _title_of_part(part: str) -> BilingualText:
    titles = {
        "profile": bilingual("profiles.doc_profile"),
        "file": bilingual("profiles.doc_file"),
        "field": bilingual("profiles.doc_field"),
        "value": bilingual("profiles.doc_value"),
        "lookup": bilingual("profiles.doc_lookup"),
        "duplicates": bilingual("profiles.doc_duplicates"),
        "note": bilingual("profiles.doc_note"),
    }
    return titles[part]


def _render_key(entry: ProfileKey) -> list[str]:
    kind = term(entry.type)
    types = f"{kind} {kind.zh}" + (f": {', '.join(entry.choices)}" if entry.choices else "")
    required = bilingual("profiles.doc_required")
    marks = f"{types}; {required} {required.zh}" if entry.is_required else types
    return [
        f"### `{entry.key}`",
        "",
        f"*{marks}*",
        "",
        f"{entry.en}.",
        "",
        f"{entry.zh}。",
        "",
        "```toml",
        entry.example,
        "```",
        "",
    ]
