"""DMN unary tests: what a key cell of a limit table may say, read as a set of values that SQL and the linter share.

Numbers and dates: `12`, `<= 12`, `(12..60]`, `]12..60[`, joined by commas. Codes and booleans: `mortgage, pledge`, a
text with commas in quotes. `not(…)` takes all others, `-` takes anything, the unknown too. `null` is DMN's, not ours:
what is unknown is never judged, so no row may match it.
"""

import re
from collections.abc import Callable
from datetime import date
from decimal import Decimal

from data.messages.catalogue import BilingualText, bilingual, term
from policy.decision_tables.intervals import Interval, Value, complement, sample_value
from policy.decision_tables.key_cells import KEY_KINDS, KeyCell

MOST_CHARACTERS = 20_000
NUMBER = re.compile(r"[+-]?(0|[1-9][0-9]*)(\.[0-9]+)?\Z", re.ASCII)
DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}\Z", re.ASCII)
DATE_LITERAL = re.compile(r'(?:date\(\s*"([^"]*)"\s*\)|@"([^"]*)")\Z')
THOUSANDS = re.compile(r"(?<![\w.])[1-9][0-9]{0,2}(,[0-9]{3})+(?![\w,])", re.ASCII)
RANGE = re.compile(r"([\[(\]])\s*(.+?)\s*\.\.\s*(.+?)\s*([\])\[])\Z", re.DOTALL)
COMPARISON = re.compile(r"(<=|>=|<|>|!=|=)\s*(.*)\Z", re.DOTALL)
NEGATION = re.compile(r"not\s*\((.*)\)\Z", re.DOTALL)
FUNCTION_CALL = re.compile(r"[A-Za-z_][\w ]*\(")
FULL_WIDTH = dict(zip("，（）“”＜＞＝［］－；", ',()""<>=[]-,', strict=True))


class UnaryTestError(Exception):
    """The cell is not a unary test of its column's type; `fix` says what to write instead."""

    def __init__(self, message: BilingualText, fix: BilingualText | None = None) -> None:
        self.full_message, self.fix = message, fix or bilingual("common.correct_cell")
        super().__init__(message)


def parse(text: str, kind: str) -> KeyCell:
    """One key cell; `kind` is number, date, boolean or text. Raises UnaryTestError."""
    if kind not in KEY_KINDS:
        raise UnaryTestError(
            bilingual("decision_tables.kind_not_a_key", kind=term(kind)),
            bilingual("decision_tables.key_columns", known=", ".join(KEY_KINDS)),
        )
    text = text.strip()
    if text in ("-", ""):
        return KeyCell(kind, accepts_all=True)
    if len(text) > MOST_CHARACTERS:
        raise UnaryTestError(
            bilingual("decision_tables.longer_characters", MOST_CHARACTERS=MOST_CHARACTERS),
            bilingual("decision_tables.split_row"),
        )
    negation = NEGATION.match(text)
    inner = negation.group(1) if negation else text
    if kind in _ORDERED_PARSERS and (thousands := THOUSANDS.search(inner)):
        fix = bilingual("decision_tables.write_two_values_take", value=thousands.group().replace(",", ""))
        raise UnaryTestError(bilingual("decision_tables.reads_several_numbers", value=thousands.group()), fix)
    parts = [_require_simple_part(part, text) for part in split_alternatives(inner)]
    if kind in _ORDERED_PARSERS:
        intervals = [_parse_interval(part, kind) for part in parts]
        accepted = tuple(complement(intervals) if negation else intervals)
        if not accepted:
            raise UnaryTestError(
                bilingual("decision_tables.accepts_no_value", text=text),
                bilingual("decision_tables.leave_value_remove_row"),
            )
        return KeyCell(kind, intervals=accepted)
    return _build_named_cell(kind, [_parse_name(part, kind) for part in parts], text, negated=bool(negation))


def _build_named_cell(kind: str, names: list[str], text: str, *, negated: bool) -> KeyCell:
    twice = sorted({name for name in names if names.count(name) > 1}) if len(names) < 1000 else []
    if twice:
        raise UnaryTestError(
            bilingual("decision_tables.repeated_value", value=twice[0], value2=text[:60]),
            bilingual("decision_tables.name_each_value_once"),
        )
    if kind == "boolean" and negated and len(names) == 2:
        raise UnaryTestError(
            bilingual("decision_tables.accepts_no_value", text=text),
            bilingual("decision_tables.leave_value_remove_row"),
        )
    return KeyCell(kind, values=frozenset(names), negated=negated)


def split_alternatives(text: str) -> list[str]:
    """The comma-joined parts; commas within quotes join nothing. Raises UnaryTestError."""
    parts, start, quoted, escaped = [], 0, False, False
    for at, character in enumerate(text):
        if quoted:
            quoted = escaped or character != '"'
            escaped = character == "\\" and not escaped
        elif character == '"':
            quoted = True
        elif character == ",":
            parts.append(text[start:at])
            start = at + 1
    if quoted:
        raise UnaryTestError(
            bilingual("decision_tables.quote_not_closed", value=text[:60]), bilingual("decision_tables.close_quote")
        )
    return [part.strip() for part in (*parts, text[start:])]


