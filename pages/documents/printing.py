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
TEMPLATES_VARIABLE = "LOANLIGHT_TEMPLATES"  # a folder of the bank's own templates; what it lacks comes from ours
FONTS_VARIABLE = "LOANLIGHT_FONTS"  # a folder of fonts, where the machine has none for Chinese
CHINESE_FONTS = (
    "Noto Sans CJK SC",
    "Source Han Sans SC",
    "Microsoft YaHei",
    "PingFang SC",
    "WenQuanYi Zen Hei",
    "SimSun",
)


class PrintingError(LoanlightError):
    """A document that could not be made, with what to do."""


def _find_folder(variable: str) -> Path | None:
    named = os.environ.get(variable)
    if named and not Path(named).is_dir():
        raise PrintingError(f"{variable} names '{named}', which is no folder. Correct it, or unset it.")
    return Path(named) if named else None


def read_template(name: str) -> str:
    """The text of a template: the bank's own where it has one, else ours. Raises PrintingError if there is none."""
    for folder in (_find_folder(TEMPLATES_VARIABLE), TEMPLATES):
        if folder and (folder / name).is_file():
            return (folder / name).read_text(encoding="utf-8")
    raise PrintingError(f"No template '{name}' in {TEMPLATES.name}/ or in the folder that {TEMPLATES_VARIABLE} names.")


@cache
def _load_fonts(folder: Path | None) -> typst.Fonts:
    fonts = typst.Fonts(font_paths=[folder] if folder else [], include_system_fonts=True)
    if not set(CHINESE_FONTS) & set(fonts.families()):
        wanted = ", ".join(CHINESE_FONTS[:3])
        raise PrintingError(
            f"No font for Chinese is installed ({wanted}, …). Install one (Debian: apt-get install fonts-noto-cjk), "
            f"or put its file into a folder and name that folder in {FONTS_VARIABLE}."
        )
    return fonts


def _to_json_value(value: object) -> str:
    if isinstance(value, date | datetime):
        return value.isoformat()
    if isinstance(value, Decimal):
        return str(value)
    raise TypeError(f"{type(value).__name__} cannot be printed; write it as text first.")


def render_pdf(name: str, content: dict[str, object]) -> bytes:
    """One document from the template `name` (a .typ file), which reads `content` by `#import "page.typ": content`.

    Every text in `content` is shown as it is: no text in it is markup. Raises PrintingError where the template fails.
    """
    handed = {"content": json.dumps(content, ensure_ascii=False, default=_to_json_value)}
    files = {"main.typ": read_template(name).encode(), "page.typ": read_template("page.typ").encode()}
    try:
        return typst.compile(files, sys_inputs=handed, font_paths=_load_fonts(_find_folder(FONTS_VARIABLE)))
    except typst.TypstError as error:
        raise PrintingError(f"The template '{name}' does not work: {error}. Mend it, or take it away.") from error
