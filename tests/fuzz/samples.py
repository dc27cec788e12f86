"""A sound file of every form that evidence and containers have, to be spoilt."""

from __future__ import annotations

import bz2
import gzip
import lzma
from copy import deepcopy
from functools import cache
from typing import TYPE_CHECKING

from fixtures._case import cluster_hive, dig, files_of_a_node, software_hive, system_hive
from fixtures._logs import dirty, removed_list
from fixtures._writers import _export, _spec
from iiscluster_kb.registry.reg_text import Dialect
from tests.case.archives import tar_bytes, zip_bytes
from tests.case.cab_writer import LZX, MSZIP, STORED, cab_bytes, set_bytes
from tests.support import listings_more as more
from tests.support.listings import STYLES, bodyfile, dir_listing, file_csv
from tests.support.log_writer import new_log, with_header
from tests.support.pe_writer import build_pe
from tests.support.regf_writer import build_hive
from tests.support.registry_text import GERMAN, VISTA, XP, reg_query, regedt32_text
from tests.support.szdd_writer import kwaj_compress, qbasic_compress, szdd_compress

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fixtures._case import Tree

__all__ = ["CONTAINERS", "NODE", "SAMPLES", "node_files"]

_FILES = files_of_a_node()
_INETSRV = dig(_FILES, r"WINNT\system32\inetsrv")
_DISK = {"WINNT": _FILES["WINNT"]}
_MOUNTS = {"SYSTEM": r"HKLM\SYSTEM", "SOFTWARE": r"HKLM\SOFTWARE", "CLUSDB": r"HKLM\Cluster"}


def _without_value() -> Tree:
    tree = cluster_hive()
    del tree["ResourceTypes"]["IIS Server Instance"]["AdminExtensions"]
    return tree


@cache
def _hive(name: str) -> bytes:
    trees = {"SYSTEM": system_hive("NODE1"), "SOFTWARE": software_hive(), "CLUSDB": cluster_hive()}
    return build_hive(_spec(name, trees[name]), minor=3, list_kind="lf")


def node_files() -> dict[str, bytes]:
    """What a whole machine is beside a spoilt file."""
    hives = {name: _hive(name) for name in _MOUNTS}
    return hives | {"dir.txt": dir_listing(_FILES["WINNT"], style="nt4")}


def _registries() -> dict[str, bytes]:
    text = {name: _spec(name, tree) for name, tree in _TREES.items()}
    made: dict[str, bytes] = {name: _hive(name) for name in _MOUNTS}
    made["removed/CLUSDB"] = removed_list(["{92BF7500-974C-11D0-A5F2-00A0C922E752}"])(_without_value())[
        "CLUSDB"
    ]
    for name, tree in _TREES.items():
        made[f"{name}-4.reg"] = _export(_MOUNTS[name], tree, Dialect.REGEDIT4)
        made[f"{name}-5.reg"] = _export(_MOUNTS[name], tree, Dialect.VERSION_5)
        made[f"{name}-regedt32.txt"] = regedt32_text(_MOUNTS[name].rpartition("\\")[2], text[name]).encode(
            "cp1252"
        )
        made[f"{name}-german.txt"] = regedt32_text(_LONG[name], text[name], labels=GERMAN).encode("utf-16")
        for style, version in ((XP, "xp"), (VISTA, "vista")):
            made[f"{name}-{version}.txt"] = reg_query(_LONG[name], text[name], style=style).encode("cp850")
    return made


_TREES: Mapping[str, Tree] = {
    "SYSTEM": system_hive("NODE1"),
    "SOFTWARE": software_hive(),
    "CLUSDB": cluster_hive(),
}
_LONG = {name: place.replace("HKLM", "HKEY_LOCAL_MACHINE") for name, place in _MOUNTS.items()}


