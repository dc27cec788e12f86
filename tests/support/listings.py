r"""A small generator of listings: what cmd, COMMAND.COM, PowerShell and fls print of a tree.

A tree is nested mappings: a name leads to a mapping (a directory), to a number (a file of so many bytes) or
to an ``Item``. The layouts follow printed listings in the Knowledge Base (Q137854, Q138548, Q159452, Q275490,
Q105473) and the fixed columns of cmd: a size ends 18 columns after the time, the name follows, under ``/x`` 13 later.

    dir_listing({"system32": {"inetsrv": {"iisclex4.dll": 65664}}}, style="nt4", root="C:\\WINNT")
"""

from __future__ import annotations

import csv
import io
from calendar import timegm
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, TypeAlias

from iiscluster_kb.model import CaseFile
from iiscluster_kb.registry import fold
from tests.support.evidence import Bytes

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

__all__ = [
    "STYLES",
    "WRITTEN",
    "Item",
    "Style",
    "Tree",
    "bodyfile",
    "case_file",
    "dir_listing",
    "directories",
    "entries",
    "file_csv",
]

WRITTEN = datetime(1999, 4, 29, 17, 4)  # noqa: DTZ001 - listings print local time without a zone
"""When every file was written that does not say."""


@dataclass(frozen=True, slots=True)
class Item:
    """A file, or with ``tree`` a directory, that has more than a size."""

    size: int = 0
    written: datetime = WRITTEN
    short: str | None = None
    tree: Tree | None = None
    tag: str | None = None
    """``JUNCTION``, ``SYMLINKD``: printed instead of ``DIR``; then ``target`` follows the name."""
    target: str | None = None
    version: str = ""


Tree: TypeAlias = "Mapping[str, int | Item | Tree]"


@dataclass(frozen=True, slots=True)
class Style:
    """How one Windows in one language prints."""

    date: str = "%m/%d/%Y"
    clock: str = "%I:%M %p"
    tag: str = "DIR"
    thousands: str = ","
    volume: str = " Volume in drive {drive} has no label."
    serial: str = " Volume Serial Number is 3C0A-17E5"
    header: str = " Directory of {path}"
    files: str = "{count:>16} File(s) {size:>14} bytes"
    free: str = "{count:>16} Dir(s)  {size:>14} bytes free"
    total: str = "     Total Files Listed:"
    counts_directories: bool = False
    """Whether the first footer counts every printed line, as Windows NT 4.0 does."""
    gap: int = 0
    """Extra spaces between time and size, which Windows NT 4.0 prints."""
    columns: bool = True
    """False: the layout of COMMAND.COM, short name first."""


STYLES: Mapping[str, Style] = {
    "nt4": Style(
        date="%m/%d/%y",
        clock="%I:%M{half}",
        files="{count:>16} File(s) {size:>14} bytes",
        free="{blank:>16}         {size:>14} bytes free",
        counts_directories=True,
        gap=4,
    ),
    "2000": Style(),
    "2000-24h": Style(date="%d/%m/%Y", clock="%H:%M"),
    "iso": Style(date="%Y-%m-%d", clock="%H:%M"),
    "swiss": Style(date="%d.%m.%Y", clock="%H:%M", thousands="'"),
    "german": Style(
        date="%d.%m.%Y",
        clock="%H:%M",
        thousands=".",
        volume=" Datenträger in Laufwerk {drive}: ist SYSTEM",
        serial=" Volumeseriennummer: 3C0A-17E5",
        header=" Verzeichnis von {path}",
        files="{count:>16} Datei(en), {size:>14} Bytes",
        free="{count:>16} Verzeichnis(se), {size:>14} Bytes frei",
        total="     Anzahl der angezeigten Dateien:",
    ),
    "german-nt4": Style(
        date="%d.%m.%y",
        clock="%H:%M",
        thousands=".",
        volume=" Datenträger in Laufwerk {drive}: hat keine Bezeichnung",
        serial=" Datenträgernummer: 3C0A-17E5",
        header=" Verzeichnis von {path}",
        files="{count:>16} Datei(en) {size:>14} Bytes",
        free="{blank:>16}           {size:>14} Bytes frei",
        total="     Anzahl der aufgelisteten Dateien:",
        counts_directories=True,
        gap=4,
    ),
    "french": Style(
        date="%d/%m/%Y",
        clock="%H:%M",
        tag="REP",
        thousands="\xa0",
        volume=" Le volume dans le lecteur {drive} n'a pas de nom.",
        serial=" Le numéro de série du volume est 3C0A-17E5",
        header=" Répertoire de {path}",
        files="{count:>16} fichier(s) {size:>16} octets",
        free="{count:>16} Rép(s)  {size:>14} octets libres",
        total="     Total des fichiers listés :",
    ),
    "french-spaces": Style(
        date="%d/%m/%Y",
        clock="%H:%M",
        thousands=" ",
        header=" Répertoire de {path}",
        files="{count:>16} fichier(s) {size:>16} octets",
        free="{count:>16} Rép(s)  {size:>14} octets libres",
    ),
    "spanish": Style(
        date="%d/%m/%y",
        clock="%H:%M",
        thousands=".",
        volume=" El volumen de la unidad {drive} no tiene etiqueta.",
        serial=" El número de serie del volumen es: 3C0A-17E5",
        header=" Directorio de {path}",
        files="{count:>16} archivos {size:>14} bytes",
        free="{count:>16} dirs {size:>14} bytes libres",
        total="     Total de archivos en la lista:",
    ),
    "mexican": Style(
        date="%d/%m/%Y",
        clock="%I:%M {half}. m.",
        header=" Directorio de {path}",
        files="{count:>16} archivos {size:>14} bytes",
        free="{count:>16} dirs {size:>14} bytes libres",
    ),
    "italian": Style(
        date="%d/%m/%Y",
        clock="%H.%M",
        thousands=".",
        header=" Directory di {path}",
        files="{count:>16} File {size:>14} byte",
        free="{count:>16} Directory {size:>14} byte disponibili",
    ),
    "dos": Style(
        date="%m-%d-%y",
        clock="%I:%M{half}",
        volume=" Volume in drive {drive} has no label",
        header=" Directory of {path}",
        files="{count:>10} file(s) {size:>14} bytes",
        free="{count:>10} dir(s) {size:>15} bytes free",
        total="Total files listed:",
        columns=False,
    ),
}


