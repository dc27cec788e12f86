"""The characters of a .reg text: which encoding its bytes have, and a window that slides over them."""

from __future__ import annotations

import codecs
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from iiscluster_kb.errors import EvidenceError

if TYPE_CHECKING:
    import mmap
    from collections.abc import Callable

__all__ = ["CodePage", "Encoding", "Window", "detect_encoding"]

_CHUNK = 1 << 20
_LONGEST_ENTRY = 1 << 25
"""Characters. They spell 11 MB; a value of the registry is a tenth of that at most."""
_BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)


class CodePage:
    """An ANSI code page as Windows reads it."""

    def __init__(self, name: str) -> None:
        """Look the code page up.

        Raises:
            LookupError: Python knows no codec of that name.
        """
        self.name = name
        self.table = _single_byte_table(name)

    def decode(self, data: bytes) -> str | None:
        """The text, or None where the bytes are none in this code page."""
        if self.table is not None:
            return codecs.charmap_decode(data, "strict", self.table)[0]
        try:
            return data.decode(self.name)
        except UnicodeDecodeError:
            return None


@lru_cache(maxsize=8)
def _single_byte_table(name: str) -> str | None:
    # A code page of several bytes a character joins some of the 256 and so gives fewer.
    every_byte = bytes(range(256))
    if codecs.lookup(name).name == "utf-8" or len(every_byte.decode(name, "replace")) != len(every_byte):
        return None
    # MultiByteToWideChar gives a byte that the code page leaves undefined (0x81 of 1252) the character
    # of the same number; Python's codecs refuse it.
    return "".join(
        decoded if (decoded := bytes([byte]).decode(name, "replace")) != "\ufffd" else chr(byte)
        for byte in every_byte
    )


@dataclass(frozen=True, slots=True)
class Encoding:
    """How the bytes of a text are to be read."""

    name: str
    start: int = 0
    """Bytes of the byte-order mark."""
    lossy: bool = False
    """Whether undecodable bytes become U+FFFD, because nothing else is known of them."""

    @property
    def is_wide(self) -> bool:
        """Whether it is UTF-16 in either order."""
        return self.name.startswith("utf-16")


def detect_encoding(data: bytes | mmap.mmap, code_page: CodePage | None = None) -> Encoding:
    """Tell the encoding by its mark, by the zero bytes of UTF-16, or by what the bytes are valid as.

    Args:
        data: The text, or its beginning.
        code_page: What bytes are read as that are neither ASCII nor UTF-8; None: do not look further
            than the first characters, and call all that is not UTF-16 ``utf-8``.
    """
    head = bytes(data[:4])
    for mark, name in _BOMS:
        if head.startswith(mark):
            lossy = name == "utf-8" and code_page is not None and _utf8_name(data) is None
            return Encoding(name, len(mark), lossy)
    match list(head[:2]):
        case [first, 0] if first:
            return Encoding("utf-16-le")
        case [0, second] if second:
            return Encoding("utf-16-be")
    if code_page is None:
        return Encoding("utf-8")
    if (valid_as := _utf8_name(data)) is not None:
        return Encoding(valid_as)
    return Encoding(code_page.name, lossy=code_page.table is None)


def _utf8_name(data: bytes | mmap.mmap) -> str | None:
    """``ascii``, ``utf-8``, or None for neither."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    ascii_only = True
    try:
        for start in range(0, len(data), _CHUNK):
            chunk = data[start : start + _CHUNK]
            ascii_only = ascii_only and chunk.isascii()
            decoder.decode(chunk)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return None
    return "ascii" if ascii_only else "utf-8"


def _decoder(encoding: Encoding, code_page: CodePage) -> Callable[[bytes, bool], str]:
    if encoding.name == code_page.name and (table := code_page.table) is not None:
        return lambda chunk, _final: codecs.charmap_decode(chunk, "strict", table)[0]
    # Registry names and data are 16-bit units, not always valid UTF-16: surrogatepass keeps them.
    errors = "surrogatepass" if encoding.is_wide else "replace"
    return codecs.getincrementaldecoder(encoding.name)(errors).decode


class Window:
    """A stretch of decoded text that slides over the bytes, so that a file is never decoded as a whole."""

    __slots__ = ("_data", "_decode", "_name", "_newline", "_next", "_stop", "line", "position", "text")

    def __init__(
        self,
        data: bytes | mmap.mmap,
        encoding: Encoding,
        code_page: CodePage,
        name: str,
        newline: str,
    ) -> None:
        """Begin behind the byte-order mark; ``newline`` is the character that ends (or helps end) lines."""
        self._data = data
        self._decode = _decoder(encoding, code_page)
        self._name = name
        self._next = encoding.start
        # Half a UTF-16 unit at the end is no character.
        self._stop = len(data) - (len(data) - encoding.start) % 2 if encoding.is_wide else len(data)
        self.text = ""
        self.position = 0
        self.line = 1
        self._newline = newline

    def grow(self) -> bool:
        """Drop what lies behind the position and take in more; False: there is no more.

        Raises:
            EvidenceError: The entry at the position is longer than any value.
        """
        if self._next >= self._stop:
            return False
        kept = len(self.text) - self.position
        if kept > _LONGEST_ENTRY:
            raise EvidenceError(self._name, f"line {self.line}: an entry of more than {kept} characters")
        # Doubling keeps the cost of one long entry in proportion to its length.
        end = min(self._next + max(_CHUNK, 2 * kept), self._stop)
        more = self._decode(self._data[self._next : end], end >= self._stop)
        self.text = self.text[self.position :] + more
        self.position = 0
        self._next = end
        return True

    def advance(self, end: int) -> None:
        """Step over the text up to ``end`` and count its lines."""
        self.line += self.text.count(self._newline, self.position, end)
        self.position = end
