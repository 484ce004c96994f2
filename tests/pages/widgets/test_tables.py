"""Tables: columns as wide as what stands in them, columns without anything left out, words for who cannot see them."""

import polars as pl
import pytest

from pages.ui.widgets import column_widths, tables


@pytest.mark.parametrize(
    ("narrow", "wide", "kind"),
    [
        (["ab"], ["ab", "abc"], "text"),
        (["abcd"], ["甲乙丙丁"], "text"),
        (["ministry of finance"], ["MINISTRY OF FINANCE"], "text"),
        (["o" * 8], ["0" * 8], "text"),
        ([5.0], [5.0, -5.0], "amount"),
        ([None], [1_000_000.0], "amount"),
        ([0.5], [10.0], "share"),
    ],
)
def test_a_column_is_as_wide_as_its_widest_value_needs(narrow, wide, kind):
    first, second = (column_widths.compute_width(pl.Series("x", values), kind, "") for values in (narrow, wide))
    assert first < second


def test_the_widest_is_found_wherever_it_stands():
    names = [f"{n}" for n in range(3_000)]
    names[2_500] = "the only long one"
    found, alone = (column_widths.compute_width(pl.Series(held), "text", "") for held in (names, names[2_500:2_501]))
    assert found == alone


def test_a_head_is_never_cut_and_a_long_text_pushes_nothing_aside():
    assert column_widths.compute_width(pl.Series("x", ["a"]), "text", "What is required") > 100
    assert column_widths.compute_width(pl.Series("x", ["a" * 500]), "text", "") == column_widths.MAX_TEXT_WIDTH
    assert column_widths.compute_width(pl.Series("x", [], dtype=pl.String), "text", "") < 30


def test_columns_without_anything_are_left_out():
    frame = pl.DataFrame({"a": [1, None], "b": [None, None]}, schema={"a": pl.Int64, "b": pl.String})
    assert tables.find_non_empty_columns(frame, {"a": "count", "b": "text"}) == {"a": "count"}
