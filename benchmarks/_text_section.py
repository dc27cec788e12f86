""".reg text: what ours writes is imported by other programs, and what they export of it is read by ours again."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from _forms import FORMS, ROOT, Form
from _pages import table
from _text_programs import programs, read_back

from iiscluster_kb.errors import RemedyError
from iiscluster_kb.registry import HKLM, RegistryValue, ValueType
from iiscluster_kb.registry.reg_text import Dialect, ValueEntry, format_reg, parse_reg

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from _text_programs import Wine

__all__ = ["TEXT_KINDS", "TextComparison", "compare_texts"]

EXPORTS = ROOT / "../shared/corpus/reg_exports"
_TEXTS = {ValueType.REG_SZ, ValueType.REG_EXPAND_SZ}
_LISTS = {ValueType.REG_MULTI_SZ}
_WINE = ("Wine regedit", "Wine reg")
_LATIN = 0xFF


@dataclass(frozen=True, slots=True)
class TextKind:
    """A kind of difference that is understood."""

    name: str
    programs: tuple[str, ...]
    why: str
    holds: Callable[[Form, RegistryValue | None], bool]
    """The value that was written, and what came back."""


@dataclass(slots=True)
class TextComparison:
    """What came of it."""

    rows: list[list[object]] = field(default_factory=list)
    counts: Counter[tuple[str, str]] = field(default_factory=Counter)
    examples: dict[tuple[str, str], str] = field(default_factory=dict)
    declined: Counter[str] = field(default_factory=Counter)
    """Why ours writes a value in no form of a dialect."""
    unexplained: list[str] = field(default_factory=list)

    def add(
        self, program: str, how: str, forms: Sequence[Form], found: Sequence[RegistryValue | None]
    ) -> None:
        """Sort what one program gave back."""
        alike = 0
        for form, back in zip(forms, found, strict=True):
            if back == form.value:
                alike += 1
                continue
            for kind in TEXT_KINDS:
                if program in kind.programs and kind.holds(form, back):
                    self.counts[kind.name, program] += 1
                    self.examples.setdefault((kind.name, program), str(form))
                    break
            else:
                shown = "nothing" if back is None else f"type {back.type}, {back.data[:40].hex()}"
                self.unexplained.append(
                    f"{program}, {how}: {form}: {form.value.data[:40].hex()} gave {shown}"
                )
        self.rows.append([program, how, len(forms), alike])

    def markdown(self) -> str:
        """What was compared, what differs, and what ours declines to write."""
        kinds = [
            [kind.name, program, self.counts[kind.name, program], self.examples[kind.name, program], kind.why]
            for kind in TEXT_KINDS
            for program in kind.programs
            if self.counts[kind.name, program]
        ]
        return "\n\n".join(
            [
                table(["program", "text", "values", "come back the same"], self.rows, numbers=(2, 3)),
                table(["what differs", "program", "times", "for example", "why"], kinds, numbers=(2,)),
                "What ours declines to write, since importers would not agree on it:",
                table(["reason", "values"], sorted(self.declined.items()), numbers=(1,)),
            ]
        )


def compare_texts(folder: Path, wine: Wine | None) -> TextComparison:
    """Take every form through every program, and read the exports of the corpus."""
    result = TextComparison()
    writable: dict[Dialect, list[Form]] = {dialect: [] for dialect in Dialect}
    for dialect in Dialect:
        for form in FORMS:
            try:
                format_reg([ValueEntry(form.key, form.value)], dialect)
            except RemedyError as error:
                result.declined[f"{dialect}: {str(error).rpartition(': ')[2]}"] += 1
            else:
                writable[dialect].append(form)
    for program in programs(folder, wine):
        for dialect in program.dialects:
            found = read_back(program, writable[dialect], dialect)
            result.add(program.name, f"{dialect}, written by ours", writable[dialect], found)
    for program_name, path, forms in _exports():
        entries = parse_reg(path.read_bytes(), name=str(path)).entries
        values = {(e.key, e.value.name): e.value for e in entries if isinstance(e, ValueEntry)}
        back = [values.get((form.key, form.value.name)) for form in forms]
        result.add(program_name, f"{path.name} of the corpus", forms, back)
    return result


def _exports() -> Iterator[tuple[str, Path, list[Form]]]:
    """Exports that lie in the corpus, with what the exported tree held."""
    truth = EXPORTS / "ground_truth.json"
    if not truth.exists():
        return
    forms = [
        Form(
            HKLM / "Cluster" / row["key"], RegistryValue(row["name"], row["type"], bytes.fromhex(row["data"]))
        )
        for row in json.loads(truth.read_text("utf-8"))
        if row["name"] is not None
    ]
    yield "Wine regedit", EXPORTS / "wine_regedit_E_v5.reg", forms
    yield "hivexregedit", EXPORTS / "hivexregedit_default.reg", forms


def _text(data: bytes) -> str:
    return data.decode("utf-16-le", "surrogatepass") if len(data) % 2 == 0 else ""


def _bytes_as_letters(form: Form, back: RegistryValue | None) -> bool:
    if form.value.type not in _TEXTS or back is None:
        return False
    letters = _text(form.value.data).rstrip("\0").encode("utf-8", "replace").decode("latin-1")
    return back.data == (letters + "\0").encode("utf-16-le") != form.value.data


def _mixed(form: Form, back: RegistryValue | None) -> bool:
    names = form.value.name + "".join(form.key.parts)
    return back is None and any(ord(letter) > _LATIN for letter in names)


def _appended(form: Form, back: RegistryValue | None) -> bool:
    data = form.value.data
    if back is None or back.type != form.value.type or form.value.type not in _TEXTS | _LISTS:
        return False
    rest = back.data[len(data) :]
    return back.data.startswith(data) and 0 < len(rest) <= 3 and not rest.strip(b"\0")


def _up_to_nul(form: Form, back: RegistryValue | None) -> bool:
    first = _text(form.value.data).partition("\0")[0]
    return (
        form.value.type in _TEXTS
        and back is not None
        and back.data == (first + "\0").encode("utf-16-le", "surrogatepass")
    )


def _last_letter(form: Form, back: RegistryValue | None) -> bool:
    data = form.value.data
    unended = form.value.type in _TEXTS and data[-2:] != b"\0\0" and bool(data)
    return unended and back is not None and back.data == data[:-2] + b"\0\0"


def _four_bytes(form: Form, back: RegistryValue | None) -> bool:
    short = form.value.type == ValueType.REG_DWORD and len(form.value.data) < 4
    return short and back is not None and len(back.data) == 4 and back.data.startswith(form.value.data)


def _line_end(form: Form, back: RegistryValue | None) -> bool:
    held = form.value.name + (_text(form.value.data) if form.value.type in _TEXTS else "")
    if "\n" not in held:
        return False
    return back is None or _text(back.data) == _text(form.value.data).replace("\n", "n").replace("\r", "r")


def _odd(form: Form, back: RegistryValue | None) -> bool:
    return back is None and len(form.value.data) % 2 == 1 and form.value.type in _TEXTS | _LISTS


def _surrogate(form: Form, back: RegistryValue | None) -> bool:
    halves = any("\ud800" <= letter <= "\udfff" or letter > "\uffff" for letter in _text(form.value.data))
    return halves and form.value.type in _TEXTS and back is not None


def _own_names(form: Form, back: RegistryValue | None) -> bool:
    odd_name = form.value.name == "@" or "]" in form.key.name
    return back is None and (
        odd_name or any(ord(letter) > _LATIN for letter in form.value.name + form.key.name)
    )


TEXT_KINDS = (
    TextKind(
        "a NUL added",
        ("reged", *_WINE),
        "Its registry, or the quotes in which it exports a string that has none, append the NUL that is missing; ours "
        "wrote the bytes as hex, and keeps them.",
        _appended,
    ),
    TextKind(
        "text in quotes ends at its first NUL",
        ("reged", "Samba net registry", *_WINE),
        "Quotes hold a string; what lies behind its NUL has no form in them. The program exports the string all the "
        "same, where regedit and ours write hex(1).",
        _up_to_nul,
    ),
    TextKind(
        "the last letter taken for the NUL",
        _WINE,
        "It exports a string without its last character, which it takes for the NUL that is missing.",
        _last_letter,
    ),
    TextKind(
        "a number of fewer than four bytes made one of four",
        ("reged", *_WINE),
        "It exports each REG_DWORD as dword: with what lies behind the data in memory; ours writes hex(4).",
        _four_bytes,
    ),
    TextKind(
        "a line end escaped",
        _WINE,
        "It exports a line end as \\n, which regedit and other importers read as the letter n; ours reads regedit's "
        "form, and reports the line that it does not understand.",
        _line_end,
    ),
    TextKind(
        "an odd number of bytes",
        ("Samba net registry",),
        "It converts text from UTF-16 and stops the whole import where that fails.",
        _odd,
    ),
    TextKind(
        "the bytes of UTF-8 taken for letters",
        ("hivexregedit",),
        "Its import widens each byte of a string in quotes; what is not ASCII must be given to it as hex.",
        _bytes_as_letters,
    ),
    TextKind(
        "a name in UTF-8 among names in Latin-1",
        ("hivexregedit",),
        "Its export writes each string as Perl holds it, Latin-1 or UTF-8, into one text that is valid as neither.",
        _mixed,
    ),
    TextKind(
        "half a pair of UTF-16",
        ("reged",),
        "It converts unit by unit, so that a character beyond the first plane becomes two that are none.",
        _surrogate,
    ),
    TextKind(
        "a name that its own text cannot hold",
        ("reged",),
        "It takes @ in quotes for the unnamed value, ends a key at the first bracket, and knows Latin-1 names only.",
        _own_names,
    ),
)
