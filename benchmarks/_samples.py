"""What is measured: hives, exports, listings and cases, generated once and kept in ``benchmarks/data``.

Generated files are the same everywhere. Two hives are real ones of a corpus that may be absent.
"""

from __future__ import annotations

import lzma
import uuid
import zipfile
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING

from fixtures._case import TYPE, cluster_hive, files_of_a_node, software_hive, system_hive
from fixtures._writers import _named
from iiscluster_kb.registry import RegistryValue, multi_sz, sz
from tests.support.listings import dir_listing
from tests.support.regf_writer import KeySpec, build_hive, tree_from_dict

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from fixtures._case import Tree

__all__ = ["CLUSDB_PATHS", "Samples", "clsid"]

_ROOT = Path(__file__).resolve().parents[1]
_CORPUS = _ROOT / "../shared/corpus/hives"
_TEXT = "A component that somebody registered once, and its description"
_VENDOR = "C:\\Program Files\\Common Files\\Vendor"
_FILES_OF_A_DIRECTORY = 250
_KEYS_OF_A_BRANCH = 1000

CLUSDB_PATHS = [
    *(f"Resources\\{uuid.UUID(int=number)}\\Parameters" for number in (1, 17, 40)),
    *(f"ResourceTypes\\{name}" for name in ("IIS Server Instance", "Physical Disk", "IP Address", "nothing")),
    *("Resources", "Nodes\\1", "Nodes\\2", "Groups", "Quorum"),
]
_SYSTEM_PATHS = [
    *(
        f"ControlSet001\\Services\\{name}"
        for name in ("Tcpip", "Tcpip\\Parameters", "W32Time", "ClusSvc", "Dhcp")
    ),
    *(
        f"ControlSet001\\Control\\{name}"
        for name in ("ComputerName\\ComputerName", "Windows", "Session Manager")
    ),
    *("Select", "Setup", "ControlSet001\\Control\\Session Manager\\Environment"),
]


