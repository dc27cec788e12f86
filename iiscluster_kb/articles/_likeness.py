r"""Sets the nodes of a cluster side by side: what must be alike on them, for the reports.

What must be alike: the Windows directory (Q176522, Q191138, Q223258), the service pack, the components of the
Option Pack (Q241573), the builds of files, the registrations, and the content of the cluster database (Q217147).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from iiscluster_kb.articles._builds import identify_file
from iiscluster_kb.articles._database import as_compared, shows_bytes
from iiscluster_kb.articles._extensions import listings
from iiscluster_kb.articles._server import clsid_key
from iiscluster_kb.cluster import CLUSTER, CURRENT_CONTROL_SET, join
from iiscluster_kb.errors import EvidenceError
from iiscluster_kb.model import Absent, Likeness, Present, Unknown
from iiscluster_kb.registry import HKLM, fold

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from iiscluster_kb.cluster import Cluster, Machine
    from iiscluster_kb.model import Fact, FileEntry
    from iiscluster_kb.registry import KeyPath, RegistryKey, RegistryValue

__all__ = ["compare_nodes"]

_WINDOWS_NT = HKLM / r"SOFTWARE\Microsoft\Windows NT\CurrentVersion"
_INETSTP = HKLM / r"SOFTWARE\Microsoft\InetStp"
_COMPONENTS = HKLM / r"SOFTWARE\Microsoft\Windows\CurrentVersion\Setup\OC Manager\Subcomponents"
_PRODUCT = CURRENT_CONTROL_SET / r"Control\ProductOptions"
_SERVICES = CURRENT_CONTROL_SET / "Services"

_SERVICE_NAMES = ("ClusSvc", "ClusDisk", "ClusNet", "IISADMIN", "W3SVC", "MSFTPSVC", "MSDTC")
_INETSRV = r"%SystemRoot%\system32\inetsrv"
_IIS_FILES = ("Iisclex4.dll", "Clusiis4.dll", "Coadmin.dll", "Infocomm.dll", "W3svc.dll")
_SYSTEM_FILES = ("Admwprox.dll", "Mfc42u.dll", "Clusapi.dll", "Resutils.dll")
_CLUSTER_FILES = ("Cluadmex.dll", "Debugex.dll", "Cluadmin.exe", "Clussvc.exe", "Resrcmon.exe", "Clusres.dll")
_START = {0: "boot", 1: "system", 2: "automatic", 3: "manual", 4: "disabled"}

_MOST_KEYS = 50_000
"""Keys of a cluster database that are compared."""
_MOST_DIFFERENCES = 50
_SHOWN = 120
"""Characters of a value that are shown."""

_ABSENT = "absent"


def compare_nodes(cluster: Cluster) -> tuple[Likeness, ...]:
    """Everything that must be alike, node by node; nothing where the cluster has fewer than two nodes."""
    nodes = cluster.nodes
    if len(nodes) < 2:  # noqa: PLR2004 - one node has nobody to be like
        return ()
    rows: list[Likeness] = []
    for section, subject, ask in _questions(nodes):
        answers = tuple((node.name, ask(node)) for node in nodes)
        told = [answer for _, answer in answers if answer is not None]
        if told and any(answer != _ABSENT for answer in told):
            rows.append(Likeness(section, subject, answers, _alike(told)))
    return (*rows, *_databases(nodes))


def _alike(told: list[str]) -> bool | None:
    return None if len(told) < 2 else len({fold(answer) for answer in told}) == 1  # noqa: PLR2004 - the same


# --- what is asked ----------------------------------------------------------------------------------


def _questions(nodes: tuple[Machine, ...]) -> Iterator[tuple[str, str, Callable[[Machine], str | None]]]:
    for subject, key, name in (
        ("Windows version", _WINDOWS_NT, "CurrentVersion"),
        ("Windows directory", _WINDOWS_NT, "SystemRoot"),
        ("product suite", _PRODUCT, "ProductSuite"),
    ):
        yield "Windows", subject, _value(key, name)
    yield "Windows", "service pack", lambda node: node.service_pack if node.service_pack != "" else "none"
    yield "Windows", "processor", lambda node: node.architecture
    for name in ("InstallPath", "MajorVersion", "MinorVersion"):
        yield "Internet Information Server", name, _value(_INETSTP, name)
    for name in _component_names(nodes):
        yield "Internet Information Server", f"component {name}", _value(_COMPONENTS, name)
    for name in _SERVICE_NAMES:
        yield "services", name, _service(name)
    for directory, names in ((_INETSRV, _IIS_FILES), (r"%SystemRoot%\system32", _SYSTEM_FILES)):
        for name in names:
            yield "files", name, _file(join(directory, name))
    for name in _CLUSTER_FILES:
        yield "files", name, _cluster_file(name)
    for clsid in dict.fromkeys(c for node in nodes for use in listings(node)[0] for c in use.clsids):
        yield "registrations", clsid, _value(clsid_key(clsid) / "InprocServer32", "")


def _component_names(nodes: tuple[Machine, ...]) -> tuple[str, ...]:
    """The Option Pack's components of which any node tells (Q281511)."""
    names: dict[str, str] = {}
    for node in nodes:
        match node.tree(_COMPONENTS):
            case Present(value=key):
                for value in _values(key):
                    names.setdefault(fold(value.name), value.name)
            case _:
                pass
    return tuple(sorted(names.values(), key=fold))[:100]


