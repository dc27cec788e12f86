"""Bytes of text evidence to text, whatever program wrote it and in whatever code page.

A listing carries no word about its encoding, so it is told in this order, the surest first:

1. a byte order mark;
2. NUL in every other byte: UTF-16 without a mark, as ``cmd /u`` redirects it;
3. ASCII alone;
4. UTF-8, where the whole is valid UTF-8 (a character cut off by the end of the file does not count);
5. one of the code pages 850, 437 and 1252, by what each makes of the words that hold other than ASCII.

For 5, each different word is read in all three. A Latin letter whose case fits its neighbours speaks for a
code page, a capital behind a small letter against it, a symbol amid letters strongly against it. The
no-break space between digits, a thousands separator, is 0xFF in the OEM code pages and 0xA0 in 1252. On a
tie the OEM code page wins, since a console writes in it; 850 before 437, which has the same Latin letters
in the same places, only fewer of them. A text with lines that ``tree`` drew is in an OEM code page.
"""

from __future__ import annotations

import codecs
import re
from collections import Counter
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import mmap
    from collections.abc import Iterable, Iterator

__all__ = ["TEXT_LIMIT", "Decoded", "decode", "lines", "looks_like_text"]

TEXT_LIMIT = 1 << 27
"""Bytes that are decoded at most. A listing of a million lines has half as many."""

_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_WIDE_MARKS = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_SAMPLE = 4096
_WORDS = 1 << 16
_LONGEST_CUT = 3
"""Bytes that the end of a file can leave of a UTF-8 character."""
_OEM_CODE_PAGES = ("cp850", "cp437")
_CODE_PAGES = (*_OEM_CODE_PAGES, "cp1252")
_DRAWN = re.compile(rb"[\xc3\xc0]\xc4{3}")
"""A fork or a corner, and the line to the name, as ``tree`` draws them; in 1252 capitals with accents."""
_WITHOUT_FRAMES = bytes.maketrans(b"\xb3\xc0\xc3\xc4", b"    ")
_WORD = re.compile(rb"[\x80-\xff][A-Za-z\x80-\xff]{0,32}")
_LETTERS_BEFORE = re.compile(rb"[A-Za-z]*\Z")
_LETTERS_THAT_COUNT = 8
_SEPARATOR = re.compile(rb"(?<=[0-9])[\xa0\xff](?=[0-9]{3})")
_SEPARATOR_OF = {"cp850": b"\xff", "cp437": b"\xff", "cp1252": b"\xa0"}
_LAST_LATIN = "\u017f"
_NEUTRAL = frozenset("’‘“”–—…«»°©®·´¨ªº\xa0")  # noqa: RUF001 - the very characters that typesetters write
_FRAMES = frozenset(map(chr, range(0x2500, 0x25A0)))
_CONTROL = re.compile("[\x00-\x08\x0b\x0e-\x19\x1c-\x1f\x7f]")
_CONTROL_BYTE = re.compile(_CONTROL.pattern.encode("ascii"))
_HEAD = 8192
_CHUNK = 1 << 20


@dataclass(frozen=True, slots=True)
class Decoded:
    """Text, and what its bytes were taken for."""

    text: str
    encoding: str
    """``ascii``, ``utf-8``, ``utf-16-le``, ``utf-16-be``, ``cp850``, ``cp437`` or ``cp1252``."""


def decode(data: bytes | mmap.mmap) -> Decoded:
    """Turn bytes into text. Never raises; what has no meaning becomes U+FFFD.

    Only the first ``TEXT_LIMIT`` bytes are read; the caller compares sizes.
    """
    raw = data[:TEXT_LIMIT]
    return _decoded_head(raw) if len(raw) <= _HEAD else _decoded(raw)


def _decoded(raw: bytes) -> Decoded:
    for mark, encoding in _MARKS:
        if raw.startswith(mark):
            return Decoded(_unmarked(raw[len(mark) :], encoding), encoding)
    if wide := _wide(raw):
        return Decoded(_unmarked(raw, wide), wide)
    if raw.isascii():
        return Decoded(raw.decode("ascii"), "ascii")
    if (text := _utf_8(raw)) is not None:
        return Decoded(text, "utf-8")
    encoding = _code_page(raw)
    return Decoded(raw.decode(encoding, "replace"), encoding)


