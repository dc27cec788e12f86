r"""More forms of listings: tree, attrib, ls, find, MFTECmd, PowerShell's XML and JSON, fsutil, versions.

The trees are those of ``listings``. The shapes follow printed examples of tree and attrib, GNU coreutils and
findutils (which the tests also run), MFTECmd's columns, [MS-PSRP] for CliXML and Q913111 for filever.
"""

from __future__ import annotations

import csv
import io
import json
from calendar import timegm
from itertools import count
from typing import TYPE_CHECKING
from xml.sax.saxutils import escape

from tests.support.listings import Item, _item, _join, _walk

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.listings import Tree

__all__ = [
    "attrib_listing",
    "enumdata",
    "file_json",
    "file_xml",
    "filever",
    "find_listing",
    "ls_listing",
    "mft_csv",
    "sigcheck_csv",
    "tree_listing",
]


def _sorted(tree: Tree) -> list[tuple[str, Item]]:
    return sorted(((name, _item(node)) for name, node in tree.items()), key=lambda row: row[0].upper())


# --- Windows ----------------------------------------------------------------------------------------


def tree_listing(
    tree: Tree,
    root: str = "C:\\WINNT",
    *,
    ascii_lines: bool = True,
    files: bool = True,
    title: str = "Folder PATH listing for volume SYSTEM",
    serial: str = "Volume serial number is 3C0A-17E5",
    encoding: str = "cp850",
    newline: str = "\r\n",
    command: str | None = None,
) -> bytes:
    """What ``tree /f`` prints, with ``/a`` or without."""
    bar, fork, corner = ("|   ", "+---", "\\---") if ascii_lines else ("│   ", "├───", "└───")

    def draw(inside: Tree, indent: str) -> Iterator[str]:
        rows = _sorted(inside)
        below = [(name, item.tree) for name, item in rows if item.tree is not None]
        plain = [name for name, item in rows if item.tree is None]
        run = bar if below else "    "
        if files and plain:
            yield from (f"{indent}{run}{name}" for name in plain)
            yield f"{indent}{run}"
        for number, (name, content) in enumerate(below, start=1):
            last = number == len(below)
            yield f"{indent}{corner if last else fork}{name}"
            yield from draw(content, indent + ("    " if last else bar))

    shown = list(draw(tree, ""))
    if not any(item.tree is not None for _, item in _sorted(tree)):
        shown += ["No subfolders exist ", ""]
    head = [command] if command is not None else []
    return newline.join((*head, title, serial, root, *shown, "")).encode(encoding)


def attrib_listing(
    tree: Tree,
    root: str = "C:\\WINNT",
    *,
    directories: bool = False,
    first: str = "files",
    width: int = 11,
    newline: str = "\r\n",
) -> bytes:
    """What ``attrib /s`` prints, with ``directories`` as ``/s /d``.

    ``first``: ``files`` or ``below`` come first in a directory, or both by ``name``.
    """

    def walk(inside: Tree, path: str) -> Iterator[str]:
        rows = _sorted(inside)
        if first != "name":
            rows.sort(key=lambda row: (row[1].tree is None) is (first == "below"))
        for name, item in rows:
            place = _join(path, name)
            if item.tree is None:
                yield f"{'A':<{width}}{place}"
                continue
            if directories:
                yield f"{'':<{width}}{place}"
            yield from walk(item.tree, place)

    return "".join(line + newline for line in walk(tree, root)).encode("cp850")


def enumdata(tree: Tree, *, command: str | None = None) -> bytes:
    """What ``fsutil usn enumdata`` prints of a volume whose root holds ``tree``."""
    numbers = count(30)
    lines = [command] if command is not None else []
    waiting: list[tuple[int, Tree]] = [(5, tree)]
    while waiting:
        parent, inside = waiting.pop(0)
        for name, item in _sorted(inside):
            number = next(numbers)
            lines += [
                f"File Ref#       : 0x{7:04x}{number:012x}",
                f"ParentFile Ref# : 0x{5:04x}{parent:012x}",
                f"Usn             : 0x{0:016x}",
                "SecurityId      : 0x00000000",
                "Reason          : 0x00000000",
                f"Name ({2 * len(name):03})      : {name}",
                "",
            ]
            if item.tree is not None:
                waiting.append((number, item.tree))
    return "".join(line + "\r\n" for line in lines).encode("cp850")


# --- Unix -------------------------------------------------------------------------------------------

_TIMES = {
    "locale": "%b %e  %Y",
    "german": "%e. %b %Y",
    "recent": "%b %e %H:%M",
    "long-iso": "%Y-%m-%d %H:%M",
    "full-iso": "%Y-%m-%d %H:%M:%S.000000000 +0200",
}