def _value(key: KeyPath, name: str) -> Callable[[Machine], str | None]:
    def ask(node: Machine) -> str | None:
        match node.value(key, name):
            case Present(value=value):
                return _shown(value)
            case Absent():
                return _ABSENT
            case Unknown():
                return None

    return ask


def _service(name: str) -> Callable[[Machine], str | None]:
    def ask(node: Machine) -> str | None:
        match node.value(_SERVICES / name, "Start"):
            case Present(value=value):
                number = value.integer()
                start = _START.get(number, f"start type {number}") if number is not None else "no start type"
                image = node.text(_SERVICES / name, "ImagePath")
                return f"{start}, {image}" if image else start
            case Absent():
                return _ABSENT
            case Unknown():
                return None

    return ask


def _file(path: str) -> Callable[[Machine], str | None]:
    return lambda node: _in_words(node.file(path))


def _cluster_file(name: str) -> Callable[[Machine], str | None]:
    return lambda node: _in_words(node.file(join(node.cluster_directory, name)))


def _in_words(fact: Fact[FileEntry]) -> str | None:
    match fact:
        case Present(value=entry):
            parts = (
                f"{entry.size:,} bytes" if entry.size is not None else "",
                f"dated {entry.modified.date()}" if entry.modified is not None else "",
                f"version {entry.version}" if entry.version else "",
            )
            builds = identify_file(entry).builds
            known = f" ({builds[0].origin})" if len(builds) == 1 else ""
            return (", ".join(filter(None, parts)) or "present") + known
        case Absent():
            return _ABSENT
        case Unknown():
            return None


def _shown(value: RegistryValue) -> str:
    strings = value.strings()
    number = value.integer()
    text = ", ".join(strings) if strings else value.data.hex(" ") if number is None else str(number)
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"


# --- the cluster database ---------------------------------------------------------------------------


class _Stored(NamedTuple):
    """A value of a copy."""

    place: str
    """As spelled."""
    key: KeyPath
    value: RegistryValue


def _databases(nodes: tuple[Machine, ...]) -> Iterator[Likeness]:
    """Where the nodes' own copies of the cluster database differ, value by value."""
    copies = [(node, _content(node)) for node in nodes]
    known = [(node, content) for node, content in copies if content is not None]
    if len(known) < 2:  # noqa: PLR2004 - one copy has none to be compared with
        return
    by_bytes = all(shows_bytes(node, node.key(CLUSTER)) for node, _ in known)
    stored: dict[str, _Stored] = {}
    for _, content in known:
        for place, one in content.items():
            stored.setdefault(place, one)
    differing = [one for place, one in stored.items() if _differs(place, one, known, by_bytes=by_bytes)]
    if not differing:
        size = f"{len(stored)} values"
        summary = tuple((node.name, None if content is None else size) for node, content in copies)
        yield Likeness("cluster database", "content", summary, alike=True)
        return
    counted = tuple(
        (node.name, f"{len(content)} values" if content is not None else None) for node, content in copies
    )
    number = f"{len(differing)} values differ" if len(differing) > 1 else "1 value differs"
    yield Likeness("cluster database", number, counted, alike=False)
    for one in differing[:_MOST_DIFFERENCES]:
        ask = _value(one.key, one.value.name)
        answers = tuple(
            (node.name, None if content is None else _told(content.get(fold(one.place))) or ask(node))
            for node, content in copies
        )
        yield Likeness("cluster database", one.place, answers, alike=False)


def _differs(
    place: str, one: _Stored, known: Sequence[tuple[Machine, Mapping[str, _Stored]]], *, by_bytes: bool
) -> bool:
    """Whether two copies certainly differ at a place; a copy that does not tell differs from none."""
    content = as_compared(by_bytes=by_bytes)
    seen: set[object] = set()
    for node, copy in known:
        if place in copy:
            seen.add(content(copy[place].value))
        elif isinstance(node.value(one.key, one.value.name), Absent):
            seen.add(_ABSENT)
    return len(seen) > 1


def _told(stored: _Stored | None) -> str | None:
    return None if stored is None else _shown(stored.value)


def _content(node: Machine) -> Mapping[str, _Stored] | None:
    """Every value of the cluster database by its folded place, as far as it can be read."""
    place = node.tree(CLUSTER)
    if not isinstance(place, Present):
        return None
    found: dict[str, _Stored] = {}
    pending: list[tuple[KeyPath, RegistryKey]] = [(CLUSTER, place.value)]
    visited = 0
    while pending and visited < _MOST_KEYS:
        path, key = pending.pop()
        visited += 1
        for value in _values(key):
            below = "\\".join(path.below(CLUSTER))
            shown = f"{below} : {value.name or '(default)'}".lstrip(" ")
            found[fold(shown)] = _Stored(shown, path, value)
        pending += [(path / below.name, below) for below in _subkeys(key)]
    return found


def _values(key: RegistryKey) -> Iterator[RegistryValue]:
    try:
        yield from key.values()
    except EvidenceError:
        return


def _subkeys(key: RegistryKey) -> Iterator[RegistryKey]:
    try:
        yield from key.subkeys()
    except EvidenceError:
        return