_decoded_head = lru_cache(maxsize=8)(_decoded)
"""Every format of text looks at the same head, one after the other."""


def _unmarked(raw: bytes, encoding: str) -> str:
    # A decoder that is not told that the input ends keeps back the unit that the end cut off.
    return codecs.getincrementaldecoder(encoding)("replace").decode(raw)


def _wide(raw: bytes) -> str | None:
    sample = raw[:_SAMPLE]
    pairs = len(sample) // 2
    even, odd = sample[: pairs * 2 : 2].count(0), sample[1 : pairs * 2 : 2].count(0)
    if odd * 2 > pairs and even * 20 <= pairs:
        return "utf-16-le"
    if even * 2 > pairs and odd * 20 <= pairs:
        return "utf-16-be"
    return None


def _utf_8(raw: bytes) -> str | None:
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError as error:
        if error.reason == "unexpected end of data" and len(raw) - error.start <= _LONGEST_CUT:
            return raw[: error.start].decode("utf-8")
        return None


def _code_page(raw: bytes) -> str:
    encodings: tuple[str, ...] = _CODE_PAGES
    if _DRAWN.search(raw):
        raw, encodings = raw.translate(_WITHOUT_FRAMES), _OEM_CODE_PAGES
    words: Counter[bytes] = Counter()
    for match in islice(_WORD.finditer(raw), _WORDS):
        start = match.start()
        before = _LETTERS_BEFORE.search(raw[max(0, start - _LETTERS_THAT_COUNT) : start])
        words[(before[0] if before else b"") + match[0]] += 1
    separators = Counter(match.group() for match in _SEPARATOR.finditer(raw[: _SAMPLE * 64]))
    for separator in separators:
        words.pop(separator, None)

    def plausibility(encoding: str) -> int:
        return _fitting(words, encoding) + 2 * separators[_SEPARATOR_OF[encoding]]

    return max(encodings, key=plausibility)


def _fitting(words: Iterable[bytes], encoding: str) -> int:
    return sum(
        _fit(word, place)
        for word in (raw.decode(encoding, "replace") for raw in words)
        for place, character in enumerate(word)
        if not character.isascii()
    )


def _fit(word: str, place: int) -> int:
    """How well a character that is not ASCII stands in its word."""
    character = word[place]
    if character in _NEUTRAL:
        return 0
    before, after = word[place - 1 : place] if place else "", word[place + 1 : place + 2]
    if not character.isalpha() or character > _LAST_LATIN:
        # Frames are drawn beside frames.
        return 0 if character in _FRAMES and not before.isalpha() and not after.isalpha() else -2
    if character.isupper():
        return -1 if before.islower() else 1
    return -1 if before.isupper() and after.isupper() else 1


@lru_cache(maxsize=2)  # every format of text asks it of the same head, one after the other
def looks_like_text(head: bytes) -> bool:
    """Whether a file that begins with these bytes can be text at all."""
    if _wide(head) or head.startswith(_WIDE_MARKS):
        return not _CONTROL.search(decode(head).text.rstrip("\x1a"))
    # In all other encodings a control character is the byte of its number, and no byte of another one.
    return bool(head) and not _CONTROL_BYTE.search(head.rstrip(b"\x1a"))


def lines(text: str) -> Iterator[tuple[int, str, bool]]:
    """Number, content and whether it is ended, of each line; CR before the end is left out."""
    number, start, size = 0, 0, len(text)
    while start < size:
        stop = text.rfind("\n", start, start + _CHUNK) + 1 or text.find("\n", start) + 1
        if not stop:
            yield number + 1, text[start:], False
            return
        for number, line in enumerate(text[start : stop - 1].split("\n"), number + 1):  # noqa: B020 - the count goes on
            yield number, line.rstrip("\r"), True
        start = stop
