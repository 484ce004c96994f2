"""The colours of ordered classes and of verdicts can be told apart with any kind of colour vision, in both modes."""

import itertools
import re
import tomllib
from pathlib import Path

import pytest

from pages.ui.charts import calendar_chart, drawing

THEME = tomllib.loads((Path(__file__).parents[3] / ".streamlit/config.toml").read_text(encoding="utf-8"))["theme"]
PALETTES = {mode: THEME[mode]["chartCategoricalColors"] for mode in ("light", "dark")}
PALETTES["verdicts"] = [drawing.ALLOWED, drawing.BLOCKED, drawing.UNKNOWN]
# What each kind of vision makes of linear red, green, blue (Machado, Oliveira and Fernandes 2009, full severity).
STYLE = (Path(__file__).parents[3] / "pages/ui/style.css").read_text(encoding="utf-8")
VISION_MATRICES = {
    "all": ((1, 0, 0), (0, 1, 0), (0, 0, 1)),
    "no red": ((0.152286, 1.052583, -0.204868), (0.114503, 0.786281, 0.099216), (-0.003882, -0.048116, 1.051998)),
    "no green": ((0.367322, 0.860646, -0.227968), (0.280085, 0.672501, 0.047413), (-0.011820, 0.042940, 0.968881)),
    "no blue": ((1.255528, -0.076749, -0.178779), (-0.078411, 0.930809, 0.147602), (0.004733, 0.691367, 0.303900)),
}
TO_XYZ = ((0.4124, 0.3576, 0.1805), (0.2126, 0.7152, 0.0722), (0.0193, 0.1192, 0.9505))
JUST_NOTICEABLE = 2.3  # CIELAB
MIN_DIFFERENCE = 8 * JUST_NOTICEABLE


MODES = {"light": False, "dark": True}
SMALL_TEXT_COLOURS = {  # the colours that the style sheet puts in Streamlit's place
    mode: re.findall(r"light-dark\((#[0-9a-f]{6}), (#[0-9a-f]{6})\)", STYLE)[0][dark] for mode, dark in MODES.items()
}
MIN_CONTRAST = 4.5  # contrast that text needs (WCAG 2.2, 1.4.3)


def _multiply(matrix, vector):
    return [max(0.0, sum(a * b for a, b in zip(row, vector, strict=True))) for row in matrix]


def _linear_rgb(colour: str) -> list[float]:
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    return [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]


def _cie_lab(colour: str, vision) -> tuple[float, float, float]:
    xyz = _multiply(TO_XYZ, [min(1.0, part) for part in _multiply(vision, _linear_rgb(colour))])
    x, y, z = (part / white for part, white in zip(xyz, (0.95047, 1.0, 1.08883), strict=True))
    fx, fy, fz = (part ** (1 / 3) if part > 0.008856 else 7.787 * part + 16 / 116 for part in (x, y, z))
    return 116 * fy - 16, 500 * (fx - fy), 200 * (fy - fz)


@pytest.mark.parametrize("vision", VISION_MATRICES)
@pytest.mark.parametrize("palette", PALETTES)
def test_told_apart(palette, vision):
    seen = [_cie_lab(colour, VISION_MATRICES[vision]) for colour in PALETTES[palette]]
    distances = [
        sum((a - b) ** 2 for a, b in zip(one, other, strict=True)) ** 0.5
        for one, other in itertools.combinations(seen, 2)
    ]
    assert min(distances) > MIN_DIFFERENCE


def _contrast_ratio(one: str, other: str) -> float:
    low, high = sorted(
        sum(a * b for a, b in zip(TO_XYZ[1], _linear_rgb(colour), strict=True)) for colour in (one, other)
    )
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize(("mode", "dark"), MODES.items())
def test_text_can_be_read(mode, dark):
    ground = THEME[mode]["backgroundColor"]
    inks = [drawing.TEXT_COLOURS[dark], drawing.MUTED_COLOURS[dark], SMALL_TEXT_COLOURS[mode], THEME[mode]["textColor"]]
    assert min(_contrast_ratio(ink, ground) for ink in inks) >= MIN_CONTRAST
    shades = [*drawing.SHADES[dark], *calendar_chart.EMPTY_DAY_FILL[dark]]
    assert min(_contrast_ratio(drawing.TEXT_COLOURS[dark], shade) for shade in shades) >= MIN_CONTRAST
