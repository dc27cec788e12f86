"""Makes archives of small cases quickly, each with a known answer: planted faults, and a share of broken cases.

    python benchmarks/_cases.py FOLDER [--count 10000] [--broken 0.03]

What is the same in every case lies on the disk once (hard links); only the cluster hive, which carries the
name of the cluster, is a case's own.
"""

from __future__ import annotations

import argparse
import io
import os
import shutil
import sys
import uuid
import zipfile
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

import duckdb  # noqa: E402 - found by the line above

from fixtures._case import CLSID, TYPE, cluster_hive, files_of_a_node, software_hive, system_hive  # noqa: E402 - found by the line above
from fixtures._writers import _named  # noqa: E402 - the same
from iiscluster_kb.triage._wire import plain  # noqa: E402 - the same
from tests.support.listings import dir_listing  # noqa: E402 - the same
from tests.support.regf_writer import build_hive, tree_from_dict  # noqa: E402 - the same

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from fixtures._case import Tree

__all__ = ["BOMB", "FAULTS", "Planted", "differences", "plant", "write_real"]

BOMB = 8 << 20
"""Bytes to which a planted bomb expands; give ``--max-size`` below it."""

_CLUSTER = "WEBCLUSTER"
_MOST_LINKS = 50_000
_ON_A_SHELF = 1000
_NODES = ("NODE1", "NODE2")
_LOCAL = ("dll-missing", "clsid-unregistered", "admin-extensions-missing")
Findings = dict[tuple[str, str], tuple[str, str]]
"""Cause without its article, and machine, to verdict and detail."""


@dataclass(frozen=True)
class Planted:
    """A case and what must be found in it."""

    path: Path
    cluster: str | None
    outcome: str = "done"
    findings: Findings = field(default_factory=dict)
    """Of the three causes that concern a node; empty where the case has no answer."""
    errors: tuple[str, ...] = ()
    """Files of it that can be no evidence."""

    @property
    def is_faulty(self) -> bool:
        return any(verdict == "confirmed" for verdict, _ in self.findings.values())


@dataclass(frozen=True)
class Fault:
    software: Callable[[Tree], None] = lambda _tree: None
    cluster: Callable[[Tree], None] = lambda _tree: None
    files: Callable[[Tree], None] = lambda _tree: None
    found: tuple[tuple[str, str], ...] = ()
    """Cause and detail, on the node that has it."""


def _without_value(tree: Tree) -> None:
    del tree["ResourceTypes"][TYPE]["AdminExtensions"]


def _of_wrong_type(tree: Tree) -> None:
    tree["ResourceTypes"][TYPE]["AdminExtensions"] = CLSID


def _of_others(tree: Tree) -> None:
    tree["ResourceTypes"][TYPE]["AdminExtensions"] = ["{5D7D6BA0-0000-4000-8000-00C04FD00001}"]


def _without_class(tree: Tree) -> None:
    del tree["Classes"]["CLSID"][CLSID]


def _without_dll(tree: Tree) -> None:
    del tree["WINNT"]["system32"]["inetsrv"]["iisclex4.dll"]


def _with_empty_dll(tree: Tree) -> None:
    tree["WINNT"]["system32"]["inetsrv"]["iisclex4.dll"] = 0


FAULTS = {
    "healthy": Fault(),
    "value-absent": Fault(cluster=_without_value, found=(("admin-extensions-missing", "absent"),)),
    "value-of-wrong-type": Fault(cluster=_of_wrong_type, found=(("admin-extensions-missing", "wrong-type"),)),
    "value-of-others": Fault(cluster=_of_others, found=(("admin-extensions-missing", "other-only"),)),
    "class-absent": Fault(software=_without_class, found=(("clsid-unregistered", "absent"),)),
    "dll-absent": Fault(
        files=_without_dll, found=(("dll-missing", "absent"), ("clsid-unregistered", "server-not-found"))
    ),
    "dll-empty": Fault(files=_with_empty_dll, found=(("dll-missing", "empty"),)),
}


@cache
def _files(fault: str, node: str) -> dict[str, bytes]:
    """The files of one node; the name of the cluster is yet to be put in."""
    planted = FAULTS[fault]
    software, cluster, files = software_hive(), cluster_hive(), files_of_a_node()
    cluster["ClusterName"] = _CLUSTER
    planted.software(software)
    planted.cluster(cluster)
    planted.files(files)
    hives = {"SYSTEM": system_hive(node), "SOFTWARE": software, "CLUSDB": cluster}
    made = {
        name: build_hive(tree_from_dict(name, _named(tree)), minor=3, list_kind="lf")
        for name, tree in hives.items()
    }
    return made | {"dir.txt": dir_listing(files["WINNT"])}