class Samples:
    """The files, each made when it is asked for the first time.

    Args:
        folder: Where they are kept.
        small: Sizes for a look at whether everything works: a hundredth.
    """

    def __init__(self, folder: Path, *, small: bool = False) -> None:
        self.folder = folder
        self.small = small
        self._part = 100 if small else 1
        folder.mkdir(parents=True, exist_ok=True)

    def clusdb(self) -> Path:
        """A cluster hive of usual size, version 1.3."""
        return self._kept("CLUSDB", lambda: [build_hive(_cluster_tree(), minor=3)])

    def software(self) -> Path:
        """A SOFTWARE hive of 92 MB with 60,000 registered classes, 384,000 keys."""
        classes, programs = 60_000 // self._part, 28_000 // self._part
        return self._kept(f"SOFTWARE-{classes}", lambda: [build_hive(_software_tree(classes, programs))])

    def software_paths(self) -> list[str]:
        """Ten of its registrations, a program, and one that is not there."""
        classes, programs = 60_000 // self._part, 28_000 // self._part
        chosen = (7, 5_003, 11_000, 19_999, 23_456, 30_000, 37_373, 44_444, 51_515, 59_999)
        servers = [f"Classes\\CLSID\\{clsid(number % classes)}\\InprocServer32" for number in chosen]
        absent = "Classes\\CLSID\\{92BF7500-974C-11D0-A5F2-00A0C922E752}"
        return [*servers, f"Classes\\Vendor.Component{programs - 1}\\CLSID", absent]

    def system(self) -> Path | None:
        """The SYSTEM hive of a Windows 10, 15 MB, 43,211 keys; None where there is no corpus."""
        return self._of_the_corpus("SYSTEM", "regipy-SYSTEM_WIN_10_1709")

    def system_paths(self, system: Path) -> list[str]:
        """Services, settings, and one key of the longest list."""
        return [*_SYSTEM_PATHS, _in_the_longest_list(system)]

    def dirty_hive(self) -> tuple[Path, Path, Path] | None:
        """A hive of a Windows 10 and its two logs: SYSTEM, or where small the classes of a user; None: no corpus."""
        stem = "UsrClass.dat" if self.small else "SYSTEM_B"
        hive, first, second = (
            self._of_the_corpus(name, f"regipy-{name}") for name in (stem, f"{stem}.LOG1", f"{stem}.LOG2")
        )
        return (hive, first, second) if hive and first and second else None

    def export(self) -> Path:
        """A version 5.00 export of 50 MB, in UTF-16: what regedit writes of 33,000 classes."""
        classes = 33_000 // self._part
        self.empty_hive()
        return self._kept(f"export-{classes}.reg", lambda: _export(classes))

    def empty_hive(self) -> Path:
        """A hive with the keys above the export's, for what can only merge."""
        return self._kept("empty-hive", lambda: [build_hive(KeySpec("SOFTWARE", (), (KeySpec("Classes"),)))])

    def keys(self, count: int) -> Path:
        """A hive of so many keys, each with a value, at most a thousand in one list."""
        return self._kept(f"keys-{count}", lambda: [build_hive(_branches(count))])

    def key_paths(self, count: int) -> list[str]:
        """Twelve keys of it, spread over all of it."""
        return [_branch_path(number * (count - 1) // 11) for number in range(12)]

    def listing(self, files: int) -> Path:
        """What ``dir /s`` of Windows NT 4.0 prints of so many files."""
        return self._kept(f"listing-{files}.txt", lambda: [dir_listing(_tree(files))])

    def archive(self, files: int) -> Path:
        """A zip with so many short notes beside a cluster hive and a listing."""
        path = self.folder / f"notes-{files}.zip"
        if not path.exists():
            with zipfile.ZipFile(path.with_suffix(".part"), "w", zipfile.ZIP_DEFLATED) as archive:
                archive.writestr("NODE1/CLUSDB", self.clusdb().read_bytes())
                archive.writestr("NODE1/dir.txt", dir_listing(files_of_a_node()["WINNT"]))
                for number in range(files):
                    archive.writestr(f"NODE1/notes/{number // 100}/{number}.log", f"{_TEXT} {number}\r\n" * 5)
            path.with_suffix(".part").rename(path)
        return path

    def listed_case(self, files: int) -> Path:
        """One node with small hives and a listing of its disk with so many files more."""
        folder = self.folder / f"case-listed-{files}"
        for hive, content in _node_trees("NODE1", 0, 0).items():
            _keep(folder / "NODE1" / hive, partial(_old_hive, hive, content))
        tree: Tree = files_of_a_node()
        tree["WINNT"] |= _tree(files)
        _keep(folder / "NODE1/dir.txt", lambda: [dir_listing(tree["WINNT"])])
        return folder

    def case(self, name: str) -> Path:
        """Two nodes with hives of real size, AdminExtensions missing on both: ``large`` or ``nt4``."""
        counts = {"large": (60_000, 30_000, 5_000), "nt4": (5_500, 5_500, 1_000)}[name]
        classes, services, files = (count // self._part for count in counts)
        folder = self.folder / f"case-{name}-{classes}"
        for node in ("NODE1", "NODE2"):
            trees = _node_trees(node, classes, services)
            for hive, content in trees.items():
                _keep(folder / node / hive, partial(_old_hive, hive, content))
            _keep(folder / node / "dir.txt", lambda: [dir_listing(_node_files(files))])
        return folder

    def _kept(self, name: str, make: Callable[[], Iterable[bytes]]) -> Path:
        return _keep(self.folder / name, make)

    def _of_the_corpus(self, name: str, stem: str) -> Path | None:
        source = _CORPUS / f"{stem}.xz"
        if not source.exists():
            return None
        return self._kept(name, lambda: [lzma.decompress(source.read_bytes())])


def _keep(path: Path, make: Callable[[], Iterable[bytes]]) -> Path:
    """Write in pieces, as copying does, unless it is there.

    A file written at once lies in the page cache in pieces of megabytes, and every page of a piece counts as memory
    of the process that touches one of them.
    """
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        part = path.with_name(f"{path.name}.part")
        with part.open("wb") as file:
            for data in make():
                for start in range(0, len(data), 65536):
                    file.write(data[start : start + 65536])
        part.rename(path)
    return path


def clsid(number: int) -> str:
    """CLSIDs in no order, the same in every run."""
    return "{" + str(uuid.uuid5(uuid.NAMESPACE_OID, str(number))).upper() + "}"


def _cluster_tree() -> KeySpec:
    resources = {
        str(uuid.UUID(int=number)): {
            "Name": f"Resource {number}",
            "Type": "IIS Server Instance",
            "Parameters": {"Id": number},
        }
        for number in range(60)
    }
    types = {
        name: {"DllName": f"{name}.dll", "AdminExtensions": [clsid(1)], "IsAlivePollInterval": 60_000}
        for name in ("IIS Server Instance", "Physical Disk", "IP Address", "Network Name", "Generic Service")
    }
    nodes = {str(node): {"NodeName": f"NODE{node}"} for node in (1, 2)}
    content: Tree = {
        "Resources": resources,
        "ResourceTypes": types,
        "Nodes": nodes,
        "Groups": {},
        "Quorum": {"Path": "Q:\\MSCS"},
    }
    return tree_from_dict("Cluster", content)


def _text_key(name: str, text: str, *more: RegistryValue) -> KeySpec:
    return KeySpec(name, (RegistryValue("", 1, sz(text)), *more))


def _software_tree(classes: int, programs: int) -> KeySpec:
    apartment = RegistryValue("ThreadingModel", 1, sz("Apartment"))
    categories = RegistryValue("List", 7, multi_sz(clsid(1), clsid(2)))
    registered = [
        KeySpec(
            clsid(number),
            (RegistryValue("", 1, sz(f"{_TEXT} {number}")),),
            (
                _text_key("InprocServer32", f"{_VENDOR}\\component{number}.dll", apartment),
                _text_key("ProgID", f"Vendor.Component{number}.1"),
                _text_key("VersionIndependentProgID", f"Vendor.Component{number}"),
                KeySpec("Implemented Categories", (categories,)),
            ),
        )
        for number in range(classes)
    ]
    named = [
        KeySpec(f"Vendor.Component{number}", (), (_text_key("CLSID", clsid(number)),))
        for number in range(programs)
    ]
    return KeySpec("SOFTWARE", (), (KeySpec("Classes", (), (KeySpec("CLSID", (), registered), *named)),))


def _export(classes: int) -> Iterator[bytes]:
    top = "HKEY_LOCAL_MACHINE\\SOFTWARE\\Classes\\CLSID"
    categories = ",".join(f"{byte:02x}" for byte in multi_sz(clsid(1)))
    yield f"\ufeffWindows Registry Editor Version 5.00\r\n\r\n[{top}]\r\n\r\n".encode("utf-16-le")
    for number in range(classes):
        key, path = f"{top}\\{clsid(number)}", f"{_VENDOR}\\component{number}.dll".replace("\\", "\\\\")
        text = (
            f'[{key}]\r\n@="{_TEXT} {number}"\r\n"Flags"=dword:{number:08x}\r\n\r\n'
            f'[{key}\\InprocServer32]\r\n@="{path}"\r\n"ThreadingModel"="Apartment"\r\n\r\n'
            f'[{key}\\ProgID]\r\n@="Vendor.Component{number}.1"\r\n"List"=hex(7):{categories[:60]}\\\r\n'
            f"  {categories[60:]}\r\n\r\n"
        )
        yield text.encode("utf-16-le")


def _branches(count: int) -> KeySpec:
    below = [
        KeySpec(f"Key{number:06d}", (RegistryValue("Path", 1, sz(f"C:\\WINNT\\file{number}.dll")),))
        for number in range(_KEYS_OF_A_BRANCH - 1)
    ]
    branches = count // _KEYS_OF_A_BRANCH
    return KeySpec("Root", (), [KeySpec(f"Branch{number:06d}", (), below) for number in range(branches)])


def _branch_path(number: int) -> str:
    branch, key = divmod(number, _KEYS_OF_A_BRANCH)
    return f"Branch{branch:06d}\\Key{min(key, _KEYS_OF_A_BRANCH - 2):06d}"


def _tree(files: int) -> dict[str, dict[str, int]]:
    return {
        f"Directory{start // _FILES_OF_A_DIRECTORY:05d}": {
            f"file{number:07d}.dll": 4096 + number
            for number in range(start, min(start + _FILES_OF_A_DIRECTORY, files))
        }
        for start in range(0, files, _FILES_OF_A_DIRECTORY)
    }


def _old_hive(name: str, content: Callable[[], Tree]) -> list[bytes]:
    return [build_hive(tree_from_dict(name, _named(content())), minor=3)]


def _node_files(files: int) -> Tree:
    tree: Tree = files_of_a_node()["WINNT"]
    tree["Help"] = {f"page{number}.hlp": number for number in range(files)}
    return tree


def _node_trees(name: str, classes: int, services: int) -> dict[str, Callable[[], Tree]]:
    """The content of each hive of a node, made when it is asked for."""

    def software() -> Tree:
        content = software_hive()
        for number in range(classes):
            content["Classes"]["CLSID"][clsid(number)] = {
                "": f"{_TEXT} {number}",
                "InprocServer32": {"": f"{_VENDOR}\\component{number}.dll", "ThreadingModel": "Apartment"},
                "ProgID": {"": f"Vendor.Component{number}.1"},
                "VersionIndependentProgID": {"": f"Vendor.Component{number}"},
                "Implemented Categories": {"List": [clsid(1), clsid(2)], "Note": "x" * 90},
            }
        return content

    def system() -> Tree:
        content = system_hive(name)
        for number in range(services):
            content["ControlSet001"]["Services"][f"Filler{number}"] = {"Start": 3, "Description": _TEXT}
        return content

    def cluster() -> Tree:
        content = cluster_hive()
        del content["ResourceTypes"][TYPE]["AdminExtensions"]
        return content

    return {"SOFTWARE": software, "SYSTEM": system, "CLUSDB": cluster}


@cache
def _in_the_longest_list(path: Path) -> str:
    from iiscluster_kb.regf import Hive  # noqa: PLC0415 - beside the use of a hive that may not be there

    with Hive.open(path) as hive:
        longest = max(hive.walk(), key=lambda key: key.subkey_count)
        names = [key.path for key in longest.subkeys()]
    return names[len(names) * 2 // 3]
