"""What commands print: one JSON object, or a text."""

import json
from decimal import Decimal


def format_json(content: object) -> str:
    """The JSON of both command lines: indented, Chinese as it is, and dates, decimals and paths as text."""
    return json.dumps(content, ensure_ascii=False, indent=1, default=str)


def print_json(content: object) -> None:
    print(format_json(content))


def print_result(content: object, text: str, *, as_json: bool) -> None:
    """Prints the content as JSON where that was asked for, else the text."""
    print(format_json(content) if as_json else text)


def decimals_to_floats(value: object) -> object:
    """The same content with decimals as numbers, also inside dicts and lists."""
    if isinstance(value, dict):
        return {name: decimals_to_floats(part) for name, part in value.items()}
    if isinstance(value, list):
        return [decimals_to_floats(part) for part in value]
    return float(value) if isinstance(value, Decimal) else value
