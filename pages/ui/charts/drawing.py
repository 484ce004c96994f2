"""How every chart reaches the page; colours of ordered classes come from the theme of the mode.

Labels come written already.
"""

import textwrap
from collections.abc import Callable
from decimal import Decimal
from typing import Literal

import polars as pl
import streamlit as st

from pages.ui.charts.encoding import CLICK_SELECTION, Spec
from pages.ui.i18n import language

ALLOWED, BLOCKED, UNKNOWN = "#2F7FC1", "#D55E00", "#808890"  # distinct in all kinds of colour vision, in both modes
# By dark: little → much; the text colour of the mode can be read on each of them.
SHADES = {False: ["#E4EEF9", "#7DB0E3"], True: ["#1D2C40", "#3A6699"]}
TEXT_COLOURS = {False: "#1B2430", True: "#E6EAF0"}
MUTED_COLOURS = {False: "#4A5361", True: "#B4BCC8"}  # by dark: axes, and figures beside marks


def is_dark_mode() -> bool:
    return st.context.theme.type == "dark"


def muted_colour() -> str:
    return MUTED_COLOURS[is_dark_mode()]


def text_colour() -> str:
    return TEXT_COLOURS[is_dark_mode()]


def show_chart(
    chart: Spec,
    alt_text: str,
    *,
    key: str | None = None,
    on_click: Callable[[], None] | None = None,
    width: Literal["stretch", "content"] | None = None,
) -> None:
    """The one way a chart reaches the page: legible in both modes, with a text for people who cannot see it.

    `on_click`: the chart has a click selection, and this runs before the page does.
    """
    labels = {"labelColor": muted_colour(), "titleColor": muted_colour()}
    spec = chart | {"config": chart.get("config", {}) | {"axis": labels, "legend": labels}}
    if on_click is None:
        st.vega_lite_chart(None, spec, alt=alt_text, key=key, width=width)
        return
    st.vega_lite_chart(
        None, spec, alt=alt_text, key=key, width=width, on_select=on_click, selection_mode=CLICK_SELECTION
    )


def read_clicked_marks(key: str) -> list[dict[str, object]]:
    """The marks that were clicked on the chart of this key."""
    return st.session_state[key].selection.get(CLICK_SELECTION) or []


def has_values(frame: pl.DataFrame, value: str) -> bool:
    """Whether any row has a value other than zero to draw; a sum over nothing is null."""
    return bool((frame[value].fill_null(0) != 0).any())


def find_largest(values: pl.Series) -> float:
    """The largest value, for the end of a scale; 1 where there is none or it is zero."""
    largest = values.max()
    return float(largest) or 1.0 if isinstance(largest, int | float | Decimal) else 1.0


def wrap_long_names(frame: pl.DataFrame, column: str) -> pl.DataFrame:
    """Long names on several lines, which an axis of names shows as such; Chinese ones may break after a comma."""
    width = language.by_language(20, 36)
    lines = (textwrap.fill(name.replace("、", "、 "), width).replace("、 ", "、") for name in frame[column])
    return frame.with_columns(pl.Series(column, list(lines), dtype=pl.String))


def list_names(frame: pl.DataFrame, column: str) -> list[str]:
    """The different values of a column in the order of the rows."""
    return frame[column].unique(maintain_order=True).to_list()


def compute_height(bars: int) -> int:
    """The height in pixels of so many bars beside each other, with the space that Streamlit keeps under a chart."""
    return 24 * bars + 28
