r"""A plug-in of dissect.target, namespace ``iiscluster``: examines a node from its disk.

dissect.target loads plug-ins of others from the files that ``--plugin-path`` or the environment variable
DISSECT_PLUGINS names (``dissect.target.plugin.load_modules_from_paths``); it asks no entry point. So::

    target-query --plugin-path "$(python -m iiscluster_kb.doors)" -f iiscluster.findings node1.E01

What is read: SYSTEM, SOFTWARE and CLUSDB with their transaction logs, the libraries that the collectors take
too, and the top of the drive, the Windows directory, system32, inetsrv and Cluster, which the target's file
system shows whole.
"""

from __future__ import annotations

import re
from functools import partial
from io import SEEK_END, BytesIO
from itertools import islice
from typing import TYPE_CHECKING, Any, BinaryIO

from dissect.target.exceptions import Error, UnsupportedPluginError
from dissect.target.helpers.record import TargetRecordDescriptor
from dissect.target.plugin import Plugin, arg, export

from iiscluster_kb.case import Member
from iiscluster_kb.collectors.scripts import LIBRARIES
from iiscluster_kb.doors._listing import MOST_ENTRIES, Directory, Entry, format_listing
from iiscluster_kb.errors import EvidenceError
from iiscluster_kb.pipeline import examine
from iiscluster_kb.regf import Hive

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["IisClusterPlugin"]

FindingRecord = TargetRecordDescriptor(
    "iiscluster/finding",
    [
        ("string", "cluster"),
        ("string", "machine"),
        ("string", "article"),
        ("string", "cause"),
        ("string", "title"),
        ("string", "verdict"),
        ("string", "detail"),
        ("string", "explanation"),
        ("boolean", "weighs"),
        ("string", "verdict_after"),
        ("string[]", "evidence"),
        ("string[]", "sha256"),
        ("string[]", "collect"),
    ],
)
_COLUMNS = (
    "cluster", "machine", "article", "cause", "title", "verdict", "detail", "explanation", "weighs", "verdict_after",
    "evidence", "sha256", "collect",
)  # fmt: skip

_USUAL = ("WINNT", "Windows")
"""Windows directories as set-up names them (NT 4.0 and 2000; 2003); others are looked for after these."""
_MOST_DIRECTORIES = 1000
"""Directories at the top of the system's volume among which the Windows directory is looked for."""
_CLUSTER_HIVE = "Cluster/CLUSDB"
_SOFTWARE = "system32/config/SOFTWARE"
_HIVES = ("system32/config/SYSTEM", _SOFTWARE, _CLUSTER_HIVE)
_LOGS = (".LOG", ".LOG1", ".LOG2")
_WITH_LIBRARIES = ("system32", "system32/inetsrv", "Cluster")
_DRIVE = re.compile(r"([A-Za-z]):\\([^\\]+)\\?").fullmatch


class IisClusterPlugin(Plugin):  # type: ignore[misc] # dissect.target is annotated, but not for checkers
    """Faults of IIS 4.0 on Windows NT clusters (Microsoft Q224553 and its kin)."""

    __namespace__ = "iiscluster"

    def check_compatible(self) -> None:
        """Look for a cluster hive.

        Raises:
            UnsupportedPluginError: The target has none.
        """
        if _windows_directory(self.target) is None:
            raise UnsupportedPluginError("No cluster hive (CLUSDB) found")

    @export(record=FindingRecord)  # type: ignore[untyped-decorator] # as the base class
    @arg("--symptom", choices=("finish-button",), help="the Dependencies page offers Finish")  # type: ignore[untyped-decorator] # likewise
    @arg("--administered-from", metavar="MACHINE", help="where Cluster Administrator ran")  # type: ignore[untyped-decorator] # likewise
    def findings(self, symptom: str | None = None, administered_from: str | None = None) -> Iterator[Any]:
        """Return one record for each cause and machine, whatever its verdict."""
        members = _members(self.target, _windows_directory(self.target))
        report = examine(*members, symptom=symptom, administered_from=administered_from)
        for row in report.rows():
            told = {column: getattr(row, column) for column in _COLUMNS}
            yield FindingRecord(**told, _target=self.target)