def _listings() -> dict[str, bytes]:
    find = "root@lab:~# find /mnt/c -ls"
    made = {f"dir-{style}.txt": dir_listing(_FILES["WINNT"], style=style) for style in STYLES}
    return made | {
        "files.csv": file_csv(_DISK, "C:\\"),
        "body.txt": bodyfile(_DISK),
        "attrib.txt": more.attrib_listing(_DISK, "C:\\"),
        "attrib-d.txt": more.attrib_listing(_DISK, "C:\\", directories=True),
        "usn.txt": more.enumdata(_DISK, command="C:\\>fsutil usn enumdata 1 0 0x7fffffff C:"),
        "files.json": more.file_json(_DISK, "C:\\"),
        "files.xml": more.file_xml(_DISK, "C:\\"),
        "list.xml": more.file_xml(_DISK, "C:\\", form="list", encoding="utf-8"),
        "plain.xml": more.file_xml(_DISK, "C:\\", form="xml"),
        "ls.txt": more.ls_listing(_DISK, "/mnt/c"),
        "find.txt": more.find_listing(_DISK, "/mnt/c", command=find),
        "mft.csv": more.mft_csv(_DISK, source_file="C:\\$MFT"),
        "sigcheck.csv": more.sigcheck_csv(_DISK, "c:"),
        "filever.txt": more.filever(_INETSRV),
        "tree.txt": more.tree_listing(_DISK, "C:\\"),
        "tree-boxes.txt": more.tree_listing(_DISK, "C:\\", ascii_lines=False),
    }


def _containers() -> dict[str, bytes]:
    files = node_files()
    small = {"CLUSDB": files["CLUSDB"], "dir.txt": files["dir.txt"]}
    tar = tar_bytes(small)
    made = {
        "case.zip": zip_bytes(small),
        "case.tar": tar,
        "case.tgz": gzip.compress(tar, mtime=0),
        "case.tbz": bz2.compress(tar),
        "case.txz": lzma.compress(tar),
        "stored.cab": cab_bytes(small, STORED),
        "mszip.cab": cab_bytes(small, MSZIP),
        "lzx.cab": cab_bytes(small, LZX),
        "CLUSDB.sz_": szdd_compress(files["CLUSDB"]),
        "CLUSDB.qb_": qbasic_compress(files["CLUSDB"]),
    }
    made |= {f"CLUSDB.kw{method}": kwaj_compress(files["CLUSDB"], method) for method in (0, 1, 2, 4)}
    made |= set_bytes(b"CLUSDB", files["CLUSDB"], ["one.cab", "two.cab"], MSZIP)
    inner = zip_bytes({"SYSTEM._": szdd_compress(files["SYSTEM"]), "b.cab": made["mszip.cab"]})
    return made | {
        "nested.tar": tar_bytes({"n1.zip": inner}),
        "nested.zip": zip_bytes({"n1.txz": made["case.txz"]}),
    }


NODE = node_files()
"""A whole machine: what a spoilt file is laid beside."""

CONTAINERS: Mapping[str, bytes] = _containers()
"""By a name that tells what it is: every kind of archive, and archives in archives."""

SAMPLES: Mapping[str, bytes] = {
    **_registries(),
    **_listings(),
    "iisclex4.dll": build_pe(),
    "alpha/iisclex4.dll": build_pe(machine="alpha"),
    "MSCS/QUOLOG.LOG": b"\x01\0\0\0" + bytes(60) + b"changes".ljust(64, b"\0"),
}
"""By a name that tells what it is: every form of evidence that stands alone."""


def _pairs() -> dict[str, dict[str, bytes]]:
    before = deepcopy(_without_value())
    old = dirty(before)(cluster_hive())
    states = [build_hive(_spec("Cluster", tree), minor=5) for tree in (before, cluster_hive())]
    new = {"CLUSDB": with_header(states[0], (8, 7)), "CLUSDB.LOG1": new_log(states)}
    return {"old": old, "new": new}


LOGS: Mapping[str, Mapping[str, bytes]] = _pairs()
"""By kind: a hive whose last write did not end, and its log."""
