"""Why readers of hives differ: each kind of difference with its explanation and the sign that recognises it.

What no sign recognises is unexplained.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import _hive_signs as signs

if TYPE_CHECKING:
    from collections.abc import Callable

    from _comparing import Difference
    from _hive_signs import Evidence

__all__ = ["KINDS", "Kind", "kind_of"]

REGIPY = ("regipy", "regipy + regipy-rs")


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of difference that is understood."""

    name: str
    peers: tuple[str, ...]
    what: tuple[str, ...]
    right: str
    why: str
    section: str
    """Of the format specification (msuhanov/regf)."""
    holds: Callable[[Difference, Evidence], bool]


def kind_of(difference: Difference, evidence: Evidence) -> Kind | None:
    """The first kind that recognises a difference; None: it is unexplained."""
    for kind in KINDS:
        if (
            difference.peer in kind.peers
            and difference.what in kind.what
            and kind.holds(difference, evidence)
        ):
            return kind
    return None


ALL = ("python-registry", *REGIPY, "dissect.regf", "libregf-python", "hivex")
KINDS = (
    Kind(
        "a time rounded",
        ("python-registry", "dissect.regf"),
        ("time",),
        "ours",
        "A FILETIME counts 100 ns in 64 bits; they compute it in a double, which has 53, and are up to 3 µs off.",
        "Key node (last written timestamp)",
        signs.rounded,
    ),
    Kind(
        "version 1.1 not known",
        ALL,
        ("refused", "key name", "time", "key missing", "value missing"),
        "ours",
        "In version 1.1 (Windows NT 3.1) a cell's head has a second number; they look for the record four bytes too "
        "early. hivex refuses, python-registry, regipy and dissect.regf raise, regipy-rs reads a root that is none.",
        "Base block (minor version); Cell",
        signs.old_version,
    ),
    Kind(
        "the root looked for in the first cell",
        REGIPY,
        ("refused", "key name", "time", "key missing", "value missing"),
        "ours",
        "They take the first cell of the first bin for the root key; where it lies stands in the base block.",
        "Base block (root cell offset)",
        signs.first_cell,
    ),
    Kind(
        "a hive refused for its checksum",
        ("libregf-python", "hivex"),
        ("refused",),
        "both",
        "The base block's checksum is wrong. They give nothing; ours reads on and says `checksum_matches == False`.",
        "Base block (checksum)",
        signs.wrong_checksum,
    ),
    Kind(
        "a damaged hive refused whole",
        ("libregf-python", "hivex"),
        ("refused",),
        "ours",
        "One record on the way is damaged and they give nothing; ours gives what is sound and names the rest.",
        "Cell",
        signs.refused_damaged,
    ),
    Kind(
        "reading ends at the first damaged record",
        ALL,
        ("key missing", "value missing"),
        "ours",
        "A list has an entry that leads to no sound record. They raise there, and the sound entries behind it are "
        "lost; ours leaves out the one and names it.",
        "Index leaf, Fast leaf, Hash leaf; Key values list",
        signs.stopped,
    ),
    Kind(
        "a record that is not sound is given",
        ALL,
        ("key extra", "value extra"),
        "ours",
        "The cell is unallocated, shorter than its record or of another kind, or the data lies in such a cell. They "
        "give what bytes are there as a key or value; ours names the damage instead.",
        "Cell (size); Key node, Key value (signature)",
        signs.unsound,
    ),
    Kind(
        "a type cut to 12 bits",
        ("python-registry",),
        ("type",),
        "ours",
        "It masks the type with 0xFFF, to read DEVPROP types; two different types then look alike.",
        "Key value (data type)",
        signs.masked_type,
    ),
    Kind(
        "a type cut to 16 bits",
        REGIPY,
        ("type",),
        "ours",
        "They mask types above 0xFFFF0000, to read DEVPROP types.",
        "Key value (data type)",
        signs.low_bits,
    ),
    Kind(
        "four bytes given for fewer",
        ("python-registry",),
        ("data",),
        "ours",
        "Data of up to four bytes lies in the field of its offset; its size says how many count. It gives all four.",
        "Data size",
        signs.whole_field,
    ),
    Kind(
        "a short REG_MULTI_SZ given as empty",
        ("python-registry",),
        ("data",),
        "ours",
        "The data lies in the field of its offset, of which it takes no REG_MULTI_SZ.",
        "Data size",
        signs.empty_list,
    ),
    Kind(
        "an offset given for a REG_DWORD",
        ("python-registry",),
        ("data",),
        "ours",
        "The most significant bit of the size is clear, so the data lies in a cell; it gives the offset of the cell.",
        "Data size",
        signs.field_for_dword,
    ),
    Kind(
        "the type given for the data",
        ("python-registry",),
        ("data",),
        "ours",
        "It takes the field of the offset for a cell of its own, whose content then begins with the next field: for "
        "REG_DWORD_BIG_ENDIAN and REG_QWORD inside the value, and for short data that lies in a cell.",
        "Data size",
        signs.next_field,
    ),
    Kind(
        "letters beyond ASCII replaced",
        REGIPY,
        ("key name", "value name"),
        "ours",
        "A compressed name has one byte a character; Windows compresses all names up to U+00FF. They decode ASCII.",
        "Key node (flags); Key value (flags)",
        signs.cut_name,
    ),
    Kind(
        "the last string of a list lost",
        REGIPY,
        ("data",),
        "ours",
        "A REG_MULTI_SZ whose last string has no NUL: they leave that string out. The bytes are there, and what "
        "Windows' programs make of them is another question, which a raw reader leaves open.",
        "Data types",
        signs.unterminated,
    ),
    Kind(
        "a number made of bytes that do not count",
        REGIPY,
        ("data",),
        "ours",
        "A REG_DWORD or REG_QWORD of fewer than four bytes inside the value: they make a number of the whole field.",
        "Data size",
        signs.number,
    ),
    Kind(
        "data looked for elsewhere",
        REGIPY,
        ("data",),
        "ours",
        "Data inside the value, of a type that they do not decode: they take it for an offset and give bytes from there, "
        "up to 2 GB of them.",
        "Data size",
        signs.elsewhere,
    ),
    Kind(
        "text of single bytes decoded",
        REGIPY,
        ("data",),
        "theirs reads, ours gives bytes",
        "A REG_SZ with an odd number of bytes is no UTF-16; they try UTF-8. The bytes are the same.",
        "Data types",
        signs.eight_bits,
    ),
    Kind(
        "zeros given for short data",
        ("libregf-python",),
        ("data",),
        "ours",
        "Data of one to three bytes in the field of its offset: it gives zeros for them, or for the last of three.",
        "Data size",
        signs.resident_zeros,
    ),
    Kind(
        "the end of big data lost",
        ("libregf-python", "hivex"),
        ("data",),
        "ours",
        "Of the last segment they read up to seven bytes less than it holds. Windows leaves room in that cell; "
        "where a writer leaves none, as the tests' does, the end of the data is lost.",
        "Big data; Cell (size)",
        signs.tight_segment,
    ),
    Kind(
        "text cut at a NUL",
        ("libregf-python",),
        ("data",),
        "ours",
        "Its raw data of REG_SZ and REG_EXPAND_SZ ends at the first NUL; the size says more.",
        "Data size",
        signs.first_string,
    ),
    Kind(
        "a big data record given for the data",
        ("dissect.regf", "libregf-python"),
        ("data",),
        "ours",
        "They look for big data from version 1.5 on; it is used where the minor version is greater than 3.",
        "Big data",
        signs.record_given,
    ),
)
