"""Short amounts: separators, units, and decimals that line up."""

import pytest

from pages.ui.i18n import language, numbers

SHORT_AMOUNTS = {
    0: ("0元", "0"),
    4_393: ("4,393元", "4.39K"),
    9_999.6: ("1万元", "10K"),
    13_500: ("1.35万元", "13.5K"),
    200_600: ("20.06万元", "200.6K"),
    -2_000_000: ("-200万元", "-2M"),
    86_700_000: ("8,670万元", "86.7M"),
    99_999_999: ("1.00亿元", "100M"),
    530_000_000: ("5.30亿元", "530M"),
    2_924_000_000: ("29.24亿元", "2.92B"),
    3_000_000_000: ("30.00亿元", "3.00B"),
    999_960_000: ("10.00亿元", "1.00B"),
}


@pytest.mark.parametrize(("value", "texts"), SHORT_AMOUNTS.items())
def test_a_short_amount(value, texts):
    for code, text in zip(("zh", "en"), texts, strict=True):
        with language.use_language(code):
            assert numbers.format_compact_amount(value) == text


def test_only_yuan_are_called_yuan():
    with language.use_language("zh"):
        numbers.use_currency("USD")
        try:
            assert numbers.format_compact_amount(86_700_000) == "8,670万"
        finally:
            numbers.use_currency(numbers.YUAN)
