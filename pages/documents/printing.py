"""Turns a template and its data into a PDF. A template never sees the data as markup: it reads one JSON object."""

import json
import os
from datetime import date, datetime
from decimal import Decimal
from functools import cache
from pathlib import Path

import typst

from data.errors import LoanlightError

TEMPLATES = Path(__file__).parent / "templates"
OWN_TEMPLATES = "LOANLIGHT_TEMPLATES"  # a folder of the bank's own templates; what it lacks comes from ours
OWN_FONTS = "LOANLIGHT_FONTS"  # a folder of fonts, where the machine has none for Chinese
FAMILIES = ("Noto Sans CJK SC", "Source Han Sans SC", "Microsoft YaHei", "PingFang SC", "WenQuanYi Zen Hei", "SimSun")


class PrintingError(LoanlightError):
    """A document that could not be made, with what to do."""


def _folder(variable: str) -> Path | None:
    named = os.environ.get(variable)
    if named and not Path(named).is_dir():
        raise PrintingError(f"{variable} names '{named}', which is no folder. Correct it, or unset it.")
    return Path(named) if named else None


def source(name: str) -> str:
    """The text of a template: the bank's own where it has one, else ours. Raises PrintingError if there is none."""
    for folder in (_folder(OWN_TEMPLATES), TEMPLATES):
        if folder and (folder / name).is_file():
            return (folder / name).read_text(encoding="utf-8")
    raise PrintingError(f"No template '{name}' in {TEMPLATES.name}/ or in the folder that {OWN_TEMPLATES} names.")


@cache
def _fonts(folder: Path | None) -> typst.Fonts:
    fonts = typst.Fonts(font_paths=[folder] if folder else [], include_system_fonts=True)
    if not set(FAMILIES) & set(fonts.families()):
        wanted = ", ".join(FAMILIES[:3])
        raise PrintingError(
            f"No font for Chinese is installed ({wanted}, …). Install one (Debian: apt-get install fonts-noto-cjk), "
            f"or put its file into a folder and name that folder in {OWN_FONTS}."
        )
    return fonts


def _plain(value: object) -> str:
    if isinstance(value, date | datetime):
        return value.isoformat()
    if isinstance(value, Decimal):
        return str(value)
    raise TypeError(f"{type(value).__name__} cannot be printed; write it as text first.")


def pdf(name: str, content: dict[str, object]) -> bytes:
    """One document from the template `name` (a .typ file), which reads `content` by `#import "page.typ": content`.

    Every text in `content` is shown as it is: no text in it is markup. Raises PrintingError where the template fails.
    """
    handed = {"content": json.dumps(content, ensure_ascii=False, default=_plain)}
    files = {"main.typ": source(name).encode(), "page.typ": source("page.typ").encode()}
    try:
        return typst.compile(files, sys_inputs=handed, font_paths=_fonts(_folder(OWN_FONTS)))
    except typst.TypstError as error:
        raise PrintingError(f"The template '{name}' does not work: {error}. Mend it, or take it away.") from error