def ls_listing(
    tree: Tree,
    root: str = "/mnt/c/WINNT",
    *,
    style: str = "locale",
    all_files: bool = True,
    command: str | None = None,
    total: str = "total",
) -> bytes:
    """What ``ls -lR`` prints; ``all_files`` as ``-a``."""
    lines = [command] if command is not None else []
    for place, (path, rows) in enumerate(_walk(tree, "X:")):
        where = root + path[2:].replace("\\", "/")
        dots = [(".", Item(tree={})), ("..", Item(tree={}))] if all_files else []
        lines += [*([""] if place else []), f"{where}:", f"{total} {4 * len(rows)}"]
        for name, item in (*dots, *rows):
            mode = "drwxrwxrwx" if item.tree is not None else "-rwxrwxrwx"
            size = 4096 if item.tree is not None else item.size
            when = item.written.strftime(_TIMES[style])
            lines.append(f"{mode} 1 root root {size:>8} {when} {name}")
    return "".join(line + "\n" for line in lines).encode()


def find_listing(tree: Tree, root: str = "/mnt/c/WINNT", *, command: str | None = None) -> bytes:
    """What ``find -ls`` prints: each directory followed by all that is below it."""
    lines = [command] if command is not None else []
    waiting = [(root, Item(tree=tree))]
    number = 100
    while waiting:
        path, item = waiting.pop()
        mode = "drwxrwxrwx" if item.tree is not None else "-rwxrwxrwx"
        size = 4096 if item.tree is not None else item.size
        when = item.written.strftime(_TIMES["locale"])
        number += 1
        lines.append(f"{number:>9} {4:>6} {mode}   1 root     root {size:>12} {when} {_escaped(path)}")
        if item.tree is not None:
            waiting += [(f"{path}/{name}", below) for name, below in reversed(_sorted(item.tree))]
    return "".join(line + "\n" for line in lines).encode()


def _escaped(path: str) -> str:
    plain = path.replace("\\", "\\\\").replace(" ", "\\ ")
    return "".join(
        letter if letter.isascii() else "".join(f"\\{byte:03o}" for byte in letter.encode())
        for letter in plain
    )


# --- tables and objects -----------------------------------------------------------------------------

_OWN = (
    *("$MFT", "$MFTMirr", "$LogFile", "$Volume", "$AttrDef", "."),
    *("$Bitmap", "$Boot", "$BadClus", "$Secure", "$UpCase", "$Extend"),
)
_MFT_COLUMNS = (
    "EntryNumber,SequenceNumber,InUse,ParentEntryNumber,ParentSequenceNumber,ParentPath,FileName,Extension,"
    "FileSize,ReferenceCount,ReparseTarget,IsDirectory,HasAds,IsAds,SI<FN,uSecZeros,Copied,SiFlags,NameType,"
    "Created0x10,Created0x30,LastModified0x10"
)


def mft_csv(tree: Tree, *, source_file: str | None = None, free: bool = True) -> bytes:
    """What MFTECmd writes of a volume whose root holds ``tree``."""
    columns = (_MFT_COLUMNS + (",SourceFile" if source_file is not None else "")).split(",")
    text = io.StringIO()
    table = csv.DictWriter(text, columns, restval="", extrasaction="ignore")
    table.writeheader()

    def put(number: int, parent: str, name: str, item: Item, **more: str) -> None:
        row = {
            "EntryNumber": str(number),
            "SequenceNumber": "1",
            "InUse": "True",
            "ParentPath": parent,
            "FileName": name,
            "FileSize": str(item.size),
            "IsDirectory": str(item.tree is not None),
            "IsAds": "False",
            "NameType": "DosWindows",
            "LastModified0x10": item.written.strftime("%Y-%m-%d %H:%M:%S.0000000"),
            "SourceFile": source_file or "",
        }
        table.writerow(row | more)

    for number, name in enumerate(_OWN):
        put(number, ".", name, Item(1024) if name not in {".", "$Extend"} else Item(tree={}))
    put(9, ".", "$Secure:$SDS", Item(8), IsAds="True")
    last = len(_OWN) - 1
    for path, rows in _walk(tree, "."):
        for name, item in rows:
            last += 1
            put(last, path, name, item)
    if free:
        put(last + 1, ".\\WINNT", "gone.dll", Item(5), InUse="False")
    return text.getvalue().encode("utf-8-sig")


def _objects(tree: Tree, root: str) -> Iterator[tuple[str, str, Item]]:
    for path, rows in _walk(tree, root):
        for name, item in sorted(rows, key=lambda row: row[1].tree is None):
            yield _join(path, name), name, item


def file_json(tree: Tree, root: str = "C:\\WINNT", *, version: int = 5, indent: int | None = 4) -> bytes:
    """What ``Get-ChildItem -Recurse | ConvertTo-Json`` writes, of Windows PowerShell 5 or PowerShell 7."""
    told = []
    for path, name, item in _objects(tree, root):
        ticks = f"/Date({timegm(item.written.timetuple())}000)/"
        container = item.tree is not None
        told.append(
            {
                "Name": name,
                "Length": None if container else item.size,
                "Directory": {"Name": "inner", "FullName": root, "Exists": True},
                "FullName": path,
                "LastWriteTime": ticks if version == 5 else item.written.isoformat(),
                "Attributes": 16 if container else 32,
                "PSIsContainer": container,
                "VersionInfo": {"FileVersion": item.version or None, "FileMajorPart": 4},
            }
        )
    text = json.dumps(told, indent=indent)
    return text.replace("/Date", "\\/Date").replace(")/", ")\\/").encode("utf-8" if version > 5 else "utf-16")


