"""Bytes of a text file to UTF-8. An encoding is verified by decoding; lines not in the file's encoding are marked.

GB18030 takes nearly any bytes, so a file that decodes as such is searched for lines that are UTF-8 all the same.
"""

import codecs
import re
from collections.abc import Iterator

import numpy as np

from data.errors import InputError
from data.ingest.formats import code_pages
from data.messages.catalogue import bilingual

UTF16 = {codecs.BOM_UTF16_LE: "utf-16-le", codecs.BOM_UTF16_BE: "utf-16-be"}
FIELD_MARK = b"\x01"
"""Separates the fields of some regulatory files; no other control character occurs in a text file."""
CONTROL = re.compile(rb"[\x00\x02-\x08\x0e-\x1f\x7f]")
TEXT = bytes(byte for byte in range(256) if not CONTROL.match(bytes([byte])))
DOS_END = b"\x1a"
MISREAD_MARKER = "\uffff"
"""Inserted after the first character of a line that is not in the file's encoding; no text contains it."""
CHUNK = 1 << 22
UTF8_HANZI = re.compile(rb"(?:[\xe3-\xe9][\x80-\xbf][\x80-\xbf]){2}")
BEYOND_ASCII = re.compile(r"[^\x00-\x7f]")


def decode_to_utf8(name: str, content: bytes) -> tuple[bytes, str]:
    """UTF-8 text without byte-order mark, and the name of the encoding found. Raises InputError."""
    text, encoding = _detect_and_decode(name, content.rstrip(DOS_END) if content.endswith(DOS_END) else content)
    if text.translate(None, TEXT):
        raise _build_not_text_error(name, text)
    if b"\r" in text and b"\n" not in text:
        text = text.replace(b"\r", b"\n")
    return text, encoding


def _build_not_text_error(name: str, text: bytes) -> InputError:
    start = next(CONTROL.finditer(text)).start()
    line = text.count(b"\n", 0, start) + 1
    return InputError(bilingual("files.not_a_text_file", name=name, byte=start, line=line))


def _detect_and_decode(name: str, content: bytes) -> tuple[bytes, str]:
    for mark, encoding in UTF16.items():
        if content.startswith(mark):
            return _transcode_to_utf8(name, content[2:], encoding), "utf-16"
    if content.startswith(codecs.BOM_UTF8):
        body = content[3:]
        return (body if _can_decode(body, "utf-8") else _decode_by_line(name, body)[0]), "utf-8-sig"
    if content.isascii():
        return (_decode_utf16_without_bom(name, content) or content), "utf-16" if b"\x00" in content else "utf-8"
    if _can_decode(content, "utf-8"):
        return content, "utf-8"
    wide = _decode_utf16_without_bom(name, content)
    if wide is not None:
        return wide, "utf-16"
    try:
        text = content.decode("gb18030").encode()
    except UnicodeDecodeError:
        return _decode_by_line(name, content)
    return _decode_by_line(name, content) if _has_utf8_lines(content) else (text, "gb18030")


def _can_decode(content: bytes, encoding: str, errors: str = "strict") -> bool:
    try:
        content.decode(encoding, errors)
    except UnicodeDecodeError:
        return False
    return True


def _decode_utf16_without_bom(name: str, content: bytes) -> bytes | None:
    """UTF-16 without its mark: every line end is two bytes, and its zero byte shows the byte order."""
    for end, encoding in ((b"\n\x00", "utf-16-le"), (b"\x00\n", "utf-16-be")):
        if end in content and content.count(end) == content.count(b"\n") and content.count(b"\x00") * 20 > len(content):
            return _transcode_to_utf8(name, content, encoding)
    return None


def _transcode_to_utf8(name: str, content: bytes, encoding: str) -> bytes:
    try:
        return content.decode(encoding).encode("utf-8")
    except UnicodeError as error:
        raise _build_encoding_error(name, content, getattr(error, "start", 0)) from error


def _build_encoding_error(name: str, content: bytes, start: int) -> InputError:
    line = content.count(b"\n", 0, start) + 1
    return InputError(bilingual("files.unknown_encoding", name=name, byte=start, line=line))


def _has_utf8_lines(content: bytes) -> bool:
    """Whether a file that decodes as GB18030 has lines in UTF-8: two Chinese characters side by side in it."""
    for at in _find_hanzi_pairs(content):
        start, end = content.rfind(b"\n", 0, at) + 1, content.find(b"\n", at)
        if _can_decode(content[start : end if end >= 0 else None], "utf-8"):
            return True
    return False


def _find_hanzi_pairs(content: bytes) -> Iterator[int]:
    """Places of UTF8_HANZI, found by whole chunks: a pattern search would take longer than the import."""
    for begin in range(0, len(content), CHUNK):
        chunk = np.frombuffer(content, np.uint8, min(CHUNK + 5, len(content) - begin), begin)
        if len(chunk) < 6:
            return
        lead, follows = (chunk >= 0xE3) & (chunk <= 0xE9), (chunk & 0xC0) == 0x80
        pair = lead[:-5] & follows[1:-4] & follows[2:-3] & lead[3:-2] & follows[4:-1] & follows[5:]
        yield from (begin + int(at) for at in np.flatnonzero(pair))


def _decode_by_line(name: str, content: bytes) -> tuple[bytes, str]:
    """Each line in its own encoding; those not in the encoding of most lines are marked. Raises InputError."""
    lines = content.split(b"\n")
    kinds = [_detect_line_encoding(line) for line in lines]
    main = max(("utf-8", "gb18030"), key=kinds.count)
    if main not in kinds:
        raise _build_encoding_error(name, content, sum(len(line) + 1 for line in lines[: kinds.index("")]))
    texts = [
        _decode_line(line, main) if kind in ("ascii", main) else _mark_line(_decode_line(line, kind))
        for line, kind in zip(lines, kinds, strict=True)
    ]
    return "\n".join(texts).encode(), main


def _decode_line(line: bytes, kind: str) -> str:
    """`kind` as _detect_line_encoding found it; a line that fits no encoding is shown as UTF-8, as far as it is."""
    return line.decode(kind or "utf-8", code_pages.WITH_EURO if kind == "gb18030" else "replace")


def _detect_line_encoding(line: bytes) -> str:
    """ascii, utf-8, gb18030, or nothing where the line fits none. Short texts may be both: then GB18030.

    A line that fits neither as it stands may still be of code page 936, with its byte for the euro sign.
    """
    if line.isascii():
        return "ascii"
    if _can_decode(line, "utf-8") and (UTF8_HANZI.search(line) or not _can_decode(line, "gb18030")):
        return "utf-8"
    if _can_decode(line, "gb18030"):
        return "gb18030"
    has_euro = not UTF8_HANZI.search(line) and _can_decode(line, "gb18030", code_pages.WITH_EURO)
    return "gb18030" if has_euro else ""


def _mark_line(line: str) -> str:
    return BEYOND_ASCII.sub(lambda found: found[0] + MISREAD_MARKER, line, count=1)
