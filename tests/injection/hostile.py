"""A case in which every text that the collector did not choose attacks: two nodes, one of them with a fault."""

from __future__ import annotations

import string
from typing import TYPE_CHECKING

from fixtures._case import (
    CLSID,
    TYPE,
    cluster_hive,
    dig,
    expand_sz,
    files_of_a_node,
    software_hive,
    system_hive,
)
from tests.case.archives import zip_bytes
from tests.support.listings_more import file_json
from tests.support.regf_writer import build_hive, tree_from_dict

if TYPE_CHECKING:
    from collections.abc import Callable, Container
    from pathlib import Path

    from fixtures._case import Tree

__all__ = ["PLACES", "as_name", "hostile_case", "hostile_files"]

_VENDOR = "{5D7D6BA0-0000-4000-8000-00C04FD00001}"
PLACES = {
    "computer name": "ComputerName of SYSTEM, NodeName of the cluster hive",
    "cluster name": "ClusterName of the cluster hive",
    "key name": "a resource type, a hotfix",
    "value name": "beside AdminExtensions",
    "value data": "AdminExtensions, InprocServer32, SystemRoot, CSDVersion, DllName",
    "file name": "a listing of files",
    "member name": "folders and files of the archive",
    "case.toml": "administered_from, the name of a machine",
    "case name": "the archive that is the case",
}
"""Where evidence brings text in, and by what."""


def hostile_files(
    text: str, places: Container[str] = PLACES, names: tuple[str, str] = ("NODE1", "NODE2")
) -> dict[str, bytes]:
    """The files of a case with the text in every place, or in some alone.

    Args:
        text: It follows what stands in its place else.
        places: Of ``PLACES``.
        names: What the computer names begin with.
    """

    def at(place: str) -> str:
        return text if place in places else "" if place == "computer name" else "plain"

    machines = tuple(f"{name}{at('computer name')}" for name in names)
    data, folder = at("value data"), as_name(at("member name"))
    files: dict[str, bytes] = {}
    for number, name in enumerate(("NODE1", "NODE2")):
        software = software_hive(service_pack=f"Service Pack 6{data if number else ''}")
        current: Tree = dig(software, r"Microsoft\Windows NT\CurrentVersion")
        current["Hotfix"][f"Q{at('key name')}"] = {"Installed": 1}
        classes: Tree = dig(software, r"Classes\CLSID")
        classes[_VENDOR] = {"InprocServer32": {"": f"C:\\WINNT\\{data}.dll"}}
        if number:
            current["SystemRoot"] = f"C:\\WINNT{data}"
            classes[CLSID]["InprocServer32"][""] = expand_sz(f"%SystemRoot%\\{data}\\iisclex4.dll")
        listed = files_of_a_node()["WINNT"]
        listed["system32"]["inetsrv"][f"iisclex4{at('file name')}.dll"] = 1
        listed[f"Folder{at('file name')}"] = {"a.dll": 1}
        if not number:
            del listed["system32"]["inetsrv"]["iisclex4.dll"]
        files[f"{name}{folder}/SYSTEM"] = _hive(system_hive(machines[number]))
        files[f"{name}{folder}/SOFTWARE"] = _hive(software)
        files[f"{name}{folder}/CLUSDB"] = _hive(_cluster(at, machines, is_second=bool(number)))
        files[f"{name}{folder}/files.json"] = file_json(listed)
    files[f"{folder}.bin"] = b"unknown"
    files["case.toml"] = _toml(at("case.toml"))
    return files


def _cluster(at: Callable[[str], str], machines: tuple[str, ...], *, is_second: bool) -> Tree:
    cluster = cluster_hive()
    cluster["ClusterName"] = f"WEBCLUS{at('cluster name')}"
    cluster["Nodes"] = {str(number): {"NodeName": name} for number, name in enumerate(machines, 1)}
    kinds: Tree = cluster["ResourceTypes"]
    del kinds[TYPE]["AdminExtensions"]  # the fault; the second node's value lists the text alone
    if is_second:  # where the nodes differ, the value is named
        kinds[TYPE][f"Value{at('value name')}"] = at("value data")
        kinds[TYPE]["AdminExtensions"] = [f"{{{at('value data')}}}"]
    named = f"Type{at('key name')}"
    kinds[named] = {"AdminExtensions": [_VENDOR], "DllName": f"{at('value data')}.dll", "Name": named}
    return cluster


def hostile_case(folder: Path, text: str, places: Container[str] = PLACES) -> Path:
    """The case as an archive that is named by the text, as far as a file system takes it."""
    name = as_name(text if "case name" in places else "plain").replace("/", "_")
    path = folder / f"{name.encode()[:200].decode('utf-8', 'ignore')}.zip"
    path.write_bytes(zip_bytes(hostile_files(text, places)))
    return path


def as_name(text: str) -> str:
    """What an archive can call a member: no surrogates, which UTF-8 lacks, and nothing that ends a name."""
    return text.replace("\0", "").encode("utf-8", "ignore").decode("utf-8")


def _hive(tree: Tree) -> bytes:
    return build_hive(tree_from_dict("ROOT", tree), minor=3)


def _toml(text: str) -> bytes:
    plain = set(string.ascii_letters + string.digits + string.punctuation + " ") - {'"', "\\"}
    quoted = "".join(one if one in plain else f"\\U{ord(one):08x}" for one in as_name(text))
    lines = (
        "[case]",
        f'administered_from = "ADMIN{quoted}"',
        f'[machines."NODE3{quoted}"]',
        f'paths = ["{quoted}"]',
    )
    return "\n".join(lines).encode("ascii")
