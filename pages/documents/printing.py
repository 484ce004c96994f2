"""Turns a template and its data into a PDF. A template never sees the data as markup: it reads one JSON object."""

import json
import os
from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal
from functools import cache
from pathlib import Path

import typst

from data.errors import LoanlightError
from data.messages.catalogue import bilingual

TEMPLATES = Path(__file__).parent / "templates"
# A folder of the bank's own templates; a template that it does not have is the shipped one.
TEMPLATES_VARIABLE = "LOANLIGHT_TEMPLATES"
FONTS_VARIABLE = "LOANLIGHT_FONTS"  # a folder of fonts, for a machine without a Chinese font
CHINESE_FONTS = (
    "Noto Sans CJK SC",
    "Source Han Sans SC",
    "Microsoft YaHei",
    "PingFang SC",
    "WenQuanYi Zen Hei",
    "SimSun",
)


class PrintingError(LoanlightError):
    """A document that could not be created, and what to do."""


def _find_folder(variable: str) -> Path | None:
    named = os.environ.get(variable)
    if named and not Path(named).is_dir():
        raise PrintingError(bilingual("documents.missing_folder", variable=variable, folder=named))
    return Path(named) if named else None


def read_template(name: str) -> str:
    """The text of a template: the bank's own, else the shipped one. Raises PrintingError if neither exists."""
    for folder in (_find_folder(TEMPLATES_VARIABLE), TEMPLATES):
        if folder and (folder / name).is_file():
            return (folder / name).read_text(encoding="utf-8")
    raise PrintingError(
        bilingual("documents.missing_template", name=name, folder=TEMPLATES.name, variable=TEMPLATES_VARIABLE)
    )


@cache
def _load_fonts(folder: Path | None) -> typst.Fonts:
    fonts = typst.Fonts(font_paths=[folder] if folder else [], include_system_fonts=True)
    if not set(CHINESE_FONTS) & set(fonts.families()):
        examples = ", ".join(CHINESE_FONTS[:3])
        raise PrintingError(bilingual("documents.missing_font", fonts=examples, variable=FONTS_VARIABLE))
    return fonts


def _to_json_value(value: object) -> str:
    if isinstance(value, date | datetime):
        return value.isoformat()
    if isinstance(value, Decimal):
        return str(value)
    raise TypeError(f"{type(value).__name__} cannot be printed; convert it to text first.")


def render_pdf(name: str, content: dict[str, object]) -> bytes:
    """One document from the template `name` (a .typ file), which reads `content` by `#import "page.typ": content`.

    Every text in `content` is shown as it is: no text in it is markup. Raises PrintingError where the template fails.
    """
    compile_files: Callable[..., bytes] = typst.compile
    inputs = {"content": json.dumps(content, ensure_ascii=False, default=_to_json_value)}
    files = {"main.typ": read_template(name).encode(), "page.typ": read_template("page.typ").encode()}
    try:
        # Typst's stub knows paths only; a dictionary of files is documented beside it.
        compiled: bytes = compile_files(files, sys_inputs=inputs, font_paths=_load_fonts(_find_folder(FONTS_VARIABLE)))
    except typst.TypstError as error:
        raise PrintingError(bilingual("documents.failed_template", name=name, error=error)) from error
    return compiled