def _expected(faults: tuple[str, str]) -> Findings:
    expected = {(cause, node): ("ruled-out", "ok") for cause in _LOCAL for node in _NODES}
    for node, fault in zip(_NODES, faults, strict=True):
        expected |= {(cause, node): ("confirmed", detail) for cause, detail in FAULTS[fault].found}
    return expected


class _Shelf:
    """Writes cases below one folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._templates = folder.with_name(f"{folder.name}-templates")
        self._templates.mkdir(parents=True)
        self._links: dict[tuple[str, str, str], tuple[Path, int]] = {}

    def close(self) -> None:
        """The links stay."""
        shutil.rmtree(self._templates)

    def content(self, faults: tuple[str, str], cluster: str) -> dict[str, bytes]:
        """All files of a case."""
        wide = _CLUSTER.encode("utf-16-le"), cluster.encode("utf-16-le")
        return {
            f"{node}/{name}": data.replace(*wide) if name == "CLUSDB" else data
            for node, fault in zip(_NODES, faults, strict=True)
            for name, data in _files(fault, node).items()
        }

    def folder(self, place: Path, faults: tuple[str, str], cluster: str) -> None:
        """A case as a folder."""
        wide = _CLUSTER.encode("utf-16-le"), cluster.encode("utf-16-le")
        for node, fault in zip(_NODES, faults, strict=True):
            (place / node).mkdir(parents=True)
            for name, data in _files(fault, node).items():
                if name == "CLUSDB":
                    (place / node / name).write_bytes(data.replace(*wide))
                else:
                    self._link(place / node / name, (fault, node, name), data)

    def _link(self, target: Path, which: tuple[str, str, str], data: bytes) -> None:
        template, used = self._links.get(which, (None, _MOST_LINKS))
        if template is None or used >= _MOST_LINKS:
            template, used = self._templates / f"{len(list(self._templates.iterdir())):06}", 0
            template.write_bytes(data)
        os.link(template, target)
        self._links[which] = template, used + 1


def plant(folder: Path, count: int, broken: float = 0.0, archived: float = 0.05) -> Iterator[Planted]:
    """Write cases and say what is in each. The same arguments give the same cases.

    Args:
        folder: New; cases lie on shelves of a thousand.
        count: Of cases, the broken ones included.
        broken: Share of broken ones, of every kind in turn.
        archived: Share of cases that are zip archives.
    """
    shelf = _Shelf(folder)
    names = tuple(FAULTS)
    step_broken = round(1 / broken) if broken else 0
    step_archived = round(1 / archived) if archived else 0
    kinds = tuple(_BROKEN)
    for number in range(count):
        place = folder / f"{number // _ON_A_SHELF:04}"
        place.mkdir(parents=True, exist_ok=True)
        cluster = f"C{number:09}"
        # One case in six has a fault: every fault in turn, on one node or on both.
        one = names[number % 7] if number % 5 == 0 else "healthy"
        two = names[(number // 7) % 7] if number % 10 == 0 else "healthy"
        name = f"case-{number:07}"
        if step_broken and number % step_broken == 1:
            yield _BROKEN[kinds[number // step_broken % len(kinds)]](shelf, place, name, cluster)
        elif step_archived and number % step_archived == 2:
            path = place / f"{name}.zip"
            path.write_bytes(_zip(shelf.content((one, two), cluster)))
            yield Planted(path, cluster, findings=_expected((one, two)))
        else:
            shelf.folder(place / name, (one, two), cluster)
            yield Planted(place / name, cluster, findings=_expected((one, two)))
    shelf.close()


_REAL_CLASSES, _REAL_INTERFACES, _REAL_COMPONENTS = 9_000, 25_000, 68_000
_REAL_SERVICES, _REAL_DEVICES = 800, 19_500


def write_real(folder: Path, *, is_faulty: bool, listed: int = 0) -> None:
    """A case with hives as large as those of a real server: SYSTEM of 15 MB on each node, SOFTWARE of 86 MB on one.

    The bulk lies where it lies on such machines: registered classes and interfaces, the installer's components, and
    devices; a key of services has hundreds of them, not thousands. The fault is a missing AdminExtensions.

    Args:
        folder: New.
        is_faulty: Whether it has the fault.
        listed: Files in the listing of each node, beside those that matter.
    """
    for node, is_large in zip(_NODES, (True, False), strict=True):
        software, system, cluster, files = (
            software_hive(),
            system_hive(node),
            cluster_hive(),
            files_of_a_node(),
        )
        if is_faulty:
            _without_value(cluster)
        services = system["ControlSet001"]["Services"]
        for number in range(_REAL_SERVICES):
            services[f"Driver{number}"] = {
                "Start": 3,
                "Type": 1,
                "ImagePath": f"system32\\DRIVERS\\driver{number}.sys",
            }
        devices = system["ControlSet001"].setdefault("Enum", {})
        for number in range(_REAL_DEVICES):
            devices.setdefault(f"BUS{number % 60}", {})[f"VEN_{number:04X}&DEV_{number * 7 % 65536:04X}"] = {
                "0000": {
                    "DeviceDesc": f"A device of the kind {number}",
                    "Service": f"Driver{number % 800}",
                    "Note": "x" * 150,
                }
            }
        if is_large:
            classes, interfaces = (
                software["Classes"]["CLSID"],
                software["Classes"].setdefault("Interface", {}),
            )
            for number in range(_REAL_CLASSES):
                server = {"": f"C:\\Program Files\\Vendor\\component{number}.dll", "ThreadingModel": "Both"}
                classes[_clsid(number)] = {"": f"Component {number}", "InprocServer32": server}
            for number in range(_REAL_INTERFACES):
                interfaces[_clsid(100_000 + number)] = {
                    "": f"IComponent{number}",
                    "ProxyStubClsid32": {"": _clsid(1)},
                }
            installer = software["Microsoft"].setdefault("Installer", {}).setdefault("Components", {})
            for number in range(_REAL_COMPONENTS):
                installer[f"{number * 2654435761 % 2**32:08X}{number:024X}"] = {
                    f"{number:032X}": "C:\\Program Files\\Vendor\\" + "x" * 400
                }
        files["WINNT"]["Help"] = {f"page{number}.hlp": number for number in range(listed)}
        (folder / node).mkdir(parents=True)
        for name, tree in (("SYSTEM", system), ("SOFTWARE", software), ("CLUSDB", cluster)):
            (folder / node / name).write_bytes(build_hive(tree_from_dict(name, _named(tree)), minor=3))
        (folder / node / "dir.txt").write_bytes(dir_listing(files["WINNT"]))


def _clsid(number: int) -> str:
    return "{" + str(uuid.uuid5(uuid.NAMESPACE_OID, str(number))).upper() + "}"


def _zip(files: dict[str, bytes]) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for path, content in files.items():
            archive.writestr(path, content)
    return stream.getvalue()


def differences(store: Path, planted: Sequence[Planted]) -> list[str]:
    """Where the table of a store is not exactly what was planted."""
    with duckdb.connect(str(store), read_only=True) as connection:
        cases = {}
        reasons = {}
        for source, outcome, cluster, reason in connection.execute(
            "SELECT source, outcome, cluster, reason FROM cases"
        ).fetchall():
            cases[source], reasons[source] = (outcome, cluster), reason
        found: dict[str, Findings] = {}
        for source, cause, machine, verdict, detail in connection.execute(
            "SELECT source, split_part(finding, '/', 2), machine, f.verdict, detail "
            "FROM cases JOIN findings f USING (case_key) WHERE machine IS NOT NULL"
        ).fetchall():
            if cause in _LOCAL:
                found.setdefault(source, {})[cause, machine] = verdict, detail
        errors: dict[str, tuple[str, ...]] = {}
        for source, path in connection.execute(
            "SELECT source, path FROM cases JOIN errors USING (case_key) WHERE kind = 'file' ORDER BY path"
        ).fetchall():
            errors[source] = (*errors.get(source, ()), path)
    told = []
    for one in planted:
        source = plain(str(one.path))
        case = cases.pop(source, None)
        for what, is_there, wanted in (
            ("outcome, cluster", case, (one.outcome, one.cluster)),
            ("findings", found.get(source, {}), one.findings),
            ("errors", errors.get(source, ()), one.errors),
        ):
            if is_there != wanted:
                told.append(f"{source}: {what}: {is_there} instead of {wanted} ({reasons.get(source)})")
    return told + [f"{source}: was not planted" for source in cases]


# --- broken cases -----------------------------------------------------------------------------------

_HEALTHY = ("healthy", "healthy")


def _cut_archive(shelf: _Shelf, place: Path, name: str, cluster: str) -> Planted:
    path = place / f"{name}.zip"
    whole = _zip(shelf.content(_HEALTHY, cluster))
    path.write_bytes(whole[: len(whole) // 2])
    return Planted(path, None, "failed")


def _empty_archive(_shelf: _Shelf, place: Path, name: str, _cluster: str) -> Planted:
    path = place / f"{name}.zip"
    path.write_bytes(_zip({}))
    return Planted(path, None, "failed")


def _bomb(_shelf: _Shelf, place: Path, name: str, _cluster: str) -> Planted:
    path = place / f"{name}.zip"
    path.write_bytes(_zip({"NODE1/SYSTEM": b"regf" + bytes(BOMB)}))
    return Planted(path, None, "failed")


def _cut_hive(shelf: _Shelf, place: Path, name: str, cluster: str) -> Planted:
    files = shelf.content(_HEALTHY, cluster)
    files["NODE1/SOFTWARE"] = files["NODE1/SOFTWARE"][:600]
    path = place / name
    for inside, data in files.items():
        (path / inside).parent.mkdir(parents=True, exist_ok=True)
        (path / inside).write_bytes(data)
    # Registration and system root are open on that node; the cluster hive still tells what it told.
    expected = _expected(_HEALTHY) | {
        (cause, "NODE1"): ("undetermined", "") for cause in ("clsid-unregistered", "dll-missing")
    }
    return Planted(path, cluster, findings=expected, errors=("NODE1/SOFTWARE",))


def _links_in_circles(shelf: _Shelf, place: Path, name: str, cluster: str) -> Planted:
    path = place / name
    shelf.folder(path, _HEALTHY, cluster)
    (path / "itself").symlink_to("itself")
    (path / "up").symlink_to("..")
    (path / "NODE1" / "passwd").symlink_to("/etc/passwd")
    return Planted(path, cluster, findings=_expected(_HEALTHY), errors=("NODE1/passwd", "itself", "up"))


def _odd_name(shelf: _Shelf, place: Path, name: str, cluster: str) -> Planted:
    odd = os.fsdecode(b"f\xfcr \xff\xfe <script>=1+1\n\x1b[31m " + name.encode())
    shelf.folder(place / odd, ("value-absent", "healthy"), cluster)
    return Planted(place / odd, cluster, findings=_expected(("value-absent", "healthy")))


def _locked(shelf: _Shelf, place: Path, name: str, cluster: str) -> Planted:
    path = place / f"{name}.zip"
    path.write_bytes(_zip(shelf.content(_HEALTHY, cluster)))
    path.chmod(0)
    if os.access(path, os.R_OK):  # whoever may read everything is refused nothing
        return Planted(path, cluster, findings=_expected(_HEALTHY))
    return Planted(path, None, "failed")


def _duplicate(shelf: _Shelf, place: Path, name: str, _cluster: str) -> Planted:
    shelf.folder(place / name, ("dll-empty", "healthy"), "DUPLICATED")
    return Planted(place / name, "DUPLICATED", findings=_expected(("dll-empty", "healthy")))


def _renamed_text(_shelf: _Shelf, place: Path, name: str, _cluster: str) -> Planted:
    path = place / f"{name}.cab"
    path.write_bytes(b"This is no cabinet.\r\n")
    return Planted(path, None, findings={}, errors=(path.name,))


_BROKEN = {
    "cut-archive": _cut_archive,
    "cut-hive": _cut_hive,
    "bomb": _bomb,
    "links-in-circles": _links_in_circles,
    "odd-name": _odd_name,
    "locked": _locked,
    "duplicate": _duplicate,
    "empty-archive": _empty_archive,
    "renamed-text": _renamed_text,
}


def main() -> None:
    arguments = argparse.ArgumentParser(description="Makes an archive of small cases.")
    arguments.add_argument("folder", type=Path)
    arguments.add_argument("--count", type=int, default=10_000)
    arguments.add_argument("--broken", type=float, default=0.03)
    options = arguments.parse_args()
    made = sum(1 for _ in plant(options.folder, options.count, options.broken))
    print(f"{made} cases in {options.folder}")


if __name__ == "__main__":
    main()