def _windows_directory(target: Any) -> Any | None:
    """The directory that holds the cluster hive; None: there is none."""
    top = target.fs.path("sysvol")
    try:
        usual = [top.joinpath(name) for name in _USUAL]
        others = sorted(islice(top.iterdir(), _MOST_DIRECTORIES)) if top.is_dir() else []
        return next((one for one in (*usual, *others) if one.joinpath(_CLUSTER_HIVE).is_file()), None)
    except (Error, OSError):
        return None


def _members(target: Any, windows: Any) -> Iterator[Member]:
    """The target's files as a case, which mirrors the Windows tree below a folder of the target's name."""
    drive = _drive_of(target, windows)
    case = re.sub(r"[\\/]", "_", str(target.name or "target"))
    for path in (*_HIVES, *(hive + log for hive in _HIVES for log in _LOGS)):
        yield from _member(windows.joinpath(path), f"{case}/{drive}/{windows.name}/{path}")
    for folder in _WITH_LIBRARIES:
        for name in LIBRARIES:
            yield from _member(
                windows.joinpath(folder, name), f"{case}/{drive}/{windows.name}/{folder}/{name}"
            )
    listing = format_listing(_directories(windows, drive))
    if listing:
        yield Member(f"{case}/directories.txt", len(listing), partial(BytesIO, listing))


def _member(path: Any, name: str) -> Iterator[Member]:
    """The file, if it is there. Read at once: an image behind a target is not to be read by several threads."""
    try:
        if not path.is_file():
            return
    except (Error, OSError):
        return  # nothing shows that there is such a file
    try:
        with path.open("rb") as stream:
            size = stream.seek(0, SEEK_END)
    except (Error, OSError):
        size = 1  # it is there: so it becomes a file that cannot be read, instead of none
    yield Member(name, size, partial(_opened, path), is_lasting=False)


def _opened(path: Any) -> BinaryIO:
    """A stream of the file.

    Raises:
        OSError: The target cannot give it.
    """
    try:
        stream: BinaryIO = path.open("rb")
    except Error as error:
        raise OSError(str(error)) from error
    return stream


def _directories(windows: Any, drive: str) -> Iterator[Directory]:
    """The top of the drive, the Windows directory and those in which the libraries lie."""
    for parts in ((), (windows.name,), *((windows.name, *path.split("/")) for path in _WITH_LIBRARIES)):
        try:
            directory = windows.parent.joinpath(*parts)
            if directory.is_dir():
                entries = tuple(map(_entry, islice(directory.iterdir(), MOST_ENTRIES + 1)))
                path = f"{drive}:\\" + "\\".join(parts)
                yield Directory(path, directory.stat().st_mtime, entries)
        except (Error, OSError):
            continue  # not shown whole, so not listed at all


def _entry(path: Any) -> Entry:
    status = path.stat()
    return Entry(path.name, status.st_size, status.st_mtime, path.is_dir())


def _drive_of(target: Any, windows: Any) -> str:
    r"""The letter of the system's drive, by SystemRoot in the SOFTWARE hive, else as dissect.target tells it.

    Windows NT 4.0 keeps drive letters where dissect.target does not look, which then falls back to ``C:``.
    """
    try:
        with windows.joinpath(_SOFTWARE).open("rb") as stream:
            version = Hive(stream.read(), _SOFTWARE).key(r"Microsoft\Windows NT\CurrentVersion")
        value = version.value("SystemRoot") if version is not None else None
        texts = value.strings() if value is not None else ()
    except (Error, OSError, EvidenceError):
        texts = ()
    for text in texts:
        if (told := _DRIVE(text)) and told[2].upper() == windows.name.upper():
            return told[1].upper()
    known = str(target.props.get("sysvol_drive") or "")
    return known[0].upper() if re.fullmatch(r"[A-Za-z]:?", known) else "C"
