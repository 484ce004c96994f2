"""Quotes of a text file that are never closed, or close rows later: they would swallow the rows between.

In a file whose quotes are in order, a line with an odd number of quotes opens a cell of several lines, or closes one.
"""

from collections.abc import Iterator

import numpy as np

from data.errors import InputError
from data.messages.catalogue import bilingual

QUOTE, LINE_END = ord('"'), ord("\n")
PIECE = 1 << 22
NARROW = 3
"""Fewer columns have too few separators to tell a record from a line of prose."""


def check_quotes(name: str, text: bytes, delimiter: str, width: int) -> None:
    """Raises InputError with the line on which a quote opens that is never closed, or that swallows records.

    `width`: the cells of a row. A line inside a quoted cell that has as many is a record, not a part of the cell.
    """
    odd = iter(_find_odd_lines(text))
    separator = delimiter.encode()
    for number, start in odd:
        if not _ends_inside_quotes(_read_line(text, start), separator):
            continue  # a quote inside an unquoted cell: 5" pipe
        closing = next(odd, None)
        if closing is None:
            raise InputError(bilingual("files.quote_never_closed", name=name, line=number))
        if width >= NARROW and _swallows_records(text, start, closing[1], separator, width):
            raise InputError(bilingual("files.quote_swallows_rows", name=name, line=number, last=closing[0]))


def _find_odd_lines(text: bytes) -> Iterator[tuple[int, int]]:
    """(number from 1, place) of the lines with an odd number of quotes, piece by piece of whole lines."""
    begin, number = 0, 1
    while begin < len(text):
        end = text.rfind(b"\n", begin, begin + PIECE) + 1 or text.find(b"\n", begin) + 1 or len(text)
        if text.find(b'"', begin, end) < 0:
            number += text.count(b"\n", begin, end)
        else:
            piece = np.frombuffer(text, np.uint8, end - begin, begin)
            starts = np.concatenate(([0], np.flatnonzero(piece == LINE_END) + 1))
            starts = starts[starts < len(piece)]
            counts = np.add.reduceat(piece == QUOTE, starts, dtype=np.uint32)
            for at in np.flatnonzero(counts % 2):
                yield number + int(at), begin + int(starts[at])
            number += len(starts)
        begin = end


def _read_line(text: bytes, start: int) -> bytes:
    end = text.find(b"\n", start)
    return text[start : end if end >= 0 else len(text)]


def _ends_inside_quotes(line: bytes, separator: bytes) -> bool:
    """Whether a line that begins outside quotes ends inside them: a cell begins with a quote that does not close."""
    at = 0
    while True:
        if line[at : at + 1] == b'"':
            at = _find_closing_quote(line, at + 1)
            if at < 0:
                return True
        following = line.find(separator, at)
        if following < 0:
            return False
        at = following + len(separator)


def _find_closing_quote(line: bytes, at: int) -> int:
    """The place behind the closing quote of a cell; -1 where there is none. Two quotes are one of the text."""
    while (quote := line.find(b'"', at)) >= 0:
        if line[quote + 1 : quote + 2] != b'"':
            return quote + 1
        at = quote + 2
    return -1


def _swallows_records(text: bytes, start: int, closing: int, separator: bytes, width: int) -> bool:
    """Whether lines of a quoted cell are records: one between its first and its last, or both of these."""
    first = _read_line(text, start)
    ends = [first, _read_line(text, closing)]
    if all(line.count(separator) == width - 1 for line in ends):
        return True
    at = start + len(first) + 1
    while at < closing:
        line = _read_line(text, at)
        if line.count(separator) == width - 1:
            return True
        at += len(line) + 1
    return False
