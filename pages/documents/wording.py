"""Amounts and days as they stand in a letter, in the letter's own language; what is not known is a line to fill in."""

from datetime import date
from decimal import Decimal

from babel.dates import format_date

BLANK = "________"
DIGITS = "零壹贰叁肆伍陆柒捌玖"
PLACES = ("", "拾", "佰", "仟")
GROUPS = ("", "万", "亿", "万亿")
YUAN = "CNY"
CURRENCY_SIGNS = {"zh": "人民币", "en": "CNY "}


def format_day(value: date | None, lang: str) -> str:
    if value is None:
        return BLANK
    return f"{value.year}年{value.month}月{value.day}日" if lang == "zh" else format_date(value, "d MMMM y", "en")


def format_money(value: Decimal | None, currency: str | None, lang: str) -> str:
    """人民币1,000,000.00元, CNY 1,000,000.00; another currency by its code, one not stated without any."""
    if value is None:
        return BLANK
    if currency == YUAN:
        return f"{CURRENCY_SIGNS[lang]}{value:,.2f}" + ("元" if lang == "zh" else "")
    return f"{currency or ''} {value:,.2f}".strip()


def spell_amount(value: Decimal | None, currency: str | None, lang: str) -> str | None:
    """The amount in the capitals of Chinese accounting (壹佰万元整); None where it cannot be written so."""
    if value is None or value < 0 or lang != "zh" or currency != YUAN:
        return None
    cents = int((value * 100).to_integral_value())
    yuan, small = divmod(cents, 100)
    jiao, fen = divmod(small, 10)
    if not small:
        return f"{_spell_number(yuan)}元整"
    head = f"{_spell_number(yuan)}元" if yuan else ""
    tail = (f"{DIGITS[jiao]}角" if jiao else "零" if yuan else "") + (f"{DIGITS[fen]}分" if fen else "整")
    return head + tail


def _spell_number(number: int) -> str:
    """A whole number in groups of four places; a run of noughts inside is read once."""
    if not number:
        return DIGITS[0]
    text, group = "", 0
    while number:
        number, part = divmod(number, 10_000)
        if part:
            link = DIGITS[0] if number and part < 1000 else ""
            text = link + _spell_group(part) + GROUPS[group] + text
        elif text and not text.startswith(DIGITS[0]):
            text = DIGITS[0] + text
        group += 1
    return text


def _spell_group(part: int) -> str:
    """Up to four places: 1005 is 壹仟零伍."""
    text, pending = "", False
    for place in range(3, -1, -1):
        digit = part // 10**place % 10
        if digit:
            text += (DIGITS[0] if pending and text else "") + DIGITS[digit] + PLACES[place]
            pending = False
        else:
            pending = True
    return text