def file_xml(tree: Tree, root: str = "C:\\WINNT", *, form: str = "clixml", encoding: str = "utf-16") -> bytes:
    """What ``Export-Clixml`` (``clixml``, ``list``) or ``ConvertTo-Xml`` (``xml``) makes of a tree."""
    objects = [_xml_object(*told, form=form, number=n) for n, told in enumerate(_objects(tree, root))]
    inside = "\r\n".join(objects)
    if form == "xml":
        text = f'<?xml version="1.0" encoding="utf-8"?>\r\n<Objects>\r\n{inside}\r\n</Objects>'
        return text.encode(encoding)
    if form == "list":
        inside = f'<Obj RefId="0"><TN RefId="0"><T>System.Object[]</T></TN><LST>{inside}</LST></Obj>'
    name = "http://schemas.microsoft.com/powershell/2004/04"
    return f'<Objs Version="1.1.0.1" xmlns="{name}">\r\n{inside}\r\n</Objs>'.encode(encoding)


def _xml_object(path: str, name: str, item: Item, *, form: str, number: int) -> str:
    container = item.tree is not None
    kind = "System.IO.DirectoryInfo" if container else "System.IO.FileInfo"
    length = "" if container else str(item.size)
    when = item.written.strftime("%Y-%m-%dT%H:%M:%S.1234567-05:00")
    if form == "xml":
        cells = {"FullName": path, "Length": length, "PSIsContainer": str(container), "LastWriteTime": when}
        rows = [
            f'<Property Name="{key}" Type="System.String">{escape(cell)}</Property>'
            for key, cell in cells.items()
        ]
        inner = f'<Property Name="FileVersion" Type="System.String">{item.version}</Property>'
        rows.insert(
            0, '<Property Name="Directory" Type="x"><Property Name="FullName">C:\\X</Property></Property>'
        )
        rows.append(
            f'<Property Name="VersionInfo" Type="System.Diagnostics.FileVersionInfo">{inner}</Property>'
        )
        return f'<Object Type="{kind}">{"".join(rows)}</Object>'
    size = f'<I64 N="Length">{length}</I64>' if length else ""
    inner = f'<S N="FileVersion">{item.version}</S>' if item.version else '<Nil N="FileVersion" />'
    return (
        f'<Obj RefId="{number + 1}"><TN RefId="{number}"><T>{kind}</T></TN><ToString>{escape(name)}</ToString>'
        f'<Props><S N="Name">{escape(name)}</S>{size}'
        f'<Obj N="Directory" RefId="9{number}"><Props><S N="FullName">C:\\X</S></Props></Obj>'
        f'<S N="FullName">{escape(path)}</S><DT N="LastWriteTime">{when}</DT></Props>'
        f'<MS><B N="PSIsContainer">{str(container).lower()}</B>'
        f'<Obj N="VersionInfo" RefId="8{number}"><ToString>File: x_x000D__x000A_FileVersion: {item.version}</ToString>'
        f"<Props>{inner}</Props></Obj></MS></Obj>"
    )


def sigcheck_csv(
    tree: Tree,
    root: str = "c:\\winnt",
    *,
    delimiter: str = ",",
    banner: bool = True,
    encoding: str = "utf-16",
) -> bytes:
    """What ``sigcheck -s -c`` writes (``-ct`` with a tab)."""
    head = "\r\nSigcheck v2.82 - File version and signature viewer\r\nSysinternals - www.sysinternals.com\r\n\r\n"
    names = (
        "Path,Verified,Date,Publisher,Company,Description,Product,Product Version,File Version,Machine Type"
    )
    lines = [names.replace(",", delimiter)]
    for path, _, item in _objects(tree, root):
        if item.tree is None:
            cells = [
                path,
                "Unsigned",
                "10:04 AM 4/2/1999",
                "n/a",
                "n/a",
                "n/a",
                "n/a",
                "n/a",
                item.version or "n/a",
                "32-bit",
            ]
            lines.append(delimiter.join(f'"{cell}"' for cell in cells))
    return ((head if banner else "") + "".join(line + "\r\n" for line in lines)).encode(encoding)


def filever(tree: Tree, *, prompt: str | None = "C:\\WINNT\\system32\\inetsrv>filever *.*") -> bytes:
    """What ``filever`` prints of the files that lie in ``tree`` itself."""
    lines = [prompt] if prompt is not None else []
    for name, item in _sorted(tree):
        if item.tree is None:
            version = f"{item.version:>15}" if item.version else f"{'':>15}"
            when = item.written.strftime("%m-%d-%Y")
            lines.append(f"--a-- W32i   DLL ENU {version} shp {item.size:>10,} {when} {name.lower()}")
    return "".join(line + "\r\n" for line in lines).encode("cp850")