def _item(node: int | Item | Tree) -> Item:
    if isinstance(node, Item):
        return node
    return Item(node) if isinstance(node, int) else Item(tree=node)


def _join(directory: str, name: str) -> str:
    return directory.rstrip("\\") + "\\" + name


def _walk(tree: Tree, root: str) -> Iterator[tuple[str, list[tuple[str, Item]]]]:
    """Each directory with what is in it, in cmd's order: a directory whole, then each one below it."""
    waiting = [(root, tree)]
    while waiting:
        path, inside = waiting.pop()
        rows = sorted(((name, _item(node)) for name, node in inside.items()), key=lambda row: fold(row[0]))
        yield path, rows
        waiting += [(_join(path, name), item.tree) for name, item in reversed(rows) if item.tree is not None]


def directories(tree: Tree, root: str) -> frozenset[str]:
    """Folded paths of every directory of the tree, ``root`` included."""
    return frozenset(fold(path) for path, _ in _walk(tree, root))


def entries(tree: Tree, root: str) -> dict[str, Item]:
    """By folded path, what lies below ``root``."""
    return {fold(_join(path, name)): item for path, rows in _walk(tree, root) for name, item in rows}


def dir_listing(
    tree: Tree,
    style: str = "nt4",
    root: str = "C:\\WINNT",
    *,
    recurse: bool = True,
    bare: bool = False,
    short_names: bool = False,
    command: str | None = None,
    encoding: str = "cp850",
    newline: str = "\r\n",
) -> bytes:
    """What ``dir`` prints.

    Args:
        tree: What lies in ``root``.
        style: A key of ``STYLES``.
        root: An absolute directory; a drive's root (``C:\\``) has no ``.`` and ``..``.
        recurse: As ``/s``.
        bare: As ``/b``; with ``recurse`` whole paths, else names alone.
        short_names: As ``/x``.
        command: Echoed before the output, prompt included: ``C:\\>dir /a /s``.
        encoding: ``cp437``, ``cp850``, ``cp1252``, ``utf-8``, ``utf-16`` (with a mark), ``utf-16-le`` …
        newline: Ends each line.
    """
    walked = list(_walk(tree, root)) if recurse else [next(_walk(tree, root))]
    lines = [command] if command is not None else []
    if bare:
        lines += [_join(path, name) if recurse else name for path, rows in walked for name, _ in rows]
    else:
        lines += _full(walked, STYLES[style], short_names=short_names, recurse=recurse)
    return newline.join((*lines, "")).encode(encoding)


def _full(
    walked: list[tuple[str, list[tuple[str, Item]]]], style: Style, *, short_names: bool, recurse: bool
) -> Iterator[str]:
    drive = walked[0][0][0]
    yield style.volume.format(drive=drive)
    yield style.serial
    total_count = total_size = 0
    for path, inside in walked:
        dots = [] if path.endswith(":\\") else [(".", Item(tree={})), ("..", Item(tree={}))]
        rows = [*dots, *inside]
        yield from ("", style.header.format(path=path), "")
        for name, item in rows:
            yield _line(name, item, style, short_names=short_names)
        count = len(rows) if style.counts_directories else sum(item.tree is None for _, item in rows)
        size = sum(item.size for _, item in rows)
        total_count, total_size = total_count + count, total_size + size
        yield style.files.format(count=count, size=_number(size, style))
    if recurse:
        yield from ("", style.total, style.files.format(count=total_count, size=_number(total_size, style)))
    yield style.free.format(count=2, blank="", size=_number(504_283_136, style))


