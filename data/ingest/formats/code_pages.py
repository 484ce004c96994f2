"""Code page 936 as Windows has it: GB18030 (and so GBK), with the single byte 0x80 for the euro sign."""

import codecs

CODE_PAGE_936 = "gb18030"
EURO, EURO_BYTE = "€", 0x80
WITH_EURO = "loanlight_euro"
"""The name under which decoding knows what to do with the byte."""


def _decode_euro(error: UnicodeError) -> tuple[str, int]:
    """Only a byte 0x80 that begins a character; anything else stays an error."""
    if isinstance(error, UnicodeDecodeError) and error.object[error.start] == EURO_BYTE:
        return EURO, error.start + 1
    raise error


codecs.register_error(WITH_EURO, _decode_euro)


def decode_936(content: bytes) -> str:
    """Raises UnicodeDecodeError."""
    return content.decode(CODE_PAGE_936, errors=WITH_EURO)
