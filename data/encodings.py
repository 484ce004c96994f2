"""Bytes of a text file to UTF-8. An encoding is proved by decoding the whole file, never assumed."""

import codecs
import re

from data.errors import InputError

UTF16 = {codecs.BOM_UTF16_LE: "utf-16-le", codecs.BOM_UTF16_BE: "utf-16-be"}
CONTROL = re.compile(rb"[\x00-\x08\x0e-\x1f\x7f]")
TEXT = bytes(byte for byte in range(256) if not CONTROL.match(bytes([byte])))
DOS_END = b"\x1a"


def to_utf8(name: str, content: bytes) -> tuple[bytes, str]:
    """UTF-8 text without byte-order mark, and the name of the encoding found. Raises InputError."""
    text, encoding = _decode(name, content.rstrip(DOS_END))
    if text.translate(None, TEXT):
        raise _not_text(name, text)
    if b"\r" in text and b"\n" not in text:
        text = text.replace(b"\r", b"\n")
    return text, encoding


def _not_text(name: str, text: bytes) -> InputError:
    start = next(CONTROL.finditer(text)).start()
    line = text.count(b"\n", 0, start) + 1
    return InputError(
        f"{name} is not a text file: byte {start} (line {line}) is a control character. "
        "Give a CSV in UTF-8 or GB18030, or an XLSX workbook."
    )


def _decode(name: str, content: bytes) -> tuple[bytes, str]:
    for mark, encoding in UTF16.items():
        if content.startswith(mark):
            return _transcode(name, content[2:], encoding), "utf-16"
    if content.startswith(codecs.BOM_UTF8):
        return _transcode(name, content[3:], "utf-8"), "utf-8-sig"
    if content.isascii():
        return content, "utf-8"
    try:
        content.decode("utf-8")
    except UnicodeDecodeError as error:
        return _transcode(name, content, "gb18030", error.start), "gb18030"
    return content, "utf-8"


def _transcode(name: str, content: bytes, encoding: str, tried: int = 0) -> bytes:
    """`tried`: how far another encoding came; the message names the byte that stopped the better of the two."""
    try:
        return content.decode(encoding).encode("utf-8")
    except UnicodeError as error:
        start = max(getattr(error, "start", 0), tried)
        line = content.count(b"\n", 0, start) + 1
        raise InputError(
            f"{name} is in no encoding known here (UTF-8, GB18030, UTF-16): byte {start} (line {line}) fits none. "
            "Save it as UTF-8 and try again."
        ) from error