def _number(value: int, style: Style) -> str:
    return f"{value:,}".replace(",", style.thousands)


def _line(name: str, item: Item, style: Style, *, short_names: bool) -> str:
    half = "a" if item.written.hour < 12 else "p"
    clock = item.written.strftime(style.clock).replace("{half}", half)
    date = item.written.strftime(style.date)
    if not style.columns:
        return _old_line(name, item, style, f"{date}  {clock.lstrip('0'):>6}")
    tag = item.tag or (style.tag if item.tree is not None else None)
    what = f"    <{tag}>".ljust(18) if tag else f"{_number(item.size, style):>18}"
    short = f"{item.short or '':<12} " if short_names else ""
    target = f" [{item.target}]" if item.target is not None else ""
    return f"{date}  {clock}{' ' * style.gap}{what} {short}{name}{target}"


def _old_line(name: str, item: Item, style: Style, when: str) -> str:
    what = f"<{style.tag}>        " if item.tree is not None else f"{_number(item.size, style):>13}"
    if name in {".", ".."}:
        return f"{name:<8}      {what}  {when}"
    base, _, extension = (item.short or _shortened(name)).partition(".")
    return f"{base:<8} {extension:<3}  {what}  {when} {name}"


def _shortened(name: str) -> str:
    base, _, extension = name.upper().rpartition(".") if "." in name.strip(".") else (name.upper(), "", "")
    if len(base) <= 8 and len(extension) <= 3 and not set(base) & set(". "):
        return f"{base}.{extension}"
    plain = "".join(letter for letter in base if letter not in ". ")
    return f"{plain[:6]}~1.{extension[:3].strip()}"


def file_csv(
    tree: Tree,
    root: str = "C:\\WINNT",
    *,
    delimiter: str = ",",
    type_line: bool = True,
    date: str = "%m/%d/%Y %I:%M:%S %p",
    columns: tuple[str, ...] = (
        "PSIsContainer",
        "Mode",
        "FullName",
        "Length",
        "LastWriteTime",
        "VersionInfo",
    ),
    encoding: str = "utf-8",
) -> bytes:
    """What ``Get-ChildItem -Recurse | Select-Object … | Export-Csv`` writes: every cell quoted."""
    text = io.StringIO()
    if type_line:
        text.write("#TYPE System.IO.DirectoryInfo\r\n")
    table = csv.writer(text, delimiter=delimiter, quoting=csv.QUOTE_ALL)
    table.writerow(columns)
    for path, rows in _walk(tree, root):
        # Get-ChildItem prints the directories of a directory before its files.
        for name, item in sorted(rows, key=lambda row: row[1].tree is None):
            container = item.tree is not None
            version = f"File:             {_join(path, name)}\r\nFileVersion:      {item.version}\r\n"
            cells = {
                "PSIsContainer": str(container),
                "Mode": "d----" if container else "-a---",
                "Attributes": "Directory" if container else "Archive",
                "FullName": _join(path, name),
                "Name": name,
                "Length": "" if container else str(item.size),
                "LastWriteTime": item.written.strftime(date),
                "LastWriteTimeUtc": item.written.strftime(date),
                "VersionInfo": version if item.version else "",
                "FileVersion": item.version,
            }
            table.writerow([cells[column] for column in columns])
    return text.getvalue().encode(encoding)


def bodyfile(tree: Tree, root: str = "C:\\", *, mount: str = "C:", newline: str = "\n") -> bytes:
    """What ``fls -r -m MOUNT`` prints of the tree: each directory followed at once by what is in it."""
    lines = []
    waiting = [(root[2:].replace("\\", "/"), "", Item(tree=tree))]
    number = 5
    while waiting:
        parent, name, item = waiting.pop()
        path = f"{parent.rstrip('/')}/{name}" if name else parent
        if name:
            mode = "d/drwxrwxrwx" if item.tree is not None else "r/rrwxrwxrwx"
            stamp = timegm(item.written.timetuple())
            number += 1
            lines.append(
                f"0|{mount}{path}|{number}-128-3|{mode}|0|0|{item.size}|{stamp}|{stamp}|{stamp}|{stamp}"
            )
        if item.tree is not None:
            rows = sorted(((name, _item(node)) for name, node in item.tree.items()), reverse=True)
            waiting += [(path, below, inside) for below, inside in rows]
    return "".join(line + newline for line in lines).encode()


def case_file(data: bytes, path: str = "NODE1/listing.txt") -> CaseFile:
    """A file of a case that lies in memory."""
    return CaseFile(path, Bytes(data))