def _require_simple_part(part: str, whole: str) -> str:
    """One alternative, refused when it is more than a value, a comparison or a range."""
    if not part:
        raise UnaryTestError(
            bilingual("decision_tables.empty_part", value=whole[:60]),
            bilingual("decision_tables.remove_comma_name_value"),
        )
    if part.startswith('"'):
        return part
    if part == "null":
        fix = bilingual("decision_tables.use_is_null_in_scope")
        raise UnaryTestError(bilingual("decision_tables.null_not_a_value"), fix)
    if part == "-":
        raise UnaryTestError(
            bilingual("decision_tables.dash_with_others", value=whole[:60]),
            bilingual("decision_tables.write_dash_only"),
        )
    for wide, narrow in FULL_WIDTH.items():
        if wide in part:
            raise UnaryTestError(
                bilingual("decision_tables.full_width_sign", value=part[:60], wide=wide),
                bilingual("decision_tables.write_quote_text", narrow=narrow),
            )
    if NEGATION.match(part):
        raise UnaryTestError(
            bilingual("decision_tables.negation_inside_list", value=part[:60]),
            bilingual("decision_tables.not_encloses_whole_cell"),
        )
    if part.count("(") != part.count(")") and not RANGE.match(part):
        raise UnaryTestError(
            bilingual("decision_tables.unbalanced_bracket", value=part[:60]),
            bilingual("decision_tables.close_quote_text"),
        )
    if FUNCTION_CALL.match(part) and not DATE_LITERAL.match(part):
        fix = bilingual("decision_tables.key_cell_takes_values")
        raise UnaryTestError(bilingual("decision_tables.calls_function", value=part[:60]), fix)
    return part


def _parse_interval(text: str, kind: str) -> Interval:
    value = _ORDERED_PARSERS[kind]
    if match := RANGE.match(text):
        left, low, high, right = match.groups()
        interval = Interval(value(low), value(high), left != "[", right != "]")
        if sample_value(interval, discrete=False) is None:
            raise UnaryTestError(
                bilingual("decision_tables.empty_range", text=text),
                bilingual("decision_tables.put_smaller_bound_first"),
            )
        return interval
    if ".." in text:
        raise UnaryTestError(
            bilingual("decision_tables.not_a_range", value=text[:60]), bilingual("decision_tables.write_12_60_12")
        )
    if match := COMPARISON.match(text):
        sign = match.group(1)
        if sign in ("=", "!="):
            raise UnaryTestError(
                bilingual("decision_tables.sign_not_allowed", sign=sign),
                bilingual("decision_tables.write_value_itself_not"),
            )
        bound = value(match.group(2))
        if sign.startswith("<"):
            return Interval(high=bound, high_open=sign == "<")
        return Interval(low=bound, low_open=sign == ">")
    return Interval(value(text), value(text))


def _parse_number(text: str) -> Decimal:
    if not NUMBER.match(text):
        fix = (
            bilingual("decision_tables.write_0_7_70")
            if text.endswith("%")
            else bilingual("decision_tables.write_digits_point_12")
        )
        raise UnaryTestError(bilingual("decision_tables.not_a_number", value=text[:60]), fix)
    return Decimal(text)


def _parse_date(text: str) -> date:
    literal = DATE_LITERAL.match(text)
    day = (literal.group(1) or literal.group(2) or "") if literal else text
    try:
        if not DAY.match(day):
            raise ValueError
        return date.fromisoformat(day)
    except ValueError as error:
        raise UnaryTestError(
            bilingual("decision_tables.not_a_date", value=text[:60]), bilingual("decision_tables.write_2024_07_01")
        ) from error


_ORDERED_PARSERS: dict[str, Callable[[str], Value]] = {"number": _parse_number, "date": _parse_date}


def _parse_name(text: str, kind: str) -> str:
    if text.startswith('"') and kind == "text":
        return unquote_text(text)
    if kind == "boolean":
        if text not in ("true", "false"):
            raise UnaryTestError(
                bilingual("decision_tables.not_a_boolean", value=text[:60]),
                bilingual("decision_tables.write_true_false"),
            )
        return text
    if COMPARISON.match(text) or RANGE.match(text):
        raise UnaryTestError(
            bilingual("decision_tables.compares_codes_which_have", value=text[:60]),
            bilingual("decision_tables.name_codes_joined_commas"),
        )
    if '"' in text or "\0" in text:
        raise UnaryTestError(
            bilingual("decision_tables.contains_quote", value=text[:60]),
            bilingual("decision_tables.quote_whole_value_b"),
        )
    return text


def unquote_text(text: str) -> str:
    """The value of a quoted text, with \\" and \\\\ read as the characters they stand for."""
    match = re.fullmatch(r'"((?:[^"\\]|\\["\\])*)"', text, re.DOTALL)
    if match is None or "\0" in text:
        raise UnaryTestError(
            bilingual("decision_tables.not_quoted_text", value=text[:60]),
            bilingual("decision_tables.write_text_quote_inside"),
        )
    return re.sub(r'\\(["\\])', r"\1", match.group(1))


def quote_text(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def format_name(value: str) -> str:
    """A code as a cell writes it: plain, or in quotes where it would read as something else."""
    try:
        cell = parse(value, "text")
    except UnaryTestError:
        return quote_text(value)
    plainly = not cell.accepts_all and not cell.negated and cell.values == {value}
    return value if plainly else quote_text(value)
